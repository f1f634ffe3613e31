"""The card under a run: every kind of file, each only of a run the visitor may see; and a run that is brought back."""

import os
import re
import time
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest

from backend.export import layouts
from backend.export.run_file import pack, unpack
from backend.runs.worker import this_process
from components.run import downloads
from components.run.downloads import Downloads
from components.run.shelf import new_owner
from tests.export.test_export_dataset import TOKEN, Fake, answered
from tests.exported import MADE, own, small
from tests.page.run.test_export_page import bring, page  # noqa: F401 - a fixture
from tests.pages import in_loop

WHOLE = pack(small())
KINDS = ("run", "report", "dataset", *layouts.KINDS, "csv")


@pytest.fixture(autouse=True)
def recorded(page, tmp_path):  # noqa: F811
    page.takeaway.downloads = Downloads(tmp_path / "served")
    if not (page.shelf.samples / "quick").exists():
        page.shelf.samples.mkdir(parents=True, exist_ok=True)
        own(page.shelf.samples / "quick", "quick")


def take(page, owner, key, kind) -> dict:  # noqa: F811
    return page.takeaway.take(owner, key, SimpleNamespace(kind=kind))


def file_of(answer: dict) -> Path:
    return Path(unquote(answer["url"]).removeprefix("/gradio_api/file="))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_made_when_it_is_asked_for(page, kind):  # noqa: F811
    answer = take(page, new_owner(), "recorded/quick", kind)
    assert answer["name"].startswith(MADE)
    assert file_of(answer).name == answer["name"]
    assert file_of(answer).stat().st_size == answer["bytes"] > 400


def test_the_run_of_another_visitor_cannot_be_taken(page):  # noqa: F811
    key = bring(page, new_owner(), WHOLE)
    for owner in (new_owner(), "", "../x", None):
        for kind in KINDS:
            assert "no run on screen" in take(page, owner, key, kind)["error"]["found"]


@pytest.mark.parametrize("kind", ["", "pickle", "../run", None, 7, ["run"]])
def test_a_kind_that_is_none_is_told_in_words(page, kind):  # noqa: F811
    assert "error" in take(page, new_owner(), "recorded/quick", kind)


def test_links_cannot_be_guessed_and_do_not_last(page, monkeypatch):  # noqa: F811
    first, second = (take(page, new_owner(), "recorded/quick", "jsonl") for _ in range(2))
    assert first["url"] != second["url"]
    assert re.search(r"/takeaway/[0-9a-f]{32}/", first["url"])
    long_ago = time.time() - downloads.LIFE - 1
    os.utime(file_of(first).parent, (long_ago, long_ago))
    take(page, new_owner(), "recorded/quick", "jsonl")
    assert not file_of(first).exists() and file_of(second).exists()


def test_a_brought_run_is_the_visitors_own_and_on_screen(page):  # noqa: F811
    owner = new_owner()
    key = bring(page, owner, WHOLE)
    assert key.startswith("own/")
    assert page.shelf.open(new_owner(), key) is None
    assert file_of(take(page, owner, key, "run")).read_bytes() == WHOLE


def test_the_same_run_is_brought_only_once(page):  # noqa: F811
    owner = new_owner()
    assert bring(page, owner, WHOLE) == bring(page, owner, WHOLE)
    assert len(page.shelf.own(owner)) == 1
    assert bring(page, new_owner(), WHOLE) != bring(page, owner, WHOLE)


def test_a_live_run_comes_back_stopped_and_can_be_resumed(page, tmp_path):  # noqa: F811
    owner = new_owner()
    key = bring(page, owner, WHOLE)
    page.shelf.open(owner, key).set_status(state="running", worker=asdict(this_process()))
    data = file_of(take(page, owner, key, "run")).read_bytes()
    assert unpack(data).document("status.json")["state"] == "stopped"
    other = new_owner()
    back = bring(page, other, data)
    page.runner.asked.clear()
    answer = page.view.show(other, back)
    assert answer[page.view.resume]["visible"]
    page.resume(other, back)
    assert [what[0] for what in page.runner.asked] == ["start"]


@pytest.mark.parametrize("file", [None, "", "/nowhere/x.zip", 7, ["a"], {"path": "x"}])
def test_what_is_no_upload_is_told_in_words(page, file):  # noqa: F811
    owner = new_owner()
    answer = page.takeaway.bring(owner, None, file)
    assert "No file arrived" in answer[page.takeaway.brought]
    assert page.view.seen not in answer
    assert not (page.shelf.root / owner).exists()


def test_an_upload_does_not_stay_on_the_server(page, tmp_path):  # noqa: F811
    for content in (WHOLE, b"PK no"):
        (tmp_path / "x.zip").write_bytes(content)
        page.takeaway.bring(new_owner(), None, str(tmp_path / "x.zip"))
        assert not (tmp_path / "x.zip").exists()


def test_a_stranger_without_an_id_gets_one_with_the_run(page, tmp_path):  # noqa: F811
    (tmp_path / "x.zip").write_bytes(WHOLE)
    answer = page.takeaway.bring("../../etc", None, str(tmp_path / "x.zip"))
    assert re.fullmatch("[0-9a-f]{32}", answer[page.owner])
    assert len(page.shelf.own(answer[page.owner])) == 1


def test_the_data_set_is_published_with_the_visitors_token_which_is_cleared(page):  # noqa: F811
    fake = page.takeaway.api = Fake()
    answer = page.takeaway.publish(new_owner(), "recorded/quick", "eight", TOKEN, True)
    assert answer[page.takeaway.token] == ""
    assert "ada/eight" in answer[page.takeaway.pushed]
    assert TOKEN not in answer[page.takeaway.pushed]
    assert fake.seen[0] == ("token", TOKEN)


def test_a_refused_token_is_cleared_and_never_shown_or_printed(page, capfd):  # noqa: F811
    page.takeaway.api = Fake("create_repo", answered(401))
    answer = page.takeaway.publish(new_owner(), "recorded/quick", "eight", TOKEN, "no")
    assert answer[page.takeaway.token] == ""
    assert "refuses the token" in answer[page.takeaway.pushed]
    assert TOKEN not in str(answer[page.takeaway.pushed]) + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "filled", [(None, None, None), (7, [], {}), ("<b>", "<b>", "x"), ("a" * 9999, "b" * 9999, True)]
)
def test_odd_fields_are_told_in_words(page, filled):  # noqa: F811
    page.takeaway.api = Fake()
    assert "ds-failure" in page.takeaway.publish(new_owner(), "recorded/quick", *filled)[page.takeaway.pushed]
    assert page.takeaway.api.seen == []


def test_the_server_takes_a_run_file_and_the_bench_still_only_a_small_one():
    import app  # noqa: PLC0415 - only here
    from components.run.upload_store import MOST_MEGABYTES  # noqa: PLC0415

    assert in_loop(app.build_demo)
    assert app.MOST_MEGABYTES > 10 * MOST_MEGABYTES
