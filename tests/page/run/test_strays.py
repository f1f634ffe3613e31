"""Runs that a page cannot show: of a study that this copy does not know, and of a study with another page or none."""

import json
from types import SimpleNamespace

import pytest

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.bench.config import BenchConfig
from components.run.downloads import Downloads
from components.run.shelf import new_owner
from tests.pages import Recorder, address, make_page

FOREIGN = {"colour": "red", "epochs": 3, "note": "<img src=x onerror=alert(1)>"}


class Runner(Recorder):
    def discard(self, run):
        self.asked.append(("discard", run.path.name))


@pytest.fixture
def page(tmp_path):
    made = make_page("text_distillation", tmp_path, Runner())
    made.takeaway.downloads = Downloads(tmp_path / "served")
    return made


def run_of(page, owner: str, study: str, config: dict, state: str = "finished") -> tuple[str, RunDir]:
    key, run = page.shelf.new(owner, study, None, config)
    run.append("metrics", {"stage": "grow", "step": 1, "height": 2.0})
    run.set_status(state=state, stage="grow")
    return key, run


def test_a_run_of_an_unknown_study_says_so_on_the_first_page(page):
    owner = new_owner()
    key, _ = run_of(page, owner, "from_the_future", FOREIGN)
    for answer in (page.open(owner, address(run=key)), page.open(owner), page.view.show(owner, key)):
        assert answer[page.view.seen]["key"] == key
        head = answer[page.view.head]
        assert "There is no study" in head and "from_the_future" in head and "<img" not in str(answer)
        assert answer[page.view.picker]["value"] == key
        assert not any(answer[b]["visible"] for b in (page.view.stop, page.view.resume, page.view.go_on))


def test_a_tick_of_it_and_all_that_a_visitor_can_press_is_no_error(page):
    owner = new_owner()
    key, _ = run_of(page, owner, "from_the_future", FOREIGN, "running")
    seen = page.open(owner, address(run=key))[page.view.seen]
    assert page.view.tick(owner, seen)[page.view.seen]["key"] == key
    for act in (page.stop, page.resume, page.go_on):
        assert page.view.seen in act(owner, key)
    assert list(page.copy_settings(owner, key, True)) == [page.form.message]
    assert page.view.seen in page.life.cure(owner, SimpleNamespace(run=key))


def test_it_can_be_discarded_and_taken_away(page):
    owner = new_owner()
    key, run = run_of(page, owner, "from_the_future", FOREIGN)
    assert page.open(owner, address(run=key))[page.view.discard] == {"run": key, "live": False}
    answer = page.takeaway.take(owner, key, SimpleNamespace(kind="run"))
    [file] = (page.takeaway.downloads.folder).rglob(answer["name"])
    assert json.loads((run.path / "config.json").read_text())["config"] == FOREIGN
    assert file.stat().st_size == answer["bytes"] > 100
    page.life.discard(owner, SimpleNamespace(run=key))
    assert page.runner.asked == [("discard", run.path.name)]


def test_only_the_first_page_shows_it(tmp_path):
    bench = make_page("bench", tmp_path)
    owner = new_owner()
    key, _ = run_of(bench, owner, "from_the_future", FOREIGN)
    assert bench.shelf.open(owner, key) is None


def test_a_link_to_a_run_of_another_study_leads_to_its_page(page):
    owner = new_owner()
    key, _ = run_of(page, owner, "bench", as_json(BenchConfig()))
    said = page.open(owner, address(run=key))[page.view.gone]
    assert f'<a href="bench?run={key}">Bench</a>' in said
    assert "bench?run" not in page.open(new_owner(), address(run=key))[page.view.gone], (
        "another visitor's stays unknown"
    )


def test_a_link_to_a_run_of_a_study_without_a_page_is_no_error(page):
    owner = new_owner()
    key, _ = run_of(page, owner, "comparison", {})
    answer = page.open(owner, address(run=key))
    assert key.partition("/")[2][:40] in answer[page.view.gone] and "No run yet" in answer[page.view.head]
