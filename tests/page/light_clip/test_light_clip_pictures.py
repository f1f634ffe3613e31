"""The sentences and pictures of a LightCLIP run: the numbers on them are the file's, and noise is called noise."""

import re

import pytest

from backend.study import find
from components.studies.light_clip import ablation, curves, headline, masked, reading, words
from components.studies.light_clip.plot import Frame, Line, Words, plot
from components.studies.light_clip.reading import Figure, Spread, by_seed, over_seeds, paired
from tests.light_clip_folder import ARMS, write_run

UP, EVEN, DOWN = Spread(0.3, 0.2, 0.4, 5), Spread(0.01, -0.02, 0.04, 5), Spread(-0.1, -0.15, -0.05, 5)
VALUE = Spread(0.5, 0.45, 0.55, 5, 600)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of five arms and three seeds; nobody changes it."""
    return write_run(tmp_path_factory.mktemp("light-pictures") / "run")


def arms_of(*names):
    return words.arms(find("light_clip"), names)


# -- the head -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("moved", "said"),
    [
        (UP, "Token matching adds 30.0 points of pointing accuracy (95 %: +20.0 to +40.0)."),
        (DOWN, "Token matching costs 10.0 points of pointing accuracy (95 %: −15.0 to −5.0)."),
        (EVEN, "Token matching moves pointing accuracy by +1.0 points (95 %: −2.0 to +4.0), not beyond noise."),
    ],
)
def test_the_head_says_that_something_moved_only_where_its_interval_excludes_zero(moved, said):
    assert headline.sentences({("tokens", "pointing"): Figure(VALUE, moved)}) == [said]


@pytest.mark.parametrize("moved", [None, Spread(0.3), Spread(0.3, 0.3, 0.3, 2)])
def test_the_head_claims_nothing_without_an_interval(moved):
    assert headline.headline_markup({("tokens", "pointing"): Figure(VALUE, moved)}) == ""


def test_the_pictures_part_in_a_hidden_word_stands_behind_token_matching(run):
    told = headline.sentences(reading.figures(run.summary()))
    assert [one.split(" ")[0] for one in told] == ["Token", "Finding", "The", "Softened"]
    gain = next(
        row for row in run.summary()["ablation"] if (row["arm"], row["metric"]) == ("masked_words", "masked_gain")
    )
    assert f"adds {100 * gain['mean']:.1f} points" in told[2]
    assert f"{100 * gain['mean']:.1f} points" in headline.gain_markup(reading.figures(run.summary()))


# -- the ablation ---------------------------------------------------------------------------------------------------
def test_a_difference_is_grey_where_its_interval_holds_zero_and_said_to_be_not_beyond_noise():
    found = {
        ("base", "top1"): Figure(VALUE),
        ("tokens", "top1"): Figure(VALUE, UP),
        ("softened", "top1"): Figure(VALUE, EVEN),
        ("all", "top1"): Figure(VALUE, DOWN),
        ("masked_words", "top1"): Figure(VALUE, Spread(0.2)),
    }
    markup = ablation.ablation_markup(arms_of(*ARMS), found, {"looks": 4}, True)
    looks = re.findall(r'data-column="([^"]+)" data-look="(\w+)"', markup)
    assert dict(looks) == {
        "token matching": "up",
        "softened labels": "even",
        "all three": "down",
        "masked words": "even",
    }
    verdicts = re.findall(r'data-column="Beyond noise\?">(?:<span[^>]*>)?([^<]*)', markup)
    assert verdicts == ["", "not beyond noise", "yes", "cannot be told", "yes"]
    assert "2 of 4 differences to base lie beyond noise" in markup and "5 × 600" in markup


def test_every_figure_of_the_summary_has_a_row_and_its_own_table(run):
    found = reading.figures(run.summary())
    markup = ablation.ablation_markup(arms_of(*ARMS), found, run.summary(), True)
    metrics = {metric for _, metric in found}
    assert set(re.findall(r'data-metric="(\w+)"', markup)) == set(re.findall(r'data-of="(\w+)"', markup)) == metrics
    assert markup.count('" hidden>') == len(metrics) - 1 and 'data-of="pointing">' in markup
    assert "Every arm has 96,000 parameters when it is used, up to 41,000 more" in markup
    gain = re.search(r"What the picture adds.*?</tr>", markup, re.S)[0]
    assert 'data-look="up"' in gain, "a gain is a difference itself"


def test_without_a_summary_the_table_invites_and_of_a_run_that_is_over_it_says_why_not():
    assert "appears here at the end" in ablation.ablation_markup([], {}, {}, False)
    assert "has no comparison" in ablation.ablation_markup([], {}, {}, True)


# -- curves ---------------------------------------------------------------------------------------------------------
def test_seeds_are_paired_and_those_that_only_one_side_has_are_left_out():
    base = by_seed([{"seed": seed, "top1": 0.2 + 0.1 * seed} for seed in range(4)], "top1")
    mine = by_seed([{"seed": seed, "top1": 0.25 + 0.1 * seed + 0.001 * seed} for seed in (0, 1, 2, 9)], "top1")
    moved = paired(mine, base)
    assert moved.seeds == 3 and moved.mean == pytest.approx(0.051) and moved.beyond
    assert not over_seeds({0: 0.5}).known and paired({0: 0.5}, {1: 0.5}) is None
    assert by_seed([{"seed": 0, "top1": 1.5}, {"seed": -1, "top1": 0.5}, {"seed": 1, "top1": "x"}], "top1") == {}


def test_depth_and_false_negatives_are_drawn_with_their_intervals_and_verdicts(run):
    arms = arms_of("base", "softened")
    markup = curves.curves_markup(run.rows("depth"), run.rows("noise"), arms, True)
    assert 'data-curves="2"' in markup and markup.count("<figure") == 3
    assert "4 layers against 1 layer: " in markup and "not beyond noise" in markup
    assert markup.count("<circle") == 3 * 4 + 2 * 2 * 3 == markup.count("ds-light-whisker")
    assert "68,000 with 1 layer" in markup and "over 3 seeds; n = 600" in markup
    for share in (5, 21, 44):
        assert f"+ softened labels minus base at {share} % false negatives" in markup
    assert "so there are no curves" in curves.curves_markup([], [], [], True)


def test_one_depth_alone_is_no_curve(run):
    rows = [row for row in run.rows("depth") if row["depth"] == 2]
    assert curves.depth_markup(rows) == ""


@pytest.mark.parametrize("values", [(0.0, 0.0), (1.0, 1.0), (0.2, 0.9)])
def test_a_chart_holds_its_points_and_never_leaves_nought_to_one(values):
    points = [(number, Spread(value, value - 0.3, value + 0.3)) for number, value in enumerate(values)]
    frame = Frame.around([Line("a", "made", points)])
    assert 0 <= frame.low < frame.high <= 1 and all(frame.low <= tick <= frame.high + 1e-9 for tick in frame.ticks())
    markup = plot(
        Words("t", "x", "y", [(0, "0"), (0.001, "1")], "n"), [Line("a", "made", points), Line("b", "real", [])]
    )
    assert "nan" not in markup and markup.count("<circle") == 2 and ">1</text>" not in markup


# -- hidden words ---------------------------------------------------------------------------------------------------
def test_the_right_word_is_marked_on_both_sides_and_one_place_is_open(run):
    rows = reading.shown(run, "masked")
    pictures = {row["picture"]: {"text": row["text"], "src": "data:,"} for row in rows}
    markup = masked.masked_markup("k", rows, pictures, arms_of("masked_words", "all"), "", True)
    mine = [row for row in rows if row["arm"] == "masked_words"]
    assert markup.count("data-hide=") == len(mine) == markup.count("data-place=")
    assert markup.count('aria-pressed="true"') == len(pictures)
    assert markup.count("ds-light-hit") == 2 * len(mine) and "Arm: masked words, seed 0" in markup


def test_a_run_without_hidden_words_says_so():
    assert "kept no hidden words" in masked.masked_markup("k", [], {}, [], "", True)
    assert "appear here when" in masked.masked_markup("k", [], {}, [], "", False)


@pytest.mark.parametrize(
    "wrong", [{}, {"words": 3}, {"words": ["a"], "place": 0}, {"words": ["a"], "place": 0, "with": 1}]
)
def test_an_answer_that_is_not_whole_shows_nothing(wrong):
    assert masked.answer_markup(wrong, {"text": "", "src": ""}) == ""
