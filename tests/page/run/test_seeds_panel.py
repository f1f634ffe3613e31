"""Other seeds on the page: what is started, what is refused, and what stands there of several runs."""

from types import SimpleNamespace

import pytest

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.bench.config import BenchConfig
from backend.studies.text_distillation.config import DistillConfig
from components.run.seeds import MOST, Seeds
from components.run.shelf import new_owner
from tests.pages import make_page

STUDY = "text_distillation"


@pytest.fixture
def page(tmp_path):
    return make_page(STUDY, tmp_path)


def run_of(page, owner: str, seed: int, gain: float | None = 0.1, study: str = STUDY, **changes) -> tuple[str, RunDir]:
    """A visitor's run; a finished one with scores where `gain` says what the text is better by."""
    config = {STUDY: DistillConfig, "bench": BenchConfig}[study](seed=seed, **changes)
    key, run = page.shelf.new(owner, study, None, as_json(config))
    if gain is None:
        return key, run
    row = {"student": "opt-pocket", "regime": "ordinary", "task": "pocket_science", "metric": "acc", "n": 100}
    for arm, value in (("text", 0.5 + gain), ("random", 0.5)):
        run.append("results", row | {"arm": arm, "seed": 0, "value": value})
    run.set_status(state="finished", started_at=float(seed))
    return key, run


def seeds_of(page) -> Seeds:
    return next(panel for panel in page.view.panels if isinstance(panel, Seeds))


def repeat(page, owner: str, run: object, times: object) -> dict:
    return seeds_of(page).repeat(owner, SimpleNamespace(run=run, times=times))


def shown(page, owner: str, key: str) -> str:
    return page.view.show(owner, key)[seeds_of(page).seeds]


def started(page, owner: str) -> list[dict]:
    return sorted((run.config()["config"] for run in page.shelf.own(owner)), key=lambda config: config["seed"])


def test_a_run_is_started_again_with_the_next_seeds_and_nothing_else_changed(page):
    owner = new_owner()
    key, run = run_of(page, owner, 3, outer_steps=9)
    run_of(page, owner, 5, outer_steps=9)
    answer = repeat(page, owner, key, 2)
    assert [config["seed"] for config in started(page, owner)] == [3, 5, 6, 7]
    assert all(config == run.config()["config"] | {"seed": config["seed"]} for config in started(page, owner))
    assert len(page.runner.asked) == 2 and answer[page.form.message] == ""
    assert page.shelf.open(owner, answer[page.view.seen]["key"]).config()["config"]["seed"] == 6, "the first new one"


@pytest.mark.parametrize("times", [0, -1, MOST + 1, 1.5, True, "2", None, [1], 10**30])
def test_any_other_number_of_runs_starts_none(page, times):
    owner = new_owner()
    key, _ = run_of(page, owner, 0)
    repeat(page, owner, key, times)
    assert page.runner.asked == []


def test_what_somebody_else_owns_is_not_repeated(page):
    owner, other = new_owner(), new_owner()
    key, _ = run_of(page, owner, 0)
    for run in (key, None, 7, "own/../x"):
        repeat(page, other, run, 2)
    assert page.runner.asked == []


def test_a_shared_run_that_was_started_with_a_file_of_its_owner_is_not_repeated(tmp_path):
    page = make_page("bench", tmp_path)
    owner, guest, mine = new_owner(), new_owner(), tmp_path / "mine.csv"
    mine.write_text("question,A,B,answer\nIs it?,yes,no,A\n")
    key, _ = run_of(page, owner, 0, None, "bench", data="file", data_path=str(mine))
    page.shelf.share(owner, key, True)
    answer = repeat(page, guest, f"shared/{page.shelf.token(owner, key)}", 1)
    assert page.runner.asked == [] and "someone else&#x27;s file" in answer[page.form.message]
    repeat(page, owner, key, 1)
    assert len(page.runner.asked) == 1


def test_a_single_run_says_why_one_would_want_more(page):
    owner = new_owner()
    key, _ = run_of(page, owner, 0)
    assert "A single run can be lucky" in shown(page, owner, key) and "ds-difference" not in shown(page, owner, key)


def test_finished_runs_are_summed_up_and_the_others_only_named(page):
    owner = new_owner()
    key, _ = run_of(page, owner, 0, 0.1)
    run_of(page, owner, 1, 0.3)
    _, waiting = run_of(page, owner, 2, None)
    waiting.set_status(state="queued")
    found = shown(page, owner, key)
    assert "These 3 runs have the same settings" in found and "2 of them are finished and scored" in found
    assert "+20.0 points on average" in found and "better in 2 of 2 runs" in found
    assert found.count("data-go=") == 3 and "Waiting" in found
    assert 'aria-current="true">Seed 0<' in found


def test_a_run_with_other_settings_stands_alone(page):
    owner = new_owner()
    key, _ = run_of(page, owner, 0)
    run_of(page, owner, 1, outer_steps=7)
    assert 'data-runs="1"' in shown(page, owner, key)


def test_a_recorded_run_brings_what_others_of_its_form_came_to(page):
    sample = page.shelf.samples / "quick"
    config = as_json(DistillConfig())
    for folder, seed in ((sample, 0), (sample / "seeds" / "1", 1), (sample / "seeds" / "2", 2)):
        run = RunDir.create(folder, STUDY, "quick", config | {"seed": seed})
        row = {"student": "opt-pocket", "regime": "ordinary", "task": "pocket_science", "metric": "acc", "n": 100}
        run.append("results", row | {"arm": "text", "seed": 0, "value": 0.6})
        run.append("results", row | {"arm": "random", "seed": 0, "value": 0.5})
        run.set_status(state="finished")
    found = shown(page, new_owner(), "recorded/quick")
    assert "better in 3 of 3 runs" in found and found.count("data-go=") == 1, "the others are not there to be shown"
    assert "Seeds without a button came with their results only." in found
    owner = new_owner()
    key, _ = run_of(page, owner, 7)
    assert 'data-runs="4"' in shown(page, owner, key)
    repeat(page, owner, "recorded/quick", 1)
    assert started(page, owner)[-1]["seed"] == 8
