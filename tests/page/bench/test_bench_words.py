"""The words of the bench's page: for a student and for a run."""

import pytest

from backend.settings import as_json
from backend.studies.bench import words as bench_words
from backend.studies.bench.config import BenchConfig
from components.run.shelf import new_owner
from components.studies.bench.students import student_markup
from tests import bench_page
from tests.bench_page import HOSTILE, start

built = bench_page.built
page = bench_page.page


def test_a_gated_student_says_what_to_do_and_an_unknown_one_is_escaped():
    assert "hf auth login" in student_markup("meta-llama/Llama-3.2-1B")
    assert "<img" not in student_markup(HOSTILE)


def test_a_known_student_says_size_and_licence_and_leaves_the_time_to_the_estimate():
    said = student_markup("smollm2-135m")
    assert all(part in said for part in ("135 M parameters", "apache-2.0"))
    assert "Expect" not in said and "on two cores" not in said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"data": "none"}, "opt-pocket as it is"),
        ({"data": "random", "examples": 1}, "learns 1 random question of pocket science"),
        ({"examples": 50}, "learns 50 real questions"),
        ({"data": "distilled", "data_path": "x", "examples": 1}, "learns 1 distilled prompt with"),
        ({"seeds": 1, "method": "dora"}, "with DoRA, once"),
        ({"data": "file", "data_path": "x", "tasks": (), "test_file": "y"}, "an uploaded file with LoRA"),
    ],
)
def test_a_run_is_said_in_a_sentence(settings, said):
    assert said in bench_words.about(as_json(BenchConfig(**settings)))


def test_a_run_is_named_by_what_it_did_not_by_the_preset_it_came_from(page):
    owner = new_owner()
    key = start(page, owner, data="random", examples=4)
    assert page.shelf.choices(owner)[0][0].startswith("opt-pocket after 4 random questions, ")
    assert "<h2>opt-pocket after 4 random questions</h2>" in page.view.show(owner, key)[page.view.head]


def test_the_time_is_told_of_all_that_the_form_holds_uploads_and_runs_among_it(page):
    assert page.life.settings[2:] == page.held
    assert "GB of memory" in page.life.cost(new_owner(), None, *(part.value for part in page.held))
