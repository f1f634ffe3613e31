"""A recorded run is read once for many visitors, and again as soon as its files are others."""

import json

import pytest

from backend.runs.folder import RunDir
from backend.study import all_studies
from components.run import feed
from components.run.feed import MOST_KEPT, Kept, Read
from tests.pages import Recorder, in_loop, make_page
from tests.space import ROOT

ROWS = Read("chart", ("metrics",), lambda run, rows, fresh: {"steps": [row["step"] for row in rows["metrics"]]})


@pytest.fixture
def run(tmp_path) -> RunDir:
    made = RunDir.create(tmp_path / "run", "text_distillation", None, {"seed": 0})
    made.append("metrics", {"step": 1})
    return made


class Counted:
    def __init__(self):
        self.read = Read("chart", ("metrics",), self.content)
        self.made = 0

    def content(self, run, rows, fresh):
        self.made += 1
        return ROWS.content(run, rows, fresh)


def seen_by(run, read, kept, key="recorded/run", seen=None):
    return feed.look(run, seen or feed.first_look(key), (read,), kept)


def test_the_second_visitor_is_told_what_was_made_for_the_first(run):
    kept, counted = Kept(), Counted()
    first = seen_by(run, counted.read, kept)
    assert seen_by(run, counted.read, kept) == first == seen_by(run, ROWS, None)
    assert counted.made == 1


@pytest.mark.parametrize("change", [("metrics", {"step": 2}), ("results", {"metric": "accuracy"})])
def test_it_is_made_again_when_a_file_changed(run, change):
    kept, counted = Kept(), Counted()
    seen_by(run, counted.read, kept)
    run.append(*change)
    assert seen_by(run, counted.read, kept) == seen_by(run, ROWS, None)
    assert counted.made == 2


def test_who_has_seen_it_is_told_what_came_after_and_not_what_is_kept(run):
    kept = Kept()
    _, seen = seen_by(run, ROWS, kept)
    assert seen_by(run, ROWS, kept, seen=seen)[0]["chart"] is None
    run.append("metrics", {"step": 2})
    news, _ = seen_by(run, ROWS, kept, seen=seen)
    assert news["chart"]["steps"] == [2] and news["chart"]["number"] == 2


def test_only_the_latest_few_are_kept(tmp_path, run):
    kept, counted = Kept(), Counted()
    runs = [RunDir.create(tmp_path / f"r{n}", "text_distillation", None, {"seed": n}) for n in range(MOST_KEPT)]
    for one in [run, *runs, run]:
        seen_by(one, counted.read, kept)
    assert counted.made == MOST_KEPT + 2
    seen_by(runs[-1], counted.read, kept)
    assert counted.made == MOST_KEPT + 2


@pytest.mark.parametrize("study", [one.name for one in all_studies() if one.shown])
def test_a_page_says_the_same_of_a_recorded_run_every_time(study, tmp_path):
    """Nothing that is made of what was kept changes it."""
    (tmp_path / "samples").symlink_to(ROOT / "assets" / "sample_runs")
    page = make_page(study, tmp_path, Recorder())

    def told():
        found = in_loop(lambda: page.view.show("0" * 32, None))
        return {part._id: json.dumps(value, default=lambda one: type(one).__name__) for part, value in found.items()}

    first = told()
    assert told() == first
    assert page.view.kept._found, "nothing was kept"
