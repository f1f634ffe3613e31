"""The picture of a comparison's table: one dot for every arm and student, where its mean belongs."""

from xml.etree import ElementTree

import pytest

from backend.comparison.names import ARMS
from backend.comparison.picture import LEFT, PANEL, kind, picture, span, ticks

SVG = "{http://www.w3.org/2000/svg}"


def row(arm: str, mean: float, student="opt", regime="ordinary", interval=0.05, best="random", metric="acc") -> dict:
    told = {"student": student, "regime": regime, "metric": metric, "n": 600, "seeds": 5, "best_baseline": best}
    return told | {"arm": arm, "mean": mean, "interval": interval}


def test_every_arm_of_every_student_has_a_dot_and_says_its_numbers():
    rows = [row("random", 0.5), row("text", 0.6), row("text", 0.7, "a <b> & c")]
    tree = ElementTree.fromstring(picture(rows))
    assert [g.find(f"{SVG}title").text for g in tree.iter(f"{SVG}g")] == [
        "random: 0.500 ± 0.050 (n = 600 x 5 seeds)",
        "text: 0.600 ± 0.050 (n = 600 x 5 seeds)",
        "text: 0.700 ± 0.050 (n = 600 x 5 seeds)",
    ]
    assert len(list(tree.iter(f"{SVG}circle"))) == 3


def test_a_dot_stands_at_its_mean_and_the_dashed_line_at_the_best_baseline():
    tree = ElementTree.fromstring(picture([row("random", 0.45), row("text", 0.55)]))  # the axis runs from 0.4 to 0.7
    places = [float(circle.get("cx")) for circle in tree.iter(f"{SVG}circle")]
    assert places == pytest.approx([LEFT + PANEL / 6, LEFT + PANEL / 2], abs=0.1)
    (best,) = [line for line in tree.iter(f"{SVG}line") if line.get("class") == "best"]
    assert float(best.get("x1")) == places[0]


def test_the_axis_holds_every_interval_and_stays_within_0_and_1():
    assert span([row("a", 0.45), row("b", 0.61)]) == (0.4, 0.7)
    assert span([row("a", 0.02), row("b", 0.98)]) == (0.0, 1.0)


def test_the_axis_of_bits_goes_beyond_one_and_has_few_marks():
    rows = [row("random", 1.25, metric="bits"), row("text", 7.81, metric="bits")]
    low, high = span(rows)
    assert (low, high) == (1.2, 7.9) and 2 < len(ticks(low, high)) <= 11
    assert ticks(0.4, 0.7) == [0.4, 0.5, 0.6, 0.7]
    assert "bits per character (fewer is better)" in picture(rows) and "accuracy" not in picture(rows).lower()


def test_another_regimes_rows_are_not_drawn_and_none_make_an_empty_picture():
    assert "circle" not in picture([row("random", 0.5, regime="matched")]).replace("<style>", "")
    assert ElementTree.fromstring(picture([])).tag == f"{SVG}svg"


def test_every_arm_is_chosen_made_or_neither():
    assert {kind(arm) for arm in ARMS} == {"chosen", "made", "other"}
    assert [kind(arm) for arm in ("less", "init", "text", "full", "base")] == [
        "chosen",
        "chosen",
        "made",
        "other",
        "other",
    ]
