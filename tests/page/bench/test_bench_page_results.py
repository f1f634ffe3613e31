"""Results, table and comparison on the bench's page, from runs written by hand."""

import json
import re

import gradio as gr
import pytest

from backend.studies.bench.config import BenchConfig
from components.run.shelf import new_owner
from components.studies.bench.compared import compare_markup
from components.studies.bench.results import bounds, results_markup
from components.studies.bench.table import table_markup
from tests import bench_page
from tests.bench_folder import answers, write_run, write_scores
from tests.bench_page import EXAMPLE, HOSTILE, compare, event, start

built = bench_page.built
page = bench_page.page


# -- results --------------------------------------------------------------------------------------------------------
def test_results_show_before_and_after_with_interval_n_and_seeds(tmp_path):
    markup = results_markup(write_run(tmp_path / "r", n=100))
    assert "n = 100 × 1" in markup
    assert "n = 100 × 3" in markup
    assert markup.count('<li class="ds-bar') == 2
    assert "<svg" in markup
    assert "0.005 was chosen" in markup


def test_a_student_that_always_says_b_is_called_out(tmp_path):
    run = write_run(tmp_path / "r", data="none", n=100)
    assert "it picks B" in results_markup(run)


def test_an_interval_has_a_width_at_0_and_1():
    row = {"mean": 1.0, "interval": 0.0, "n": 20, "seeds": 1}
    assert bounds(row)[0] < 1.0 == bounds(row)[1]


def test_warnings_are_shown_as_notices(tmp_path):
    run = write_run(tmp_path / "r", skill=0.05, n=60)
    markup = results_markup(run)
    assert 'class="ds-notice"' in markup
    assert "Within the noise." in markup


def test_nothing_from_a_run_folder_becomes_markup(page, tmp_path):
    run = write_run(page.shelf.samples / "r", n=20, student=HOSTILE)
    summary = json.loads((run.path / "summary.json").read_text())
    summary["warnings"] = [dict.fromkeys(("kind", "found", "expected", "next_step"), HOSTILE)]
    summary["comparisons"] = [row | {"task": HOSTILE} for row in summary["comparisons"]]
    (run.path / "summary.json").write_text(json.dumps(summary))
    (run.path / "example.json").write_text(json.dumps(EXAMPLE))
    run.set_status(state="failed", stage="tune", error=dict.fromkeys(("found", "expected", "next_step"), HOSTILE))
    shown = page.view.show(new_owner(), "recorded/r")
    texts = [value for value in shown.values() if isinstance(value, str)] + [compare_markup(run, run)]
    assert sum(HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in text for text in texts) >= 4
    assert not any("<img" in text for text in texts)


# -- table and comparison -------------------------------------------------------------------------------------------
def test_the_table_has_own_runs_newest_first_then_recorded_ones(page):
    owner = new_owner()
    write_run(page.shelf.samples / "old", n=20)
    keys = [start(page, owner, seed=seed) for seed in range(2)]
    for number, key in enumerate(keys):
        page.shelf.open(owner, key).set_status(started_at=number)
    markup = table_markup(page.shelf, owner, keys[0])
    places = [markup.index(f'data-key="{key}"') for key in (keys[1], keys[0], "recorded/old")]
    assert places == sorted(places)
    assert markup.count("disabled") == 3, "two rows without scores and the button itself"
    assert markup.count("aria-current") == 1


def test_two_runs_are_compared_question_by_question(page):
    write_run(page.shelf.samples / "a", skill=0.8, n=100, seeds=1)
    write_run(page.shelf.samples / "b", skill=0.3, n=100, seeds=1, data="random", examples=8)
    markup = compare(page, new_owner(), event(keys=["recorded/a", "recorded/b"]))
    assert "in favour of Run A" in markup
    assert "McNemar p" in markup
    assert '<code>data</code> <bdi translate="no">real</bdi> | <bdi translate="no">random</bdi>' in markup
    assert markup.count('<li class="ds-flip ds-gained') + markup.count('<li class="ds-flip ds-lost') > 20


def test_flips_carry_the_words_of_bundled_questions(page):
    run = write_run(page.shelf.samples / "a", n=100, seeds=1)
    other = write_run(page.shelf.samples / "b", n=100, skill=0.2, seeds=1)
    for each, skill in ((run, 0.9), (other, 0.1)):
        scored = [
            type(item)(**{**vars(item), "id": f"pocket_science_test_{number:04}"})
            for number, item in enumerate(answers(skill, 50, 3))
        ]
        write_scores(each, BenchConfig(seeds=1), "seed-0", "pocket_science", scored)
    assert re.search('<p translate="no">(Which|What) ', compare_markup(run, other))


def test_different_questions_are_said_kindly(page):
    write_run(page.shelf.samples / "a", n=100)
    write_run(page.shelf.samples / "b", n=60)
    markup = compare(page, new_owner(), event(keys=["recorded/a", "recorded/b"]))
    assert "different questions (100 and 60)" in markup


def test_runs_without_a_common_task_are_said_kindly(page):
    write_run(page.shelf.samples / "a", n=20)
    write_run(page.shelf.samples / "b", n=20, tasks=("pocket_mmlu",))
    assert "pocket mmlu" in compare(page, new_owner(), event(keys=["recorded/a", "recorded/b"]))


@pytest.mark.parametrize("keys", [None, [], ["x"], ["recorded/a"] * 3, "recorded/a", [None, None], {"a": 1}])
def test_a_strange_pair_is_refused(page, keys):
    assert "alert" in compare(page, new_owner(), event(keys=keys))
    assert "alert" in compare(page, new_owner(), gr.EventData(None, None))
