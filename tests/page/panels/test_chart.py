"""What the live chart is told: the rows of any study's curves as lines, and which pictures there are."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from backend.study import Curve, Stage, Study, Words, all_studies
from components.panels.chart import chart_news, lines, live_chart, views_of
from components.panels.thinning import MOST_POINTS

LOSS = Curve("loss", "Loss", "train", "step", "loss", "loss")


@dataclass
class Settings:
    data: str = "real"


def study(*curves: Curve, **words) -> Study:
    stages = (Stage("train", "Train", ""), Stage("test", "Test", ""))
    words = Words("tests:none", **words)
    return Study("toy", "Toy", "", Settings, Path("presets"), (), stages, "tests:none", words, curves)


def rows(number: int, first: int = 1, **more) -> list[dict]:
    return [{"stage": "train", "step": s, "loss": 1.23456789 / s, **more} for s in range(first, first + number)]


def of_colour(config: dict) -> str:
    return {"real": "real", "made": "made"}.get(config["data"], "")


def spoken(values: dict) -> str:
    return f"student {values['seed'] + 1}" if values.get("phase") != "grid" else f"step size {values['lr']:g}"


def news(curves, found, fresh=True, summary=None, **words):
    return chart_news(study(*curves, **words), {"data": "made"}, found, fresh, summary)


# -- rows and lines -------------------------------------------------------------------------------------------------
def test_a_study_that_names_one_curve_has_one_picture_with_one_line():
    found = [*rows(3), {"stage": "test", "step": 9, "loss": 9.0}]
    assert [(view["name"], view["title"]) for view in views_of(study(LOSS))] == [("loss", "Loss")]
    assert news([LOSS], found)["curves"] == {
        "loss": [{"id": "", "line": "", "x": [1, 2, 3], "y": [1.235, 0.6173, 0.4115]}]
    }


def test_columns_named_by_the_curve_tell_lines_apart_and_are_listed_where_nothing_names_them():
    curve = replace(LOSS, by=("seed",))
    found = lines(curve, [*rows(2, seed=0), *rows(2, seed=1), *rows(1, first=3, seed=0)])
    assert [(line["line"], line["x"]) for line in found] == [("seed 0", [1, 2, 3]), ("seed 1", [1, 2])]


def test_only_rows_that_hold_what_the_curve_asks_for_are_drawn():
    curve = replace(LOSS, where={"split": "validation"})
    assert [line["x"] for line in lines(curve, [*rows(2), *rows(1, first=7, split="validation")])] == [[7]]


def test_a_value_that_is_no_number_is_a_gap_and_a_row_without_a_place_is_left_out():
    found = [{"stage": "train", "step": 1, "loss": None}, {"stage": "train", "step": 2, "loss": "<b>"}]
    found += [
        {"stage": "train", "step": None, "loss": 1.0},
        {"stage": "train", "loss": 1.0},
        {"stage": "train", "step": True},
    ]
    assert lines(LOSS, found) == [{"id": "", "line": "", "x": [1, 2], "y": [None, None]}]


def test_an_interval_comes_with_its_ends_and_a_choice_parts_the_lines():
    curve = replace(LOSS, low="low", high="high", choice="task", x_end="total")
    found = lines(curve, [*rows(1, task="a", low=0.1, high=0.2, total=9), *rows(1, task="b", low=0, high=1, total=8)])
    assert [(line["choice"], line["end"], line["low"], line["high"]) for line in found] == [
        ("a", 9, [0.1], [0.2]),
        ("b", 8, [0], [1]),
    ]


def test_values_that_a_lines_name_cannot_be_made_of_are_listed():
    curve = replace(LOSS, by=("phase", "lr"), line=f"{__name__}:spoken")
    assert [line["line"] for line in lines(curve, rows(1, phase="grid", lr="<b>"))] == ["phase grid, lr <b>"]


# -- attempts -------------------------------------------------------------------------------------------------------
TRIED = replace(LOSS, by=("phase", "lr", "seed"), line=f"{__name__}:spoken", quiet={"phase": "grid"}, winner=("lr",))


def test_an_attempt_is_quiet_and_says_what_it_is_called_if_it_wins():
    quiet, full = lines(TRIED, [*rows(1, phase="grid", lr=0.005, seed=0), *rows(1, phase="final", lr=0.005, seed=1)])
    assert (quiet["quiet"], quiet["line"], quiet["won"]) == (True, "step size 0.005", "student 1")
    assert full["line"] == "student 2" and "quiet" not in full
    assert quiet["key"] == full["key"]


def test_the_summary_says_which_attempt_won_once_there_is_one():
    tried = lines(TRIED, rows(1, phase="grid", lr=0.005, seed=0))
    assert news([TRIED], [], summary={"lr": 0.005})["winners"] == {"loss": tried[0]["key"]}
    assert news([TRIED], [], summary={})["winners"] == news([TRIED], [], summary={"lr": None})["winners"] == {}


@pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)
def test_a_study_that_tries_step_sizes_on_its_first_student_lists_that_student_with_the_others(study):
    assert all("lr" in curve.winner for curve in study.curves if "lr" in curve.by and "phase" in curve.quiet)


def test_a_run_is_over_when_its_summary_is_there():
    assert news([LOSS], [], summary={"lr": 0.1})["over"] and not news([LOSS], [], summary={})["over"]


# -- messages -------------------------------------------------------------------------------------------------------
def test_a_long_history_is_thinned_line_by_line_at_the_first_look_only():
    curve = replace(LOSS, by=("seed",))
    found = [*rows(9000, seed=0), *rows(9000, seed=1), *rows(1, seed=2)]
    thinned = news([curve], found)["curves"]["loss"]
    assert [len(line["x"]) for line in thinned] == [MOST_POINTS // 3 // 2 * 2] * 2 + [1]
    assert [line["x"][-1] for line in thinned] == [9000, 9000, 1]
    assert [len(line["x"]) for line in news([curve], found, fresh=False)["curves"]["loss"]] == [9000, 9000, 1]


def test_thinning_keeps_the_extremes_of_the_column_that_is_drawn():
    curve = replace(LOSS, y="acc")
    found = [{**row, "acc": 0.5} for row in rows(9000)]
    found[4321]["acc"] = 99.0
    assert 99.0 in news([curve], found)["curves"]["loss"][0]["y"]


def test_a_tick_is_small():
    assert len(json.dumps(news([LOSS], rows(10, first=3001), fresh=False))) < 300


@pytest.mark.parametrize(("words", "kind"), [({}, "real"), ({"kind": f"{__name__}:of_colour"}, "made")])
def test_the_runs_settings_choose_the_colour(words, kind):
    assert news([LOSS], [], **words)["kind"] == kind


def test_settings_that_mean_neither_made_nor_real_are_grey():
    toy = study(LOSS, kind=f"{__name__}:of_colour")
    assert chart_news(toy, {"data": "none"}, [], True)["kind"] == "none"


# -- pictures -------------------------------------------------------------------------------------------------------
def test_curves_of_one_view_are_panes_of_one_picture_called_like_the_first():
    detail = Curve("acc", "Accuracy", "train", "step", "acc", "accuracy", view="training")
    test = Curve("test", "Test", "test", "step", "acc", "accuracy")
    views = views_of(study(replace(LOSS, view="training"), detail, test))
    assert [(view["name"], view["title"], len(view["panes"])) for view in views] == [
        ("training", "Loss", 2),
        ("test", "Test", 1),
    ]
    assert views[1]["late"] > views[0]["late"], "what comes last in a run is shown first"


def test_the_widget_offers_every_view_and_says_which_button_starts_a_run():
    html = live_chart(study(LOSS, replace(LOSS, name="other", title="<b>"), go="Train"), "somewhere")
    assert html.elem_id == "somewhere"
    for said in ('data-view="loss"', 'data-view="other"', "&lt;b&gt;", "within seconds of pressing Train."):
        assert said in html.html_template


@pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)
def test_every_studys_curves_can_be_drawn(study):
    """Names are resolved with whatever values, as of a run that was brought here."""
    for curve in study.curves:
        assert curve.kind in ("", "made", "real") and not (curve.log and curve.range)
        row = {"stage": curve.stage, **curve.where, curve.x: 1, curve.y: 0.5}
        assert lines(curve, [row, {**row, **dict.fromkeys(curve.by, "<b>")}])[0]["y"][0] == 0.5
