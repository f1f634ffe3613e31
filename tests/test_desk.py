"""The desk, with real child processes: its protocol around cheap stand-in questions, and once the real engine."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psutil
import pytest

from backend import desk
from backend.core.errors import UserError
from backend.desk import Desk
from backend.jobs import PROJECT

# the real worker in all but what it computes
STAND_IN = """
import os, subprocess, sys, time
from backend import desk_worker
from backend.core.errors import UserError

def leave_once(marker):
    if os.path.exists(marker):
        return {"came": "back"}
    open(marker, "w").close()
    os._exit(0)

def refuse():
    raise UserError("It is red.", "blue", "Paint it.")

def chatter():
    print("chatter by print")
    os.write(1, b"chatter by a library\\n")
    subprocess.run(["echo", "chatter by a child"])
    return {"read": sys.stdin.read()}

def rest(seconds):
    time.sleep(seconds)
    return {}

desk_worker.load_kinds = lambda: {
    "ping": lambda: {"pid": os.getpid()},
    "echo": lambda text: {"text": text},
    "names": lambda: {"names": list(os.environ)},
    "rest": rest,
    "refuse": refuse,
    "stumble": lambda: {}["nothing"],
    "chatter": chatter,
    "leave_once": leave_once,
    "die": lambda: os._exit(3),
}
desk_worker.main()
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> list[str]:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    script = tmp_path / "worker.py"
    script.write_text(STAND_IN)
    return [sys.executable, str(script)]


@pytest.fixture
def quick(stand_in):
    with closing(Desk(stand_in)) as made:
        yield made


def children() -> list[psutil.Process]:
    """Live processes below this one, but for python's tracker of semaphores, which other tests may have started."""
    return [child for child in psutil.Process().children(recursive=True) if is_ours(child)]


def is_ours(process: psutil.Process) -> bool:
    try:
        dead = process.status() == psutil.STATUS_ZOMBIE
        return not dead and not any("resource_tracker" in word for word in process.cmdline())
    except psutil.Error:
        return False


def pid_of(quick: Desk) -> int:
    return quick.request("ping")["pid"]


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """True when the process is no more, not even as a zombie that its parent forgot."""
    return not psutil.pid_exists(pid)


def in_thread(work) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


# -- one worker, started when needed ------------------------------------------------------------------------------
def test_no_process_starts_before_the_first_question_and_one_answers_all(stand_in):
    before = children()
    with closing(Desk(stand_in)) as made:
        assert children() == before
        assert len({pid_of(made) for _ in range(3)}) == 1
        assert len(children()) == len(before) + 1
    assert children() == before


def test_the_server_needs_no_torch_for_it():
    code = "import sys, backend.desk; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)


def test_threads_each_get_their_own_answer(quick, monkeypatch):
    texts = [f"ä{number} 😀 \u2028\n" for number in range(40)]
    with ThreadPoolExecutor(desk.MOST_ASKING) as pool:
        assert list(pool.map(lambda text: quick.request("echo", text=text)["text"], texts)) == texts
    assert len(children()) == 1


def test_what_libraries_print_does_not_disturb_the_answers_and_is_kept(quick, home):
    assert quick.request("chatter") == {"read": ""}
    assert quick.request("echo", text="x") == {"text": "x"}
    log = (home / desk.LOG).read_text()
    assert all(f"chatter by {who}\n" in log for who in ("print", "a library", "a child"))


def test_the_worker_sees_no_secrets_and_leads_a_session_of_its_own(quick, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "x")
    assert "HF_TOKEN" not in quick.request("names")["names"]
    assert os.getsid(pid_of(quick)) == pid_of(quick) != os.getsid(0)


# -- refusals -----------------------------------------------------------------------------------------------------
def test_a_user_error_arrives_with_its_three_parts(quick):
    with pytest.raises(UserError) as caught:
        quick.request("refuse")
    assert caught.value.as_dict() == {"found": "It is red.", "expected": "blue", "next_step": "Paint it."}


@pytest.mark.parametrize(("kind", "fields"), [("stumble", {}), ("echo", {"txt": "x"})])
def test_a_defect_becomes_a_sentence_its_trace_goes_to_the_log_and_the_worker_lives(quick, home, kind, fields):
    pid = pid_of(quick)
    with pytest.raises(UserError, match="error of its own"):
        quick.request(kind, **fields)
    assert "Traceback" in (home / desk.LOG).read_text()
    assert pid_of(quick) == pid


def test_an_unknown_kind_is_refused(quick):
    with pytest.raises(UserError, match="knows no 'dance'"):
        quick.request("dance")


def test_a_huge_question_is_refused_before_anything_starts(quick):
    before = children()
    with pytest.raises(UserError, match="bytes"):
        quick.request("echo", text="x" * desk.LONGEST_LINE)
    assert children() == before
    longest = "x" * (desk.LONGEST_LINE - 100)
    assert quick.request("echo", text=longest) == {"text": longest}


def test_half_a_character_does_not_break_the_line(quick):
    assert quick.request("echo", text="\ud83d") == {"text": "\ud83d"}


def test_too_many_who_ask_are_told_that_the_desk_is_busy(quick):
    pid_of(quick)
    resting = [in_thread(lambda: quick.request("rest", seconds=0.15)) for _ in range(desk.MOST_ASKING)]
    until(lambda: quick._seats._value == 0)
    with pytest.raises(UserError, match="busy"):
        quick.request("ping")
    for thread in resting:
        thread.join()
    assert pid_of(quick)


def test_who_waits_too_long_for_a_turn_is_told_so_and_the_others_answer_is_not_lost(quick):
    pid, answers = pid_of(quick), []
    resting = in_thread(lambda: answers.append(quick.request("rest", seconds=0.5)))
    until(quick._turn.locked)
    with pytest.raises(UserError, match="busy"):
        quick.request("ping", timeout_s=0.1)
    resting.join()
    assert answers == [{}] and pid_of(quick) == pid


# -- death --------------------------------------------------------------------------------------------------------
def test_a_worker_killed_between_questions_is_replaced(quick):
    first = pid_of(quick)
    os.kill(first, signal.SIGKILL)
    until(lambda: gone(first))
    assert pid_of(quick) != first


def test_a_worker_killed_at_work_is_told_in_plain_words_and_replaced(quick):
    pid, told = pid_of(quick), []

    def ask():
        with pytest.raises(UserError) as caught:
            quick.request("rest", seconds=60)
        told.append(str(caught.value))

    thread = in_thread(ask)
    until(quick._turn.locked)
    os.kill(pid, signal.SIGKILL)
    thread.join(10)
    assert "memory" in told[0]
    assert pid_of(quick) != pid


def test_a_worker_that_dies_by_itself_is_not_asked_again(quick):
    with pytest.raises(UserError, match=r"ended before it answered.*desk\.log"):
        quick.request("die")


@pytest.mark.parametrize("hang", ["rest", "stop"])
def test_a_hung_worker_is_killed_in_time_and_replaced(quick, hang):
    pid = pid_of(quick)
    if hang == "stop":
        os.kill(pid, signal.SIGSTOP)
    begin = time.monotonic()
    with pytest.raises(UserError, match=r"within 0\.3 s"):
        quick.request("rest", seconds=60, timeout_s=0.3)
    assert time.monotonic() - begin < 3
    assert gone(pid)
    assert pid_of(quick) != pid


def test_a_worker_that_never_gets_ready_is_killed(monkeypatch, quick):
    monkeypatch.setattr(desk, "START_S", 0.3)
    quick._command[:] = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(UserError, match=r"within 0\.3 s"):
        quick.request("ping")
    assert not children()


def test_a_worker_that_cannot_start_is_reported(quick):
    quick._command[:] = ["/no/such/program"]
    with pytest.raises(UserError, match="could not be started"):
        quick.request("ping")


def test_an_idle_worker_leaves_without_a_zombie_and_the_next_question_starts_another(stand_in):
    with closing(Desk([*stand_in, "--idle", "0.3"])) as made:
        first = pid_of(made)
        until(lambda: gone(first))
        assert pid_of(made) != first


def test_a_worker_that_leaves_just_when_it_is_asked_is_replaced_unseen(quick, tmp_path):
    assert quick.request("leave_once", marker=str(tmp_path / "left")) == {"came": "back"}


def test_closing_ends_the_worker_at_work_and_refuses_what_comes_later(stand_in):
    made, told = Desk(stand_in), []
    pid = pid_of(made)

    def ask():
        with pytest.raises(UserError) as caught:
            made.request("rest", seconds=60)
        told.append(caught.value.found)

    thread = in_thread(ask)
    until(made._turn.locked)
    made.close()
    thread.join(10)
    assert told == ["The desk is closed."] and gone(pid)
    with pytest.raises(UserError, match="closed"):
        made.request("ping")
    assert not children()


@pytest.mark.parametrize("pipe_kept", [False, True])
def test_no_worker_outlives_a_server_that_was_killed_not_even_at_work(stand_in, pipe_kept):
    """`pipe_kept`: another child of the server still holds the pipe, so that its end tells nothing."""
    code = f"""
import os, threading, time
from backend.desk import Desk
desk = Desk({stand_in!r})
pid = desk.request("ping")["pid"]
pipe = desk._worker._process.stdin.fileno()
if {pipe_kept}:
    other = os.fork()
    if other == 0:
        os.closerange(0, 3)
        time.sleep(30)
        os._exit(0)
else:
    other = 0
threading.Thread(target=desk.request, args=("rest",), kwargs=dict(seconds=60)).start()
time.sleep(0.2)
print(pid, other, flush=True)
time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=PROJECT, text=True)
    with server.stdout:
        worker, other = map(int, server.stdout.readline().split())
    try:
        assert psutil.Process(worker).is_running()
        server.kill()
        server.wait()
        until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE, 5)
    finally:
        if other:
            os.kill(other, signal.SIGKILL)


# -- the real engine ----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def real():
    with closing(Desk()) as made:
        yield made


QUESTION = {"student": "opt-pocket", "question": "Which thing floats?", "options": ["a cork", "a stone"]}


def test_a_question_gets_the_answers_that_the_functions_give(real):
    from backend import ask  # noqa: PLC0415

    told = real.request("ask", **QUESTION)
    expected = ask.ask(ask.Shelf(), "opt-pocket", None, ask.Asked(QUESTION["question"], tuple(QUESTION["options"])))
    assert told["tuned"] is None
    for mine, theirs in zip(told["base"]["options"], expected["base"]["options"], strict=True):
        assert mine.pop("text") == theirs.pop("text")
        assert mine == pytest.approx(theirs, rel=1e-5)
    same = ("choice", "choice_norm", "generation", "truncated")
    assert [told["base"][name] for name in same] == [expected["base"][name] for name in same]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": " "}, "question is empty"),
        ({"question": "x" * 10_000}, "10,000 characters"),
        ({"question": "\ud83d?"}, "surrogate"),
        ({"options": ["a cork"]}, "1 option"),
        ({"options": ["a cork", "a cork "]}, "A and B are the same"),
        ({"student": "gpt-9"}, "no model called 'gpt-9'"),
        ({"adapter": "no/such/folder"}, "neither adapter_config"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_words(real, changes, message):
    with pytest.raises(UserError, match=message):
        real.request("ask", **(QUESTION | changes))


def test_real_data_is_shown_as_the_student_reads_it(real):
    told = real.request(
        "example", student="opt-pocket", data="real", train_task="pocket_science", data_dir=None, data_path=None
    )
    assert (told["student"], told["examples"], len(told["shown"])) == ("opt-pocket", 1200, 3)
    tokens = told["shown"][0]["tokens"]
    text = "".join(token["text"] for token in tokens)
    assert text.startswith("</s>Question: ") and text.endswith("</s>")
    assert "".join(token["text"] for token in tokens if not token["taught"]).endswith("\nAnswer:")
    assert tokens[-1] == {"text": "</s>", "taught": True}
    assert told["tokens_longest"] >= max(len(shown["tokens"]) for shown in told["shown"])


def test_a_draw_a_file_a_run_and_no_data_are_shown_too(real, tmp_path):
    rows = '{"prompt": "One and one is", "answer": "two"}\n{"prompt": "Ünd 😀", "answer": "ö"}\n'
    (tmp_path / "distilled.jsonl").write_text(rows, encoding="utf-8")
    for data, path in (("file", tmp_path / "distilled.jsonl"), ("distilled", tmp_path)):
        told = real.request("example", student="opt-pocket", data=data, data_path=str(path), number=5)
        texts = ["".join(token["text"] for token in shown["tokens"]) for shown in told["shown"]]
        assert texts == ["</s>One and one is two</s>", "</s>Ünd 😀 ö</s>"]
    assert real.request("example", student="opt-pocket", data="random", examples=8)["examples"] == 8
    assert real.request("example", student="opt-pocket", data="none") == {
        "student": "opt-pocket",
        "examples": 0,
        "tokens_longest": 0,
        "shown": [],
    }


def test_data_that_cannot_be_shown_is_refused_in_words(real):
    with pytest.raises(UserError, match="data_path is empty"):
        real.request("example", student="opt-pocket", data="distilled")
    with pytest.raises(UserError, match="no model called 'x'"):
        real.request("example", student="x", data="real")
