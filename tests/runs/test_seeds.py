"""Runs that differ in their seed alone: found among others, and summed up as a statistician would by hand."""

import json
import math
import statistics

import pytest

from backend.__main__ import main
from backend.errors import UserError
from backend.runs import seeds
from backend.runs.folder import RunDir
from backend.runs.seeds import alike, gains, group, spreads
from backend.study import find

STUDY = find("text_distillation")
T = {3: 4.302653, 5: 2.776445}  # Student's t at 97.5 %, of as many runs, from a table


def made(folder, seed: int, text: float = 0.5, random: float = 0.4, lineage=None, **changes) -> RunDir:
    path = folder / f"run-{len(list(folder.iterdir()))}"
    run = RunDir.create(path, STUDY.name, None, {"seed": seed} | changes, lineage)
    row = {"student": "opt-pocket", "regime": "ordinary", "task": "t", "metric": "acc", "n": 100}
    for arm, value in (("text", text), ("random", random)):
        for student in (0, 1):  # two students, as far apart on both sides
            run.append("results", row | {"arm": arm, "seed": student, "value": value + 0.1 * student - 0.05})
    return run


def test_a_group_is_what_differs_in_the_seed_alone_whatever_a_run_leaves_out(tmp_path):
    shown, other, longer = made(tmp_path, 1), made(tmp_path, 0), made(tmp_path, 2, outer_steps=61)
    spelled_out = made(tmp_path, 3, outer_steps=60, decoder=STUDY.config.BEFORE["decoder"])
    assert group(STUDY, shown, [longer, other, spelled_out]) == [other, shown, spelled_out]


def test_of_two_runs_with_one_seed_the_one_on_screen_counts(tmp_path):
    first, shown, third = made(tmp_path, 1), made(tmp_path, 1), made(tmp_path, 2)
    assert group(STUDY, shown, [first, third]) == [shown, third]


def test_a_branch_began_elsewhere_and_is_no_repetition(tmp_path):
    shown, branch = made(tmp_path, 1), made(tmp_path, 2, lineage=[{"parent": "x", "step": 5}])
    assert group(STUDY, shown, [branch]) == [shown]


@pytest.mark.parametrize("values", [(0.5, 0.6, 0.4), (0.5, 0.55, 0.65, 0.45, 0.7)])
def test_the_interval_of_the_mean_is_students_over_runs(tmp_path, values):
    runs = [made(tmp_path, seed, text=value) for seed, value in enumerate(values)]
    [gain] = gains(STUDY, runs)
    wanted = [value - 0.4 for value in values]
    half = T[len(values)] * statistics.stdev(wanted) / math.sqrt(len(values))
    assert gain.values == pytest.approx(wanted) and (gain.arm, gain.against) == ("text", "random")
    assert gain.mean == pytest.approx(statistics.fmean(wanted)) and gain.sd == pytest.approx(statistics.stdev(wanted))
    assert (gain.low, gain.high) == pytest.approx((gain.mean - half, gain.mean + half))
    text = next(one for one in spreads(runs) if one.arm == "text")
    assert text.values == pytest.approx(values) and not text.against


def test_one_run_has_no_spread_and_says_so(tmp_path):
    [gain] = gains(STUDY, [made(tmp_path, 0)])
    assert gain.mean == pytest.approx(0.1) and math.isnan(gain.sd) and math.isnan(gain.low)


def test_a_figure_that_one_run_lacks_is_none_of_the_group(tmp_path):
    runs = [made(tmp_path, 0), made(tmp_path, 1)]
    row = {"student": "opt-pocket", "regime": "ordinary", "task": "t", "metric": "acc", "n": 100, "seed": 0}
    runs[0].append("results", row | {"arm": "full", "value": 0.9})
    assert {one.arm for one in spreads(runs)} == {"text", "random"}


def test_runs_that_cannot_be_summed_up_are_refused_with_the_reason(tmp_path):
    first = made(tmp_path, 0)
    with pytest.raises(UserError, match="in outer_steps"):
        alike(STUDY, [first, made(tmp_path, 1, outer_steps=61)])
    with pytest.raises(UserError, match="each seed once"):
        alike(STUDY, [first, made(tmp_path, 0)])
    alike(STUDY, [first, made(tmp_path, 1)])


def test_the_text_for_a_terminal_names_what_stands_against_what(tmp_path):
    runs = [made(tmp_path, seed, text=0.5 + 0.1 * seed) for seed in (0, 1)]
    said = seeds.as_text(gains(STUDY, runs))
    assert "text - random" in said and "0.150" in said and said.endswith("2")
    assert "No figure" in seeds.as_text([])


def test_the_command_line_sums_up_several_runs_and_refuses_those_that_differ(tmp_path, capsys):
    runs = [str(made(tmp_path, seed, text=0.5 + 0.1 * seed).path) for seed in (0, 1)]
    assert main(["results", *runs, "--json"]) == 0
    gain = json.loads(capsys.readouterr().out)[-1]
    assert gain["values"] == pytest.approx([0.1, 0.2]) and gain["against"] == "random"
    assert main(["results", *runs]) == 0 and "text - random" in capsys.readouterr().out
    assert main(["results", runs[0], str(made(tmp_path, 2, prompts=3).path)]) == 2
    assert "in prompts" in capsys.readouterr().err
    assert main(["results", runs[0], str(tmp_path)]) == 2
