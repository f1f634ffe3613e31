"""What TinyCLIP's pictures are made of: sentences with intervals, crossings, matrices, maps, stairs and tables."""

import pytest

from backend.errors import UserError
from backend.study import find
from components.studies.tiny_clip import affinity, asking, kept, own_words, reach, reading
from components.studies.tiny_clip.headline import headline_markup
from components.studies.tiny_clip.ladder import ladder_markup, ladders
from components.studies.tiny_clip.results_view import results_markup
from components.studies.tiny_clip.words import arms

TITLES = {"teacher": "Teacher", "scratch": "Scratch", "both": "Both"}


def crossing(arm="both", seed=0, step=20, of=200):
    return {"arm": arm, "seed": seed, "metric": "top5", "goal": 0.5, "of": of, "step": step, "seconds": None}


def apart(mean, low, high, arm="affinity", against="scratch"):
    return {
        "arm": arm,
        "against": against,
        "metric": "top5",
        "mean": mean,
        "low": low,
        "high": high,
        "seeds": 5,
        "wins": 4,
    }


# -- the head ---------------------------------------------------------------------------------------------------------
def test_the_head_says_how_many_steps_are_saved_with_the_interval_over_seeds():
    said = headline_markup({"reach": [crossing(seed=seed, step=20 + 10 * seed) for seed in range(3)]})
    assert "after 15 % of its updates (3 to 27), in 3 of 3 seeds." in said


def test_the_head_opens_with_what_keeps_most_and_each_share_has_its_owner():
    def keeps(arm, mean, low, high):
        return {"arm": arm, "metric": "top5", "mean": mean, "low": low, "high": high, "seeds": 5}

    rows = [keeps("scratch", 0.103, 0.076, 0.13), keeps("both", 0.362, 0.326, 0.398), keeps("auto", 0.97, 0.951, 0.989)]
    sizes = [{"arm": arm, "blocks": 0.285} for arm in ("scratch", "both", "auto")]
    told = {"teacher_share": rows, "sizes": sizes, "reach": [crossing()]}
    assert headline_markup(told).startswith(
        '<p class="ds-watching">At 28.5 % of the teacher&#x27;s blocks, learned masks keep 97.0 % of its top-5 '
        "(95.1 to 98.9). Leading slices with affinity keep 36.2 % (32.6 to 39.8). Scratch has 10.3 % (7.6 to 13.0). "
        "Inheritance with affinity reached"
    )
    without = headline_markup(told | {"teacher_share": rows[:2]})
    assert "leading slices with affinity keep 36.2 % of its top-5" in without
    assert "top-5" not in headline_markup({"teacher_share": rows})


def test_seeds_that_never_reach_scratch_are_not_averaged_away():
    rows = [crossing(seed=0), crossing(seed=1, step=None)]
    assert "reached scratch&#x27;s end in 1 of 2 seeds." in headline_markup({"reach": rows})
    assert "never reached scratch&#x27;s end" in headline_markup({"reach": [crossing(step=None)]})


def test_what_affinity_adds_is_claimed_only_beyond_noise():
    assert "adds 5.1 points of top-5 from a random start (+1.2 to +9.0)" in headline_markup(
        {"differences": [apart(0.051, 0.012, 0.09)]}
    )
    assert "costs 5.1 points" in headline_markup({"differences": [apart(-0.051, -0.09, -0.012)]})
    assert "is not beyond noise: +5.1 points (−1.2 to +9.0)" in headline_markup(
        {"differences": [apart(0.051, -0.012, 0.09)]}
    )
    assert headline_markup({"differences": [apart(0.051, None, None)]}) == ""  # one seed proves nothing
    assert headline_markup({}) == ""


# -- curves, matrices, maps -------------------------------------------------------------------------------------------
def test_only_evaluations_of_chosen_students_are_points_and_what_is_no_number_is_a_gap():
    row = {
        "stage": "evaluate",
        "phase": "final",
        "arm": "both",
        "seed": 0,
        "step": 10,
        "seconds": 0.5,
        "top5": 0.123456,
    }
    rows = [row, row | {"phase": "grid"}, row | {"stage": "train"}, row | {"arm": 3}, row | {"step": "10"}]
    assert list(reach.points(rows, {})) == [["both", 0, 10, 0.5, 0.1235, None, None, None]]
    rows = [row | {"phase": phase, "lr": lr} for phase in ("grid", "final", "control") for lr in (0.1, 0.2)]
    assert len(list(reach.points(rows, {"both": 0.1}))) == 2


def test_a_matrix_is_a_square_of_numbers_or_is_not_drawn():
    good = {"who": "both", "step": 0, "cosines": [[1, 0.5], [0.25, 1]]}
    assert list(affinity.matrices([good])) == [["both", 0, [[1, 0.5], [0.25, 1]]]]
    for bad in ([[1, 2]], [[1, 2], [3]], [[1, "2"], [3, 4]], [], None, [[1]], [[float("nan"), 1], [1, 1]]):
        assert list(affinity.matrices([good | {"cosines": bad}])) == []


def test_a_map_travels_as_digits_and_counts_what_is_kept_exactly():
    units = {"image.hidden": [1, 0.5, 0], "image.0.heads": [1, 0], "text.1.neurons": [0.25, 0.25, 0.25, 0.25]}
    row = {"arm": "auto", "seed": 0, "step": 3, "lr": 0.001, "units": units}
    [found] = kept.moments([row])
    assert found["units"] == [["image.hidden", "950"], ["image.0.heads", "90"], ["text.1.neurons", "2222"]]
    assert found["kept"]["image"] == {"hidden": [1.5, 3], "heads": [1, 2], "neurons": [0, 0]}
    assert found["kept"]["text"]["neurons"] == [1.0, 4]
    for bad in (
        {"image.0.heads": [2]},
        {"image.0.heads": [1, float("nan"), 0]},
        {"image.0.heads": [True]},
        {"sound.hidden": [1]},
        {"image.hidden": []},
        {"image.hidden": "11"},
    ):
        assert kept.moments([row | {"units": bad}]) == []


def test_of_a_student_whose_step_size_is_still_sought_the_last_one_is_drawn():
    row = {"arm": "auto", "seed": 0, "units": {"image.hidden": [1]}}
    found = kept.moments(
        [row | {"lr": 0.001, "step": 0}, row | {"lr": 0.003, "step": 0}, row | {"lr": 0.003, "step": 5}]
    )
    assert [one["step"] for one in found] == [0, 5]


def test_a_long_film_is_thinned_and_keeps_its_ends():
    rows = [{"arm": "auto", "seed": 0, "step": step, "units": {"image.hidden": [1]}} for step in range(500)]
    steps = [one["step"] for one in kept.moments(rows)]
    assert len(steps) == kept.MOST_MOMENTS and (steps[0], steps[-1]) == (0, 499)


# -- the ladder and the tables ----------------------------------------------------------------------------------------
def cut(leap=0, asked=0.5, seed=0, before=0.9, arm="progressive"):
    return {"arm": arm, "lr": 0.001, "seed": seed, "step": 10 * leap, "leap": leap, "asked": asked, "reached": asked,
            "top5_before": before, "top5_after_cut": 0.2}  # fmt: skip


def test_a_stage_is_the_mean_of_its_seeds_and_an_arm_cut_once_has_no_stairs():
    found = ladders([cut(before=0.9), cut(seed=1, before=0.7), cut(1, 0.25), cut(arm="both")])
    assert list(found) == ["progressive"] and [one.number for one in found["progressive"]] == [0, 1]
    assert found["progressive"][0].before == pytest.approx(0.8) and found["progressive"][0].seeds == 2


def test_what_stages_are_worth_is_said_whichever_way_it_went():
    rows = [cut(), cut(1, 0.11), cut(0, 0.11, arm="one_leap")]
    for low, said in ((-0.02, ", not beyond noise."), (0.01, " seeds).")):
        summary = {"differences": [apart(0.03, low, 0.08, "progressive", "one_leap")]}
        assert said in ladder_markup(rows, summary, {})
    assert "is cut more than once" in ladder_markup([], {}, {}, over=True)


def test_the_tables_name_noise_and_the_luck_of_many_looks():
    figures = [
        {"arm": arm, "metric": "top5", "mean": 0.5, "low": 0.4, "high": 0.6, "seeds": 5, "n": 600} for arm in TITLES
    ]
    summary = {"figures": figures, "looks": 40,
               "baselines": {"nearest": {"top5": 0.4, "n": 600}, "chance": {"top5": 0.08}},
               "differences": [apart(0.05, -0.01, 0.1), apart(0.2, 0.1, 0.3, "both")],
               "grids": [{"arm": "both", "lr": 0.1, "score": None, "chosen": False}],
               "cut": [{"seed": 0, "after_cut": 0.4, "sliced": 0.1, "ratio": 4.0}]}  # fmt: skip
    said = results_markup(summary, TITLES)
    assert said.count("not beyond noise") == 1 and "ahead in 4 of 5" in said
    assert "about 2 would be clear of 0 by luck" in said and "diverged" in said and ">4.0<" in said
    assert "Nearest picture by pixels: 40.0 % top-5" in said and "n = 600 × 5 seeds" in said


def test_a_difference_of_one_seed_is_never_called_clear():
    assert reading.spread_of({"mean": 1.0}).holds_zero and not reading.spread_of({"mean": 1.0}).known


# -- names and questions ----------------------------------------------------------------------------------------------
def test_arms_stand_in_the_order_of_the_study_and_strangers_last_under_their_own_names():
    found = arms(find("tiny_clip"), {"zzz", "both", "teacher", "scratch"})
    assert list(found) == ["teacher", "scratch", "both", "zzz"] and found["zzz"] == "zzz"


def test_two_hundred_words_may_be_asked_and_no_more():
    assert len(asking.words_of(", ".join(f"w{n}" for n in range(200)))) == 200
    with pytest.raises(UserError, match="201"):
        asking.words_of(", ".join(f"w{n}" for n in range(201)))


def test_words_to_begin_with_are_the_commonest_names():
    assert own_words.suggested([{"names": ["cat"]}, {"names": ["dog", "cat"]}]) == ["cat", "dog"]
