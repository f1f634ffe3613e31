"""Decoders and the revert rule: what the unroll reads, what is added to its gradient, which tokens and texts stay."""

import json
import statistics
from dataclasses import replace

import pytest
import torch

from backend import settings
from backend.core.batches import Encoded
from backend.core.errors import UserError
from backend.core.prompts import Example, question_prompt
from backend.runs import RunDir
from backend.studies.text_distillation.checkpoint import load_checkpoint, save_checkpoint
from backend.studies.text_distillation.config import DECODERS, DistillConfig
from backend.studies.text_distillation.decode import as_grid, as_rows
from backend.studies.text_distillation.decoders import BY_NAME, make_decoder
from backend.studies.text_distillation.distill import begin, distil
from backend.studies.text_distillation.guided import likeliest, next_logits
from backend.studies.text_distillation.heldout import followed_loss, text_losses
from backend.studies.text_distillation.learning import restore
from backend.studies.text_distillation.recording import followed, held_out, record_experts
from backend.studies.text_distillation.revert import judge, reverted_slots, tokens_changed
from backend.studies.text_distillation.setup import Setup
from tests.test_run import ROOT, outcome, start, tiny_config

FREE = 1.0  # a prompt_lr at which tiny prompts change their tokens within a few updates


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


@pytest.fixture
def config(tiny_models, tiny_tasks) -> DistillConfig:
    small = tiny_config(tiny_models, tiny_tasks, "opt")
    return replace(small, prompt_lr=FREE, admm_every=2, admm_neighbours=5, arms=("text",), regimes=("ordinary",))


@pytest.fixture
def ready(config, tmp_path):
    """For a decoder's name: setup, decoder, state before the first update, and the recorded experts."""

    def make(decoder: str, **changes):
        setup = Setup(replace(config, decoder=decoder, **changes))
        run = RunDir.create(tmp_path / "ready", "text_distillation", None, settings.as_json(setup.config))
        buffer = record_experts(setup, run, followed(setup.config), "experts")
        buffer = (
            record_experts(setup, run, held_out(setup.config), "decode") if setup.config.heldout_experts else buffer
        )
        return setup, make_decoder(setup), restore(setup, buffer, run), buffer

    return make


def summary(run: RunDir) -> dict:
    return json.loads((run.path / "summary.json").read_text(encoding="utf-8"))


def mean(rows: list[dict]) -> float:
    return statistics.fmean(row["matching_loss"] for row in rows)


def moved(setup: Setup, state, far: float = 1.5) -> None:
    """Prompts that have left their tokens, in the middle between cells."""
    with torch.no_grad():
        noise = torch.randn(state.prompts.shape, generator=torch.Generator().manual_seed(3))
        state.prompts += far * setup.synthetic.table.std() * noise * setup.synthetic.used[..., None]


# -- every decoder ------------------------------------------------------------------------------------------------
def test_every_name_in_the_config_has_a_decoder():
    assert set(DECODERS) <= set(BY_NAME)


@pytest.mark.parametrize("decoder", [name for name in BY_NAME if name != "search"])  # whose texts are no tokens of P
def test_every_decoder_begins_at_the_real_questions_and_ends_in_its_own_tokens(decoder, config, tmp_path):
    config = replace(config, decoder=decoder, revert=False, prompt_tokens=64, outer_steps=12)
    run, state = start(config, tmp_path / "run")
    assert state == "finished"
    snapshots = run.rows("prompts")
    assert all(prompt["changed"] == 0 for prompt in snapshots[0]["prompts"])
    assert any(prompt["changed"] > 0 for prompt in snapshots[-1]["prompts"])
    rows = run.rows("distilled")
    assert [row["provenance"]["text"] for row in rows] == [prompt["text"] for prompt in snapshots[-1]["prompts"]]
    assert all(row["provenance"]["decoder"] == decoder and row["provenance"]["reverted"] is False for row in rows)
    assert summary(run)["reverted"] == 0 and summary(run)["judged_by"] is None
    assert 0 < summary(run)["tokens_changed"] <= 1


@pytest.mark.parametrize("decoder", ["straight_through", "guided"])
@pytest.mark.parametrize("stop_at", [1, 3])
def test_a_stopped_run_resumes_to_the_numbers_of_an_unbroken_one(decoder, stop_at, config, tmp_path, monkeypatch):
    """Between choices of tokens too: what a decoder remembers is in the checkpoint."""
    config = replace(config, decoder=decoder, outer_steps=8)
    whole, _ = start(config, tmp_path / "whole")
    append, folder = RunDir.append, tmp_path / "broken"

    def stop_there(self, name, row):
        append(self, name, row)
        if self.path == folder and row.get("step") == stop_at and row.get("stage") == "distil":
            self.stop_flag.touch()

    monkeypatch.setattr(RunDir, "append", stop_there)
    assert start(config, folder)[1] == "stopped"
    monkeypatch.setattr(RunDir, "append", append)
    run, state = start(config, folder)
    assert state == "finished"
    assert outcome(run) == outcome(whole)
    without_clocks = [{k: v for k, v in summary(one).items() if k != "seconds"} for one in (run, whole)]
    assert without_clocks[0] == without_clocks[1]


def test_a_checkpoint_without_what_the_decoder_remembers_is_refused(ready, tmp_path):
    setup, _, state, _ = ready("guided")
    other = begin(setup.config, setup.synthetic, 1.0)
    save_checkpoint(tmp_path / "other.safetensors", other)
    with pytest.raises(UserError, match="cannot be read"):
        load_checkpoint(tmp_path / "other.safetensors", state)


def test_ids_of_unequal_numbers_survive_the_grid():
    ids = [(5,), (7, 8, 9), (1, 2)]
    assert as_rows(as_grid(ids), [1, 3, 2]) == ids


# -- straight_through ---------------------------------------------------------------------------------------------
def test_straight_through_unrolls_on_real_tokens_and_moves_the_copy_behind_them(ready):
    setup, decoder, state, buffer = ready("straight_through")
    moved(setup, state)
    ids = setup.nearest.project(state.prompts, setup.synthetic.lengths)
    tokens = setup.synthetic.table[as_grid(ids)]
    used = setup.synthetic.used
    assert torch.equal(decoder.seen(state)[used], tokens[used])
    assert not torch.allclose(decoder.seen(state)[used], state.prompts[used])
    on_tokens = begin(setup.config, setup.synthetic, 1.0)
    with torch.no_grad():
        on_tokens.prompts[used] = tokens[used]
        on_tokens.log_lrs.copy_(state.log_lrs)
    copy = state.prompts.detach().clone()
    row = first_row(setup, decoder, state, buffer)
    plain = first_row(setup, BY_NAME["nearest"](setup), on_tokens, buffer)
    assert (row["matching_loss"], row["gradient_norm"]) == (plain["matching_loss"], plain["gradient_norm"])
    assert torch.equal(state.prompts.grad, on_tokens.prompts.grad)
    # Adam's first step is of one length, so the same gradient moves both by the same from where they were
    assert torch.allclose(state.prompts - copy, on_tokens.prompts - tokens, atol=1e-6)


def first_row(setup, decoder, state, buffer) -> dict:
    return next(distil(setup.config, setup.own.student, buffer, setup.synthetic, decoder, state))


def test_straight_through_keeps_the_best_tokens_and_lets_worse_ones_go(ready):
    setup, decoder, state, buffer = ready("straight_through", snapshot_every=1)

    def loss(ids):
        return followed_loss(setup, buffer, setup.synthetic.table[ids], state.log_lrs)

    losses, real = [loss(state.memory["kept"])], state.prompts.detach().clone()
    for seed in range(6):
        with torch.no_grad():
            noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(seed))
            state.prompts.copy_(real + 1.5 * setup.synthetic.table.std() * noise)
        losses.append(loss(as_grid(setup.nearest.project(state.prompts, setup.synthetic.lengths))))
        state.step = seed + 1
        decoder.after(state, buffer)
        assert loss(state.memory["kept"]) == min(losses)
    assert losses[0] > min(losses) and losses[-1] > min(losses)  # both kinds happened


# -- guided -------------------------------------------------------------------------------------------------------
def test_the_guided_projection_is_the_likeliest_of_the_nearest_tokens(ready):
    """Against a walk of one slot at a time over the frozen model's own logits."""
    setup, _, state, _ = ready("guided")
    moved(setup, state, 1.0)
    synthetic, k = setup.synthetic, 7
    before = synthetic.slots[0].before
    found = likeliest(setup.own.student, setup.nearest, state.prompts.detach(), before, k)
    plain = Setup(setup.config).own.student.model  # another copy, read through its own forward
    for slot, length in enumerate(synthetic.lengths):
        read = list(before)
        for place in range(length):
            near = setup.nearest.search(state.prompts[slot, place : place + 1], k)[0][0].tolist()
            plain.eval()
            with torch.no_grad(), plain.disable_adapter():
                logits = plain(input_ids=torch.tensor([read])).logits[0, -1]
            assert found[slot, place] == max(near, key=lambda token: logits[token].item())
            read.append(int(found[slot, place]))


def test_with_one_neighbour_the_guided_projection_is_the_plain_one(ready):
    setup, _, state, _ = ready("guided")
    moved(setup, state)
    ids = likeliest(setup.own.student, setup.nearest, state.prompts.detach(), setup.synthetic.slots[0].before, 1)
    assert as_rows(ids, setup.synthetic.lengths) == setup.nearest.project(state.prompts, setup.synthetic.lengths)


def test_the_model_chooses_among_writable_tokens_only(ready):
    setup, _, state, _ = ready("guided")
    everything = len(setup.synthetic.table)
    before = setup.synthetic.slots[0].before
    ids = likeliest(setup.own.student, setup.nearest, state.prompts.detach(), before, everything)
    assert set(ids.flatten().tolist()) <= set(setup.nearest.ids.tolist())
    words = torch.tensor([before])
    logits = next_logits(setup.own.student, setup.own.student.initial(0), words)[0]
    assert ids[0, 0] == max(setup.nearest.ids.tolist(), key=lambda token: logits[token].item())


def test_the_guided_pull_is_the_gradient_of_its_penalty(ready):
    setup, decoder, state, _ = ready("guided", admm_rho=0.7)
    moved(setup, state)
    used = setup.synthetic.used
    state.memory["dual"] = (
        torch.randn(state.prompts.shape, generator=torch.Generator().manual_seed(1)) * used[..., None]
    )
    leaf = state.prompts.detach().requires_grad_()
    apart = leaf - setup.synthetic.table[state.memory["z"]] + state.memory["dual"]
    penalty = 0.7 / 2 * (apart[used].norm(dim=-1) / setup.nearest.scale).square().mean()
    (wanted,) = torch.autograd.grad(penalty, leaf)
    pull = decoder.pull(state)
    assert torch.allclose(pull.gradient, wanted, rtol=1e-5, atol=1e-9)
    assert pull.weight == 0.7


def test_the_dual_adds_up_what_is_left_between_prompts_and_tokens(ready):
    setup, decoder, state, buffer = ready("guided")
    left = torch.zeros_like(state.prompts)
    for step in range(1, 5):
        moved(setup, state, 0.1)
        before = state.memory["z"].clone()
        state.step = step
        decoder.after(state, buffer)
        if step % setup.config.admm_every:
            assert torch.equal(state.memory["z"], before)
        else:
            apart = state.prompts.detach() - setup.synthetic.table[state.memory["z"]]
            left += apart * setup.synthetic.used[..., None]
        assert torch.allclose(state.memory["dual"], left)
    assert left.abs().sum() > 0


# -- the revert rule ----------------------------------------------------------------------------------------------
def counted(*ids: int) -> Encoded:
    return Encoded(ids, (0,))


START = [counted(1), counted(2), counted(3)]


def test_a_text_stays_only_where_the_loss_gets_strictly_lower():
    texts = [counted(0), counted(2, 0), counted(3, 3)]
    worth = {texts[0]: -1.0, texts[1]: 0.0, texts[2]: 0.5}  # better, no different, worse
    assert list(reverted_slots(START, texts, lambda rows: sum(worth.get(row, 0.0) for row in rows))) == [
        False,
        True,
        True,
    ]


def test_slots_are_decided_in_order_given_those_before():
    """The second text helps only beside the first, the third only without it."""
    texts = [counted(7), counted(8), counted(9)]

    def loss(rows):
        return -(texts[0] in rows) - (texts[0] in rows and texts[1] in rows) - 0.5 * (texts[0] not in rows)

    assert list(reverted_slots(START, texts, loss)) == [False, False, True]


def test_garbage_reverts_fully_and_so_does_a_loss_that_is_no_number():
    garbage = [counted(9, 9, slot) for slot in range(3)]
    assert list(reverted_slots(START, garbage, lambda rows: float(sum(9 in row.prompt for row in rows)))) == [True] * 3
    broken = iter([1.0, float("nan"), float("nan"), float("nan")])
    assert list(reverted_slots(START, garbage, lambda rows: next(broken))) == [True] * 3


def test_a_text_that_reads_as_its_question_has_nothing_to_revert():
    calls = []
    assert list(reverted_slots(START, START, lambda rows: calls.append(rows) or 0.0)) == [False] * 3
    assert len(calls) == 1


@pytest.mark.parametrize("changes", [{}, {"layout": "prefix"}, {"inner_batch": 2}, {"decoder": "straight_through"}])
def test_the_result_follows_held_out_experts_no_worse_than_the_real_questions(changes, config, tmp_path):
    """The identity, on the examples in the file, re-read and measured anew."""
    config = replace(config, prompt_tokens=64, **changes)
    run, _ = start(config, tmp_path / "run", ("experts", "distil", "decode"))
    setup = Setup(config)
    buffer = record_experts(setup, run, held_out(config), "decode")
    state = restore(setup, buffer, run)
    loss = judge(setup, buffer, state.log_lrs.detach())
    rows = run.rows("distilled")
    written = setup.own.rows([Example(row["prompt"], row["answer"]) for row in rows]).examples
    real = setup.own.rows(setup.init_examples).examples
    found = summary(run)
    assert mean(found["heldout"]["text"]) == pytest.approx(loss(written))
    assert loss(written) <= loss(real)
    assert found["judged_by"] == "heldout"
    assert found["reverted"] == sum(row["provenance"]["reverted"] for row in rows)
    for row, kept, question in zip(rows, written, real, strict=True):
        if row["provenance"]["reverted"]:
            assert kept == question
            assert row["provenance"]["text"] in row["prompt"]


def test_turning_the_rule_off_keeps_every_text_and_the_rule_is_deterministic(config, tmp_path):
    stages = ("experts", "distil", "decode")
    on, again = (start(config, tmp_path / name, stages)[0] for name in ("on", "again"))
    off, _ = start(replace(config, revert=False), tmp_path / "off", stages)
    assert on.rows("distilled") == again.rows("distilled")
    assert summary(on)["reverted"] > 0  # else this compares nothing
    for with_rule, without in zip(on.rows("distilled"), off.rows("distilled"), strict=True):
        same = with_rule["prompt"] == without["prompt"]
        assert same != with_rule["provenance"]["reverted"]


def test_without_held_out_experts_the_followed_ones_judge_and_the_summary_says_so(config, tmp_path):
    config = replace(config, heldout_experts=0)
    run, _ = start(config, tmp_path / "run", ("experts", "distil", "decode"))
    found = summary(run)
    assert found["judged_by"] == "followed"
    assert found["heldout"]["text"] == []
    setup = Setup(config)
    buffer = record_experts(setup, run, followed(config), "experts")
    lrs = restore(setup, buffer, run).log_lrs.detach()
    written = setup.own.rows([Example(row["prompt"], row["answer"]) for row in run.rows("distilled")])
    real = setup.own.rows(setup.init_examples)
    assert mean(text_losses(setup, buffer, written, lrs, True)) <= mean(text_losses(setup, buffer, real, lrs, True))


def test_students_are_not_trained_before_the_rule_was_applied(config, tmp_path):
    start(config, tmp_path / "run", ("experts", "distil"))
    with pytest.raises(UserError, match="Add decode to --stages"):
        start(config, tmp_path / "run", ("experts", "evaluate"))
    assert start(config, tmp_path / "run")[1] == "finished"


def test_tokens_changed_counts_after_alignment(ready):
    tokenizer = ready("nearest")[0].own.tokenizer
    old = [Example(question_prompt("Which animal gives milk?"), "a cow")]
    assert tokens_changed(tokenizer, old, old) == 0
    inserted = [Example(question_prompt("What? Which animal gives milk?"), "a cow")]
    assert 0 < tokens_changed(tokenizer, old, inserted) < 0.5
    assert tokens_changed(tokenizer, old, [Example(question_prompt("xyz"), "a cow")]) == 1


# -- settings -----------------------------------------------------------------------------------------------------
def test_a_config_from_before_decoders_had_names_still_loads():
    old = json.loads((ROOT / "assets/sample_runs/quick/config.json").read_text(encoding="utf-8"))["config"]
    assert "decoder" not in old
    assert settings.build(DistillConfig, old).decoder == "nearest"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"decoder": "nearst"}, "Did you mean 'nearest'"),
        ({"decoder": "guided", "admm_every": 61}, "admm_every is 61, but there are 60 updates"),
        ({"admm_rho": -1.0}, "admm_rho is -1.0"),
        ({"admm_neighbours": 0}, "admm_neighbours is 0"),
        ({"revert": 1}, "revert is 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, says):
    with pytest.raises(UserError, match=says):
        settings.build(DistillConfig, values)
