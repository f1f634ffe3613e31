"""kill -9 while a run computes or writes: resumed, every file of it is as if nothing had happened.

Real runs on the bundled world in processes of their own, killed by the benchmark's own hands. `-m slow` kills 20 times.
"""

import functools
import random

import pytest

from benchmarks.kill_case import Moment
from benchmarks.kills import draw, kill_and_resume, kills, undisturbed
from tests.marks import SLOW

FOLLOWED, BENCH = "text_distillation", "bench"
CLOSE = [  # where something was once lost, between two writings
    Moment(FOLLOWED, "row prompts.jsonl", 9),  # the texts of a round of the search, after the round was saved
    SLOW(Moment(BENCH, "write outcome.json", 1)),  # a student is trained, and that is not yet on file
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of a study that nobody disturbed, computed when it is first asked for."""
    root = tmp_path_factory.mktemp("undisturbed")
    return functools.cache(lambda study: undisturbed(study, root / study))


@pytest.mark.parametrize("moment", CLOSE, ids=str)
def test_a_run_killed_between_two_writings_resumes_to_the_same_files(moment, whole, tmp_path):
    verdict = kill_and_resume(moment, whole(moment.study), tmp_path / "run")
    assert verdict.killed
    assert verdict.differing == []
    assert verdict.repeated <= verdict.most
    assert verdict.left_over == 0


@pytest.mark.slow
def test_the_moments_follow_from_the_seed_and_every_stage_has_its_turn(whole):
    wholes = {study: whole(study) for study in (FOLLOWED, BENCH)}
    rng, again = random.Random(3), random.Random(3)
    drawn = [draw(turn, wholes, rng) for turn in range(20)]
    assert drawn == [draw(turn, wholes, again) for turn in range(20)]
    assert {moment.where for moment in drawn} >= {"experts", "distil", "decode", "evaluate", "tune", "score"}
    assert sum(" " in moment.where for moment in drawn) == 6  # while writing


@pytest.mark.slow
def test_twenty_kills_at_random_moments_change_nothing(tmp_path):
    verdicts = kills(20, 0, tmp_path)
    assert [verdict for verdict in verdicts if not verdict.good] == []
