"""A YAML file that is dropped on a page: what it says comes back into the form, and a bad one changes nothing."""

from types import SimpleNamespace

import pytest

from backend import settings
from backend.runs.recipe import MOST_BYTES
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from components.form import form_values
from components.run.shelf import new_owner
from tests import bench_page
from tests.pages import make_page

built, bench = bench_page.built, bench_page.page


@pytest.fixture(scope="module")
def distil(tmp_path_factory):
    return make_page("text_distillation", tmp_path_factory.mktemp("page"))


def take(page, text: object) -> dict:
    return page.take_recipe(new_owner(), SimpleNamespace(text=text))


@pytest.mark.parametrize("score", [True, False])
def test_what_the_box_spells_comes_back_into_the_form(distil, score):
    form = distil.form
    changed = settings.load_preset(PRESETS, "paper")["settings"] | {"seeds": 7, "arms": ("text", "random")}
    values = form_values.values_of(DistillConfig, changed, form.items)
    text = form.follow("paper", score, *values, "", "")[2]["texts"]["yaml"]
    found = take(distil, text)
    assert found[form.preset] == "paper" and found[form.toggles[0]] is score and found[form.message] == ""
    assert form.config([*(found[widget] for widget in form.widgets), "", ""]) == form.config([*values, "", ""])
    assert 'data-count="2"' in found[form.changes]
    assert found[form.box]["texts"]["yaml"] == text


def test_the_bench_reads_its_own(bench):
    form = bench.form
    found = take(bench, "study: bench\npreset: handful\nchanges: {seeds: 4}")
    seeds = next(widget for item, widget in zip(form.items, form.widgets, strict=True) if item.name == "seeds")
    assert found[form.preset] == "handful" and found[seeds] == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a mapping"),
        (None, "not a mapping"),
        ("study: bench", "another study: bench"),
        ("study: text_distillation\nchanges: {seeds: -1}", "seeds"),
        ("study: text_distillation\nchanges: {sead: 1}", "sead"),
        ("study: text_distillation\npreset: ../quick", "no preset"),
        ("study: &a text_distillation\npreset: *a", "alias"),
        ("#" * (MOST_BYTES + 1), "too long"),
        ("study: [", "YAML"),
    ],
)
def test_a_bad_file_is_told_in_words_and_changes_nothing(distil, text, says):
    found = take(distil, text)
    assert list(found) == [distil.form.message]
    assert says in found[distil.form.message] and "Traceback" not in found[distil.form.message]
