"""`--notify`: one small JSON at a run's end, nothing private in it, and no harm when it does not arrive."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from backend.__main__ import main
from backend.commands import run as command
from backend.commands.notify import check, headline, message, notify
from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, HOSTS, KIND, LOCAL
from backend.runs import carry_out
from backend.runs.folder import RunDir
from backend.study import find
from tests.waiting import free_port

BENCH = find("bench")
ROW = {"arm": "base", "student": "opt-pocket", "task": "pocket_science", "regime": "ordinary", "metric": "acc"}


class Webhook:
    """A server that keeps what is posted to it and answers as it is told."""

    def __init__(self):
        self.posted, self.answer = [], 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posted.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(hook.answer)
                if hook.answer == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=secret"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    made = Webhook()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def run(tmp_path) -> RunDir:
    made = RunDir.create(tmp_path / "first", "bench", None, {"data_path": "/home/me/secret.jsonl"})
    for arm, values in (("base", (0.3, 0.3)), ("full", (0.5, 0.75))):
        for seed, value in enumerate(values):
            made.append("results", ROW | {"arm": arm, "seed": seed, "value": value})
    made.set_status(state="finished")
    return made


def test_a_finished_run_posts_its_name_state_time_and_main_result(run, hook):
    notify(hook.url, run, BENCH, 61.26, pytest.fail)
    titles = {word.name: word.title for word in BENCH.words.arms}
    said = f"acc of opt-pocket on pocket_science: {titles['base']} 0.300, {titles['full']} 0.625."
    told = {"run": "first", "study": "bench", "state": "finished", "took_s": 61.3, "headline": said}
    assert hook.posted == [("/hook?key=secret", "application/json", told | {"text": f"first finished. {said}"})]


def test_a_failed_run_says_so_and_nothing_of_its_settings_or_places(run):
    run.set_status(state="failed", error={"found": "/home/me/secret.jsonl is not there."})
    told = message(run, BENCH, 1.0)
    assert (told["state"], told["headline"]) == ("failed", "")
    assert "secret" not in json.dumps(told) and str(run.path.parent) not in json.dumps(told)


@pytest.mark.parametrize("error, code, state", [(None, 0, "finished"), (UserError("a", "b", "c"), 1, "failed")])
def test_the_command_posts_whichever_way_the_run_ends(run, hook, monkeypatch, error, code, state):
    def carried_out(config, run_dir, stages):
        if error:
            raise error
        return "finished"

    monkeypatch.setattr(carry_out, "run_to_the_end", carried_out)
    assert command.work(run, None, "", tell=hook.url) == code
    assert [posted["state"] for _, _, posted in hook.posted] == [state]


def test_a_run_is_what_it_is_where_the_notice_does_not_arrive(run, monkeypatch, capsys):
    monkeypatch.setattr(carry_out, "run_to_the_end", lambda *_: "finished")
    assert command.work(run, None, "", tell=f"http://127.0.0.1:{free_port()}/") == 0
    assert run.status()["state"] == "finished"
    assert capsys.readouterr().out == f"finished: {run.path}\n"


@pytest.mark.parametrize("answer, said", [(500, "it answered 500"), (302, "it answered 302")])
def test_an_address_that_refuses_is_told_of_without_its_secret(run, hook, answer, said):
    hook.answer, told = answer, []
    notify(hook.url, run, BENCH, 1.0, told.append)
    assert len(hook.posted) == 1  # it is sent nowhere else
    assert len(told) == 1 and said in told[0] and "secret" not in told[0]


def test_an_address_where_nobody_listens_is_told_of_without_its_secret(run):
    told = []
    notify(f"http://127.0.0.1:{free_port()}/secret", run, BENCH, 1.0, told.append)
    assert len(told) == 1 and "could not be told" in told[0] and "secret" not in told[0]


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://a.example/", "https://", "a.example", "http://["])
def test_only_web_addresses_are_taken(url):
    with pytest.raises(UserError, match="no web address"):
        check(url, HOSTS[LOCAL])


def test_a_wrong_address_is_not_repeated_for_it_may_hold_a_secret():
    with pytest.raises(UserError) as refused:
        check("htps://hooks.example/secret", HOSTS[LOCAL])
    assert "secret" not in str(refused.value)


def test_a_shared_host_posts_for_nobody(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(KIND, CPU_SPACE)
    words = ["run", "bench", "--preset", "pocket", "--out", str(tmp_path / "run"), "--notify", "https://a.example/"]
    assert main(words) == 2
    assert "--notify was given on a shared host." in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_there_is_no_headline_before_there_are_results():
    assert headline(BENCH, []) == ""
