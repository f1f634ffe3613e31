"""Branches of real runs on tiny models: same settings, same numbers; other settings, another way; and refusals."""

import shutil
from dataclasses import replace
from itertools import pairwise

import pytest

from backend.__main__ import main
from backend.errors import UserError
from backend.runs import lineage
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.branching import FIXED, make_branch
from backend.studies.text_distillation.study import STUDY
from tests import deaths
from tests.studies.text_distillation.test_run import outcome, start, tiny_config

killed = deaths.killed
LEARNING = ("experts", "distil", "decode")


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")


@pytest.fixture(scope="module")
def config(tiny_models, tiny_tasks):
    config = tiny_config(tiny_models, tiny_tasks, "opt")
    return replace(config, outer_steps=8, arms=("text", "soft"), regimes=("ordinary", "matched"))


@pytest.fixture(scope="module")
def parent(config, tmp_path_factory) -> RunDir:
    run, state = start(config, tmp_path_factory.mktemp("parent") / "parent")
    assert state == "finished"
    return run


def follow(branch: RunDir, config, stages=LEARNING) -> RunDir:
    branch.claim()
    assert run_to_the_end(config, branch, stages) == "finished"
    return branch


def test_a_run_keeps_a_snapshot_for_every_look(parent):
    assert lineage.snapshot_steps(parent) == [row["step"] for row in parent.rows("prompts")] == [0, 2, 4, 6, 8]
    assert lineage.ancestors(parent) == []


@pytest.mark.parametrize("step", [0, 2, 6, 8])
def test_a_branch_with_unchanged_settings_repeats_its_parent_to_the_last_digit(step, parent, config, tmp_path):
    branch = follow(make_branch(parent, step, tmp_path / "branch", config), config, STUDY.stage_names)
    assert outcome(branch) == outcome(parent)
    assert lineage.ancestors(branch) == [{"run": "parent", "step": step}]
    assert lineage.snapshot_steps(branch) == list(range(step, 9, 2))


@pytest.mark.parametrize("decoder", ["straight_through", "guided"])
def test_what_a_decoder_remembers_comes_with_the_snapshot(decoder, config, tmp_path):
    config = replace(config, decoder=decoder, admm_every=2)
    parent, _ = start(config, tmp_path / "parent", LEARNING)
    branch = follow(make_branch(parent, 4, tmp_path / "branch", config), config)
    assert outcome(branch) == outcome(parent)


def test_a_branch_shares_the_past_and_goes_another_way(parent, config, tmp_path):
    changed = replace(config, prompt_lr=0.2, outer_steps=10, decoder="straight_through")
    branch = follow(make_branch(parent, 4, tmp_path / "branch", changed), changed)
    old, new = (
        [{k: v for k, v in r.items() if k != "seconds"} for r in run.rows("metrics") if r["stage"] == "distil"]
        for run in (parent, branch)
    )
    assert new[:4] == old[:4] and [row["step"] for row in new] == list(range(1, 11))
    assert new[5]["matching_loss"] != old[5]["matching_loss"]


def test_a_branch_of_a_branch_remembers_the_whole_line_and_outlives_its_parent(parent, config, tmp_path):
    first = follow(make_branch(parent, 2, tmp_path / "first", config), config)
    second = make_branch(first, 6, tmp_path / "second", config)
    shutil.rmtree(first.path)
    assert lineage.ancestors(second) == [{"run": "parent", "step": 2}, {"run": "first", "step": 6}]
    assert outcome(follow(second, config, STUDY.stage_names)) == outcome(parent)


def test_a_killed_branch_resumes_to_the_same_numbers(parent, config, killed, tmp_path):
    config = replace(config, outer_steps=60, checkpoint_every=50)
    whole = follow(make_branch(parent, 4, tmp_path / "whole", config), config)
    branch = make_branch(parent, 4, tmp_path / "killed", config)
    # past the branch, before any checkpoint
    assert killed(branch, "row prompts.jsonl", 3, "--stages", ",".join(LEARNING)), branch.log_file.read_text()
    assert len(branch.rows("prompts")) == 5
    assert not (branch.artifacts / "checkpoint.safetensors").exists()
    assert outcome(follow(branch, config)) == outcome(whole)


def test_the_folder_of_a_branch_is_reopened_for_the_same_branch_alone(parent, config, tmp_path):
    branch = make_branch(parent, 4, tmp_path / "branch", config)
    assert make_branch(parent, 4, tmp_path / "branch", config).path == branch.path
    with pytest.raises(UserError, match="already holds another run"):
        make_branch(parent, 2, tmp_path / "branch", config)
    with pytest.raises(UserError, match="the update it branches from"):
        start(config, tmp_path / "branch")


OTHER = {
    "task": "mmlu", "data_dir": "elsewhere", "model": "llama-pocket", "inner_rule": "sgd", "start": "x.jsonl",
    "layout": "prefix", "expert_lr": 0.5,
}  # fmt: skip


# a file of one's own never changes alone: the task that asks its questions changes with it, and is named first
@pytest.mark.parametrize("name", [name for name in FIXED if name != "data_file"])
def test_what_shapes_prompts_or_experts_cannot_be_changed_and_is_named(name, parent, config, tmp_path):
    value = OTHER[name] if name in OTHER else getattr(config, name) + 1
    with pytest.raises(UserError, match=f"cannot change {name}") as refused:
        make_branch(parent, 4, tmp_path / "branch", replace(config, **{name: value}))
    assert repr(getattr(config, name)) in refused.value.expected
    assert not (tmp_path / "branch").exists()


@pytest.mark.parametrize(
    ("step", "change", "says"),
    [(3, {}, "no snapshot of update 3"), (6, {"outer_steps": 5}, "begins at update 6"), (4, {"experts": 1}, "experts")],
)
def test_impossible_branches_are_refused(step, change, says, parent, config, tmp_path):
    with pytest.raises(UserError, match=says):
        make_branch(parent, step, tmp_path / "branch", replace(config, **change))


# -- thinning -----------------------------------------------------------------------------------------------------
def kept_of(run: RunDir, steps, size: int = 1) -> list[int]:
    for step in steps:
        lineage.keep_snapshot(run, step, lambda path: path.write_bytes(b"x" * size))
    return lineage.snapshot_steps(run)


def test_a_long_run_keeps_its_first_and_last_snapshot_and_an_even_choice_between(tmp_path):
    steps = range(0, 2001, 5)
    kept = kept_of(RunDir(tmp_path), steps)
    assert len(kept) == lineage.MOST and kept[0] == 0 and kept[-1] == 2000
    gaps = [b - a for a, b in pairwise(kept)]
    assert max(gaps) <= 4 * 2000 / lineage.MOST, "no stretch of the run is left bare"


def test_large_snapshots_are_fewer_and_too_large_ones_are_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(lineage, "MOST_BYTES", 100)
    assert kept_of(RunDir(tmp_path / "a"), range(9), 20) == [0, *kept_of(RunDir(tmp_path / "b"), range(9), 20)[1:]]
    assert len(lineage.snapshot_steps(RunDir(tmp_path / "a"))) == 5
    assert kept_of(RunDir(tmp_path / "c"), range(3), 60) == []


def test_other_files_are_no_snapshots(tmp_path):
    run = RunDir(tmp_path)
    kept_of(run, [4])
    (run.artifacts / "snapshots" / ".5.safetensors.17.part").write_bytes(b"")
    (run.artifacts / "snapshots" / "x.safetensors").write_bytes(b"")
    assert lineage.snapshot_steps(run) == [4]


# -- the command line ---------------------------------------------------------------------------------------------
def test_the_command_line_branches_a_run_and_resumes_the_branch_by_the_same_command(parent, config, tmp_path, capsys):
    words = ["run", "text_distillation", "--branch", str(parent.path), "--at", "4", "--set", "prompt_lr=0.2"]
    words += ["--stages", "experts,distil", "--out", str(tmp_path / "branch")]
    assert main(words) == main(words) == 0
    assert RunDir(tmp_path / "branch").config()["config"] == as_json(replace(config, prompt_lr=0.2))


def test_a_parent_that_is_named_by_a_dot_is_remembered_by_its_name(parent, tmp_path, monkeypatch):
    monkeypatch.chdir(parent.path)
    branch = tmp_path / "branch"
    words = ["run", "text_distillation", "--branch", ".", "--at", "4", "--stages", "experts", "--out", str(branch)]
    assert main(words) == 0
    assert RunDir(branch).config()["lineage"] == [{"run": parent.path.name, "step": 4}]


@pytest.mark.parametrize("words", [["--branch", ".", "--at", "4", "--from-config"], ["--at", "4"]])
def test_words_about_a_branch_are_never_passed_over(words, tmp_path, capsys):
    assert main(["run", "text_distillation", *words, "--out", str(tmp_path)]) == 2
    assert "Correct the command" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["--branch", "nowhere", "--at", "4"], ["--branch", "PARENT"], ["--preset", "quick"]])
def test_a_branch_that_is_no_branch_is_refused_with_a_sentence(words, parent, tmp_path, capsys):
    words = [str(parent.path) if word == "PARENT" else word for word in words]
    words += ["--branch", str(parent.path)] if "--preset" in words else []
    assert main(["run", "text_distillation", *words, "--out", str(tmp_path / "branch")]) == 2
    assert "Correct the command" in capsys.readouterr().err


def test_a_branch_into_an_empty_folder_begins_with_its_snapshot(parent, config, tmp_path):
    (tmp_path / "empty").mkdir()
    branch = make_branch(parent, 2, tmp_path / "empty", config)
    assert lineage.snapshot_steps(branch) == [2] and branch.rows("metrics")


def test_a_branch_whose_snapshot_is_gone_does_not_begin_anew(parent, config, tmp_path):
    branch = make_branch(parent, 2, tmp_path / "gone", config)
    lineage.snapshot_path(branch, 2).unlink()
    branch.claim()
    with pytest.raises(UserError, match="snapshot that is not here"):
        run_to_the_end(config, branch, ("experts", "distil"))


def test_what_a_branch_began_with_stays_when_its_own_snapshots_are_too_large(tmp_path, monkeypatch):
    run = RunDir.create(tmp_path / "run", "text_distillation", None, {})
    lineage.keep_snapshot(run, 2, lambda path: path.write_bytes(b"x"))
    monkeypatch.setattr(lineage, "MOST_BYTES", 10)
    lineage.keep_snapshot(run, 4, lambda path: path.write_bytes(b"x" * 9))
    assert lineage.snapshot_steps(run) == [2]
