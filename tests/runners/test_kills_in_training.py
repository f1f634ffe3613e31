"""kill -9 while students of pictures are trained: resumed, every file of the run is as if nothing had happened.

Each process that is killed is a real one, forked from one that has loaded torch and given the engine's command line.
What nobody disturbs, and the rest of what was killed, is computed in this process: other processes, the same bytes.
"""

import pytest

from backend.runs.carry_out import carry_out
from benchmarks.kill_case import Case, differing
from tests import deaths
from tests.pocket_clip import pocket_clip

killed = deaths.killed
TINY, LIGHT = "tiny_clip", "light_clip"
CUT = {  # 52 updates of masks with a state after 50, then a cut; three stages of 35, 34 and 35 updates
    "arms": ("auto", "progressive"), "lrs": (0.002,), "seeds": 1, "steps": 104, "mask_share": 0.5, "keep": 0.3,
    "small": 0.12, "pairs": 48, "batch": 8, "validation_limit": 12, "test_limit": 16,
}  # fmt: skip
PASSED = {  # epochs of 10 updates, with states after 50 and 100
    "arms": ("all",), "lrs": (0.002,), "seeds": 1, "steps": 105, "pairs": 60, "batch": 6, "told": 2,
    "image_width": 16, "image_layers": 1, "text_width": 16, "validation_limit": 12, "test_limit": 14, "depths": (),
    "looses": (),
}  # fmt: skip
IN_MASKS = "row metrics.jsonl", 21  # that of the last update; the state is of update 50
AT_THE_CUT = "replace told.json", 1  # the cut model is written, and not yet in its place
BETWEEN_STAGES = "row ladder.jsonl", 3  # the second stage's model is kept, and has no row yet
BETWEEN_EPOCHS = "replace state.safetensors", 2  # after 100 updates


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


def ended(case: Case) -> dict:
    """Every file of the run, after what is left of it was done here."""
    case.run.claim()
    assert carry_out(case.run, case.config, "") == "finished"
    return case.found()


def test_a_run_killed_in_mask_learning_at_a_cut_and_between_two_stages_ends_with_the_same_files(
    killed: deaths.Kill, tmp_path
):
    teacher = pocket_clip(tmp_path / "teacher")
    case, whole = (Case(TINY, tmp_path / name, CUT | {"teacher": str(teacher)}) for name in ("killed", "whole"))

    def last() -> int:
        return max(row["step"] for row in case.run.rows("metrics"))

    assert killed(case.run, *IN_MASKS)
    assert last() == 50 and not case.run.rows("ladder")
    assert killed(case.run, *AT_THE_CUT)
    assert last() == 52 and not case.run.rows("ladder")
    assert killed(case.run, *BETWEEN_STAGES)
    assert [(row["arm"], row["leap"]) for row in case.run.rows("ladder")] == [("auto", 1), ("progressive", 1)]
    assert differing(ended(case), ended(whole)) == []


def test_a_run_killed_between_two_epochs_ends_with_the_same_files(killed, tmp_path):
    case, whole = (Case(LIGHT, tmp_path / name, PASSED) for name in ("killed", "whole"))
    assert killed(case.run, *BETWEEN_EPOCHS)
    assert max(row["step"] for row in case.run.rows("metrics")) == 100
    assert differing(ended(case), ended(whole)) == []
