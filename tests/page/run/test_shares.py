"""Sharing a run: a token that says nothing, a guest who can look and not touch, an end when the owner wants it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from html import escape
from types import SimpleNamespace

import pytest

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.config import DistillConfig
from components.run import share_view
from components.run.shares import Shares
from components.run.shelf import new_owner
from tests.page.frame.test_app import start
from tests.pages import address, make_page, panel


@pytest.fixture
def page(tmp_path):
    page = make_page("text_distillation", tmp_path)
    sample = RunDir.create(page.shelf.samples / "quick", "text_distillation", "quick", as_json(DistillConfig()))
    sample.set_status(state="finished")
    return page


def event(**fields) -> SimpleNamespace:
    return SimpleNamespace(**fields)


def shared(page, owner: str, key: str) -> str:
    return page.view.give(owner, event(run=key, wanted=True))["link"]


def test_a_token_is_long_the_same_until_sharing_stops_and_new_after_it(tmp_path):
    shares, owner = Shares(tmp_path), new_owner()
    token = shares.share(owner, "a-run")
    assert len(token) == 32 and shares.share(owner, "a-run") == token and shares.find(token) == (owner, "a-run")
    assert shares.share(owner, "another") != token
    shares.stop(owner, "a-run")
    assert shares.find(token) is None and shares.token(owner, "a-run") is None
    assert shares.share(owner, "a-run") != token


def test_of_two_who_share_at_once_both_get_the_token_that_can_be_taken_back(tmp_path, monkeypatch):
    look = Shares.token

    def slowly(self, owner, run):
        found = look(self, owner, run)
        time.sleep(0.2)
        return found

    owner = new_owner()
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(Shares, "token", slowly)
        first, second = pool.map(lambda shares: shares.share(owner, "a-run"), [Shares(tmp_path), Shares(tmp_path)])
    Shares(tmp_path).stop(owner, "a-run")
    assert first == second and Shares(tmp_path).find(first) is None


@pytest.mark.parametrize("bad", ["../../x", "", "a" * 33, "of", None, 7, "A" * 32, "0" * 32])
def test_what_is_no_token_finds_nothing(tmp_path, bad):
    shares = Shares(tmp_path)
    shares.share(new_owner(), "a-run")
    assert shares.find(bad) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"owner": "../..", "run": "x"}', '{"owner": 1, "run": 2}', "\ud83d"])
def test_a_broken_token_file_finds_nothing(tmp_path, text):
    shares = Shares(tmp_path)
    token = shares.share(new_owner(), "a-run")
    (tmp_path / token).write_bytes(text.encode("utf-8", "surrogatepass"))
    assert shares.find(token) is None


def test_names_that_no_shelf_makes_are_refused(tmp_path):
    with pytest.raises(ValueError):
        Shares(tmp_path).share(new_owner(), "../x")


def test_a_run_is_private_until_its_owner_shares_it_and_again_after(page):
    owner, guest = new_owner(), new_owner()
    key = start(page, owner)
    assert page.shelf.open(guest, key) is None
    link = shared(page, owner, key)
    assert owner not in link and page.shelf.open(guest, link).path == page.shelf.open(owner, key).path
    assert page.view.give(owner, event(run=key, wanted=False))["link"] is None
    assert page.shelf.open(guest, link) is None


def test_nobody_shares_or_unshares_the_run_of_another(page):
    owner, thief = new_owner(), new_owner()
    key = start(page, owner)
    assert page.view.give(thief, event(run=key, wanted=True)) == share_view.state_of(page.shelf, thief, None)
    link = shared(page, owner, key)
    for run in (key, link, "recorded/quick", None, 3):
        page.view.give(thief, event(run=run, wanted=False))
    assert page.shelf.open(thief, link) is not None


def test_a_guest_can_look_and_not_touch(page):
    owner, guest = new_owner(), new_owner()
    key = start(page, owner)
    link = shared(page, owner, key)
    page.runner.asked.clear()
    answer = page.open(guest, address(run=link))
    view = page.view
    assert answer[view.seen]["key"] == link and "Shared run" in answer[view.head]
    assert not any(answer[button]["visible"] for button in (view.stop, view.resume, panel(page, "score").score))
    assert answer[view.share] == {"run": link, "own": False, "link": None, "missed": False}
    assert (link in dict(map(reversed, answer[view.picker]["choices"])).keys()) and not answer[view.gone]
    for act in (page.stop, page.resume, page.go_on, panel(page, "score").go_on):
        act(guest, link)
    assert page.runner.asked == []


def test_a_guest_never_reads_who_the_owner_is(page):
    owner = new_owner()
    key = start(page, owner)
    run = page.shelf.open(owner, key)
    error = {"found": f"{run.path} cannot be written.", "expected": "b", "next_step": "c"}
    run.set_status(state="failed", error=error)
    answer = page.open(new_owner(), address(run=shared(page, owner, key)))
    sent = {str(id(part)): value for part, value in answer.items() if part is not page.view.seen}  # that stays here
    assert "cannot be written" in answer[page.view.head] and owner not in json.dumps(sent, default=str)


def test_a_link_whose_run_is_no_longer_shared_says_so_and_shows_another(page):
    owner, guest = new_owner(), new_owner()
    key = start(page, owner)
    link = shared(page, owner, key)
    seen = page.open(guest, address(run=link))[page.view.seen]
    page.view.give(owner, event(run=key, wanted=False))
    for answer in (page.open(guest, address(run=link)), page.view.tick(guest, seen)):
        assert answer[page.view.seen]["key"] == "recorded/quick"
        assert "no longer shared" in answer[page.view.gone] and answer[page.view.share]["missed"]


def test_the_address_opens_the_visitors_own_run_and_their_own_link_too(page):
    owner = new_owner()
    key = start(page, owner)
    link = shared(page, owner, key)
    start(page, owner)
    for asked in (key, link):
        assert page.open(owner, address(run=asked))[page.view.seen]["key"] == key
    answer = page.open(new_owner(), address(run=key))
    assert answer[page.view.seen]["key"] == "recorded/quick" and "not shared" in answer[page.view.gone]


def test_a_recorded_run_that_does_not_exist_is_said_to_be_missing(page):
    answer = page.open("", address(run="recorded/nowhere"))
    assert answer[page.view.seen]["key"] == "recorded/quick" and "no recorded run nowhere" in answer[page.view.gone]


@pytest.mark.parametrize("bad", ["../../etc", "<script>", "own/", "shared/../x", "a" * 9999, "own/\u0000"])
def test_a_hostile_address_gives_the_normal_page_and_says_what_was_looked_for(page, bad):
    answer = page.open("", address(run=bad))
    said = answer[page.view.gone]
    assert answer[page.view.seen]["key"] == "recorded/quick" and "which is not a run" in said
    assert len(said) < 300 and "<script>" not in said and "\u0000" not in said
    assert escape(bad[:8].rstrip("\u0000")) in said


def test_a_link_to_a_run_of_another_study_leads_to_its_page(page):
    RunDir.create(page.shelf.samples / "tuned", "bench", "pocket", {}).set_status(state="finished")
    said = page.open("", address(run="recorded/tuned"))[page.view.gone]
    assert '<a href="bench?run=recorded/tuned">Bench</a>' in said
