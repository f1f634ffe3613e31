"""Pictures and sentences of active inheritance, from a run written by hand: the numbers on them are the file's."""

import json
import re

import pytest

from components.studies.active_inheritance import words
from components.studies.active_inheritance.finding import sentences
from components.studies.active_inheritance.inherited import inherited_markup
from components.studies.active_inheritance.pictures import Axis, Dot, around, figure, row
from components.studies.active_inheritance.profile_view import profile_markup
from components.studies.active_inheritance.profiles import gathered
from tests.active_inheritance_folder import SHARES, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("pictures") / "run")


def settings(run) -> dict:
    return run.config()["config"]


def test_a_dot_stands_at_its_value_and_its_whisker_from_end_to_end_of_the_interval():
    axis = Axis(0, 10)
    said = row(Dot("x", 5, 2.5, 7.5, "5.0", "2.5 to 7.5"), axis)
    assert '<i style="left:50.0%">' in said and "left:25.0%;right:25.0%" in said and "2.5 to 7.5" in said
    assert "<s style" not in row(Dot("data", 5, 5, 5, "5.0"), axis), "without an interval there is no whisker"
    assert 'left:100.0%"></i>' in row(Dot("far", 99, 98, 100, "99"), axis), "what lies outside is drawn at the end"


def test_an_axis_holds_all_values_and_a_share_never_leaves_0_to_1():
    axis = around([3.0, 9.0])
    assert 0 < axis.place(3.0) < axis.place(9.0) < 100
    assert (around([0.0, 1.0], percent=True).low, around([0.0, 1.0], percent=True).high) == (0.0, 1.0)
    assert 0 < around([4.0, 4.0]).place(4.0) < 100, "one value alone is no division by zero"
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 6 and all(axis.low <= tick <= axis.high for tick in ticks)


def test_what_a_figure_is_called_is_no_markup_and_its_numbers_can_be_saved():
    said = figure("<b>x</b>", "&", [Dot("<i>", 1, 0, 2, "1")], Axis(0, 2), "name")
    assert "<b>x" not in said and "&lt;b&gt;x" in said and "&lt;i&gt;" in said
    saved = json.loads(
        re.search(r'data-saves="([^"]*)"', said)[1].replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")
    )
    assert saved["rows"][1] == ["<i>", 1, 0, 2]


def test_students_of_one_arm_are_one_profile_whose_interval_has_both_kinds_of_luck():
    rows = [
        {"who": "best", "objective": "length", "k": 4, "metric": "length", "n": 3, "data": 30.0}
        | {"seed": seed, "mean": mean, "low": mean - 1, "high": mean + 1}
        for seed, mean in enumerate((20.0, 22.0))
    ]
    [[writer, found]] = gathered([*rows, {"who": "best", "mean": "nan", "low": 0, "high": 1}]).items()
    one = found["length"]
    assert writer == ("best", "length", 4) and (one.mean, one.seeds, one.data, one.n) == (21.0, 2, 30.0, 3)
    assert one.high - one.mean > 12.7, "Student's t of two students alone"
    [alone] = gathered(rows[:1]).values()
    assert (alone["length"].low, alone["length"].high) == (19.0, 21.0), "of one student the prompts' own interval"


def test_small_multiples_show_an_attribute_a_figure_and_the_one_aimed_at_first(run):
    said = profile_markup(run.rows("profiles"), settings(run))
    groups = re.findall(
        r'<div class="ds-measures" data-objective="(\w+)"( hidden)?>(.*?)</div>(?=<div class="ds-m|<p)', said
    )
    assert [name for name, *_ in groups] == list(SHARES)
    assert [bool(hidden) for _, hidden, _ in groups] == [
        False,
        True,
        True,
    ]
    titles = [re.findall(r"<figcaption data-terms><b>([^<]+)", group) for *_, group in groups]
    assert [found[0] for found in titles] == ["Length", "Rude texts", "MTLD"]
    assert all(len(found) == 7 for found in titles)
    for name in (
        "Before",
        "talker-chatty",
        "talker-plain",
        "Chosen texts",
        "Taught random texts",
        "Taught the longest of 4",
    ):
        assert f"<span>{name}</span>" in groups[0][2]


def test_mtld_of_short_texts_is_grey_and_nothing_else_is(run):
    said = profile_markup(run.rows("profiles"), settings(run)).partition("<h3")[0]
    figures = {title: part for title, part in re.findall(r"<figcaption data-terms><b>([^<]+)</b>(.*?)</figure>", said)}
    assert "ds-faint" in figures["MTLD"]
    assert not any("ds-faint" in part for title, part in figures.items() if title != "MTLD")


def test_an_unrelated_student_goes_towards_its_talker_and_the_way_is_measured(run):
    said = profile_markup(run.rows("profiles"), settings(run)).partition("<h3")[2]
    assert "50 % of the way" in said, "0.75 lies half way between 1 and 0.5"
    assert (
        profile_markup([r for r in run.rows("profiles") if "passive" not in r["who"]], settings(run)).count("<h3") == 0
    )


def test_a_share_is_the_files_and_one_that_holds_0_is_grey(run):
    said = inherited_markup(run.summary(), settings(run))
    assert re.search(r"<b>Longest</b>.*best of 2.*1\.00.*best of 4.*1\.00.*worst of 4", said, re.DOTALL)
    assert "0.75" in said and "0.10" in said
    row = run.summary()["inherited"][0] | {"share_low": -0.2, "share_high": 0.4, "share": 0.1}
    assert "ds-mean-best ds-faint" in inherited_markup({"inherited": [row]}, settings(run))
    unmoved = run.summary()["inherited"][0] | {"share": None}
    assert "the data did not move" in inherited_markup({"inherited": [unmoved]}, settings(run))


def test_what_else_changed_counts_its_looks_and_greys_what_may_be_luck(run):
    said = inherited_markup(run.summary(), settings(run)).partition("What else changed")[2]
    assert "Of 21 such differences about 1 " in said
    assert said.count('class="ds-faint"') == 18, "all but the three that were aimed at"


def test_the_head_says_how_much_more_with_its_interval_and_never_what_may_be_luck(run):
    longest, polite, *_, last = sentences(run.summary(), settings(run))
    row = next(r for r in run.summary()["inherited"] if (r["arm"], r["k"], r["metric"]) == ("best", 4, "length"))
    part, low, high = (f"{100 * row[name] / row['base']:.0f}" for name in ("student_move", "low", "high"))
    assert longest == (
        f"Students taught the longest of 4 texts write {part} % more words ({low} to {high}) than students taught "
        "random texts."
    )
    assert "rude texts" in polite and "2 students an arm" in last
    noisy = run.summary()["inherited"][0] | {"low": -1.0, "high": 9.0}
    said = sentences({"inherited": [noisy]}, settings(run))[0]
    assert "cannot be told from students taught random texts by Length" in said


def test_a_share_is_never_more_than_all_of_itself_and_the_cut_is_said():
    row = {"arm": "best", "objective": "polite", "k": 8, "metric": "rude", "seeds": 5, "base": 0.65, "share": 0.9}
    moved = {"data_move": -0.7, "student_move": -0.62, "low": -0.75, "high": -0.5}
    said, about = sentences({"inherited": [row | moved]}, {})
    assert said == (
        "Students taught the least rude of 8 texts write 3 % rude texts (0 to 15), students taught random texts 65 %."
    )
    assert about == "In brackets: 95 % intervals, cut at 0 and 100 %; 5 students an arm."
    assert "cut" not in sentences({"inherited": [row | moved | {"low": -0.64}]}, {})[-1]


def test_a_summary_of_another_version_says_nothing_and_breaks_nothing(run):
    for summary in ({}, {"inherited": None}, {"inherited": ["x", {"arm": "best"}, {"arm": "best", "k": "many"}]}):
        assert sentences(summary, settings(run)) == []
        assert 'data-rows="0"' in inherited_markup(summary, settings(run), over=True)


def test_a_weighted_sum_weighs_attributes_as_the_settings_say():
    config = {"weights": ["length:1", "polite:2", "polite:x", "new:1"]}
    assert words.weights_of("sum", config) == {"length": 1.0, "rude": -2.0}
    assert words.weights_of("plain", config) == {"fog": -1.0}
    assert words.weights_of("of another version", config) == {}
