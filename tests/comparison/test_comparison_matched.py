"""The matched regime of a comparison, and the arms made of soft prompts, on tiny models."""

import json

import pytest
import torch

from backend import settings
from backend.comparison.config import ComparisonConfig
from backend.comparison.datasets import rows_of
from backend.comparison.matched import Matched
from backend.comparison.table import as_text
from backend.core.seeding import shuffled_batches
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.studies.text_distillation import config as distillation
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.recording import followed, record_experts
from backend.studies.text_distillation.setup import Setup
from tests import tiny_comparison

TINY = {"experts": 1, "heldout_experts": 1, "expert_steps": 6, "expert_batch": 6, "expert_span": 4, "max_start": 1,
        "inner_steps": 3, "snapshot_every": 2, "checkpoint_every": 2, "admm_every": 2}  # fmt: skip


one_process = tiny_comparison.one_process


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """A distillation preset of a few steps, in place of the real ones."""
    presets = tmp_path_factory.mktemp("presets")
    (presets / "tiny.json").write_text(json.dumps({"title": "t", "about": "a", "settings": TINY}))
    assert distillation.PRESETS != presets
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.comparison.inner.PRESETS", presets)
        yield "tiny"


@pytest.fixture(scope="module")
def done(tiny_models, tiny_tasks, tmp_path_factory, preset):
    """A finished comparison with both regimes and every arm of soft prompts; the tests only read it."""
    config = ComparisonConfig(
        task="arc_easy", data_dir=str(tiny_tasks), model=str(tiny_models["opt"]),
        students=(str(tiny_models["opt"]), str(tiny_models["llama"])), budget=0.25, lora_rank=2, lora_alpha=4,
        arms=("base", "random", "init", "soft", "projected", "nearest", "straight_through", "guided", "full"),
        regimes=("ordinary", "matched"), steps=2, batch=4, lrs=(0.01,), seeds=2, test_limit=4,
        distillation=preset, outer_steps=4, prompt_tokens=6, start="random",
    )  # fmt: skip
    run = RunDir.create(tmp_path_factory.mktemp("done") / "run", "comparison", None, settings.as_json(config))
    run.claim()
    assert run_to_the_end(config, run) == "finished"
    return config, run


def test_every_learned_arm_stands_in_both_regimes_with_step_sizes_of_its_own(done):
    config, run = done
    rows = {(row["arm"], row["student"], row["regime"]) for row in run.rows("results")}
    for arm in ("random", "init", "soft", "projected", "nearest", "straight_through", "guided", "full"):
        assert (arm, config.model, "matched") in rows
        assert (arm, config.students[1], "matched") not in rows, "an expert's step sizes are its own model's"
        assert ((arm, config.students[1], "ordinary") in rows) == (arm not in ("soft", "projected"))
    learned = {row["arm"]: row["sizes"] for row in run.rows("step_sizes") if row["regime"] == "matched"}
    assert learned["full"] == [0.002] * 4, "all the data take the expert's own steps"
    assert all(len(sizes) == 3 for arm, sizes in learned.items() if arm != "full")
    assert learned["init"] == learned["random"] != learned["soft"], "init is the first random draw"
    table = json.loads((run.path / "summary.json").read_text())["table"]
    assert {row["regime"] for row in table} == {"ordinary", "matched"}
    assert "matched" in as_text(table)


def test_decoded_arms_start_from_the_questions_of_init_and_keep_their_answers(done):
    _, run = done
    init = rows_of(run, "init")
    for arm in ("nearest", "straight_through", "guided"):
        rows = rows_of(run, arm)
        assert [row["answer"] for row in rows] == [row["answer"] for row in init]
        assert [row["provenance"]["id"] for row in rows] == [row["provenance"]["id"] for row in init]
        assert {row["provenance"]["decoder"] for row in rows} == {arm}


def test_learning_step_sizes_lowers_the_matching_loss_and_the_data_stay_untouched(tiny_models, tiny_tasks, tmp_path):
    config = DistillConfig(
        task="arc_easy", data_dir=str(tiny_tasks), model=str(tiny_models["opt"]), other_model="", prompts=3,
        lora_rank=2, lora_alpha=4, outer_steps=0, **TINY | {"max_start": 0},
    )  # fmt: skip
    run = RunDir.create(tmp_path / "run", "text_distillation", None, settings.as_json(config))
    setup = Setup(config)
    matched = Matched(setup, record_experts(setup, run, followed(config), "experts"))
    rows = setup.own.rows(setup.init_examples)
    sizes = matched.learn_step_sizes(rows)
    assert len(sizes) == config.inner_steps and min(sizes) > 0
    first = [matched._first_size(rows)] * config.inner_steps

    def loss(chosen: list[float]) -> float:
        from backend.core.training.matching import matching_loss  # noqa: PLC0415
        from backend.studies.text_distillation.unroll import unroll  # noqa: PLC0415

        segment = matched.buffer.segment(matched.buffer.followed[0], 0, config.expert_span)
        end = unroll(
            lambda params, _, k: setup.own.student.loss(params, rows.batch([0, 1, 2])),
            segment, torch.zeros(1, 1, 1), torch.tensor(chosen).log(),
        )[-1]  # fmt: skip
        return matching_loss(end, segment.start, segment.target).item()

    assert loss(sizes) < loss(first)
    assert sorted(shuffled_batches(3, 6, 1, torch.Generator())[0]) == [0, 1, 2], (
        "a small set is read whole at each step"
    )
