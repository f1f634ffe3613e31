"""Slow motion's words: five moves whose numbers are those of the row, for any run that a visitor may see."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.account import account
from backend.studies.text_distillation.config import DistillConfig
from components.run.shelf import new_owner
from components.studies.text_distillation.slow_motion import NONE_YET, UNREAD, told
from tests.pages import make_page, panel
from tests.studies.text_distillation.test_account import CONFIG, ROWS, row

SAMPLES = Path(__file__).parents[3] / "assets" / "sample_runs"
PAPER = RunDir(SAMPLES / "paper")


def sentences(found: dict) -> str:
    return " ".join([found["said"], *(move["text"] for move in found["moves"])])


@pytest.mark.parametrize("found", ROWS[::7], ids=lambda found: str(found["step"]))
def test_the_story_says_the_numbers_of_the_row(found):
    story = told(PAPER, "recorded/paper", found["step"], 1)
    said = sentences(story)
    for name in ("matching_loss", "gradient_norm", "regulariser"):
        assert f"{found[name]:.3f}" in said
    assert f"Expert {found['expert'] + 1} of {CONFIG.experts}, from its step {found['start']}" in said
    assert f"to its step {found['start'] + CONFIG.expert_span}" in said and f"cosine {found['cosine']:.2f}" in said
    assert (
        f"step size is now {found['inner_lr']:.3g}" in said and f"weight of the pull is {found['weight']:.2g}" in said
    )
    assert len(story["moves"]) == 5 and story["number"] == 1


def test_words_are_shown_where_a_snapshot_lies_and_only_there():
    at, between = (told(PAPER, "recorded/paper", step, 1)["moves"][-1] for step in (15, 16))
    assert at["words"] and all(pair["before"] != pair["after"] for pair in at["words"])
    assert not between["words"] and "between two snapshots" in between["text"]


def test_a_clipped_gradient_is_said_to_be_clipped():
    steps = [row["step"] for row in PAPER.rows("metrics") if row["stage"] == "distil"]
    said = ["clipped to" in told(PAPER, "recorded/paper", step, 1)["moves"][3]["text"] for step in steps]
    rows = [row for row in PAPER.rows("metrics") if row["stage"] == "distil"]
    assert said == [account(CONFIG, rows, [], step)["shrink"] < 1 for step in steps]
    assert any(said) and not all(said)


@pytest.mark.parametrize(
    ("used", "error", "says"),
    [("exact", 3.2e-6, "exactly. Initial check over 2 steps: 0.0003 % off"),
     ("one_sided", 0.0123, "by finite differences. Initial"),
     ("plain", None, "exactly. With the pull"), (None, None, "exactly. With the pull")],
)  # fmt: skip
def test_how_the_gradient_was_computed_is_said_as_the_log_has_it(tmp_path, used, error, says):
    run = RunDir.create(tmp_path / "run", "text_distillation", None, as_json(DistillConfig()))
    if used:
        run.append("metrics", {"stage": "engine", "step": 0, "used": used, "error": error, "inner_steps": 2})
    run.append("metrics", row(1))
    run.set_status(state="running")
    assert says in told(run, "own/run", 1, 1)["moves"][3]["text"]


@pytest.mark.parametrize("asked", [None, "1", True, [1], {}])
def test_what_is_no_step_is_told_nothing(asked):
    assert told(PAPER, "recorded/paper", asked, "x") == {"run": "recorded/paper", "number": None, "moves": None,
                                                         "said": NONE_YET}  # fmt: skip


def test_a_live_run_is_told_up_to_its_latest_update(tmp_path):
    run = RunDir.create(tmp_path / "run", "text_distillation", None, as_json(DistillConfig()))
    assert told(run, "own/run", 1, 1)["said"] == NONE_YET
    run.append("metrics", row(1))
    run.set_status(state="running")
    assert (told(run, "own/run", 9, 2)["step"], told(run, "own/run", 9, 2)["live"]) == (1, True)
    run.append("metrics", row(2, matching_loss=None, skipped=1))
    found = told(run, "own/run", 9, 3)
    assert found["step"] == 2 and "diverged" in found["said"] and found["moves"][-1]["title"] == "Skip"


def test_rows_and_settings_of_another_version_are_no_error(tmp_path):
    for name, config in (("a", as_json(DistillConfig())), ("b", {"model": "x"})):
        run = RunDir.create(tmp_path / name, "text_distillation", None, config)
        run.append("metrics", {"stage": "distil", "step": 1})
        assert told(run, "own/run", 1, 1)["said"] == UNREAD


def test_only_a_run_that_the_visitor_may_see_is_told(tmp_path):
    page = make_page("text_distillation", tmp_path)
    walk = panel(page, "slow_motion").walk
    owner = new_owner()
    key, run = page.shelf.new(owner, "text_distillation", None, as_json(DistillConfig()))
    run.append("metrics", row(1))
    asked = SimpleNamespace(run=key, step=1, number=1)
    assert walk(owner, asked)["moves"] and walk(new_owner(), asked) == {}
    assert walk(owner, SimpleNamespace(run=["x"], step=1, number=1)) == {} == walk(owner, SimpleNamespace())
    assert re.match(r"Update 1 of \d+", walk(owner, asked)["said"])
