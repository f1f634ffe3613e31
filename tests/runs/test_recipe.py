"""The recipe: a YAML text is read without trusting it, and every fault has its sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.__main__ import main
from backend.errors import UserError
from backend.runs.carry_out import run
from backend.runs.folder import RunDir
from backend.runs.recipe import MOST_BYTES, Recipe, checked, read_yaml
from backend.studies.text_distillation.config import DistillConfig
from tests.exported import UPDATES

ROOT = Path(__file__).parents[2]
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nstudy: *b\n"
TINY = "outer_steps: 1, experts: 1, expert_steps: 6, heldout_experts: 0, max_start: 0, expert_span: 2, inner_steps: 2"


def test_what_a_file_leaves_out_is_the_presets():
    found = read_yaml("study: text_distillation\npreset: quick\nchanges:\n  seeds: 5\n")
    assert found == Recipe("text_distillation", "quick", {"seeds": 5})
    assert (found.config().seeds, found.config().outer_steps) == (5, UPDATES)


def test_without_a_preset_the_defaults_hold():
    assert read_yaml("study: text_distillation").config() == DistillConfig()


def test_a_number_written_without_its_dot_is_still_one():
    assert read_yaml("study: text_distillation\nchanges: {prompt_lr: 1e-3}").config().prompt_lr == 0.001


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a mapping"),
        ("- a\n- b", "not a mapping"),
        ("just words", "not a mapping"),
        ("study: [a", "not YAML (line"),
        ("study: a\n---\nstudy: b", "not YAML"),
        ("\x00", "not YAML"),
        ("preset: quick", "names no study"),
        ("study: nosuch", "no study 'nosuch'"),
        ("study: 7", "study is no short text"),
        ("study: text_distillation\npreset: ../../x", "no preset"),
        ("study: text_distillation\npreset: [quick]", "preset is no short text"),
        ("study: text_distillation\nseeds: 2", "no field 'seeds'"),
        ("study: text_distillation\nchanges: 4", "changes is not a mapping"),
        ("study: text_distillation\nchanges: {sedes: 2}", "Did you mean 'seeds'"),
        ("study: text_distillation\nchanges: {1: 2}", "no setting '1'"),
        ("study: text_distillation\nchanges: {seeds: two}", "seeds is 'two'"),
        ("study: text_distillation\nchanges: {seeds: 0}", "seeds is 0"),
        ("study: text_distillation\nchanges: {revert: 1}", "revert is 1"),
        ("study: text_distillation\nchanges: {arms: [base, nonsense]}", "nonsense"),
        ("study: text_distillation\nchanges: {arms: text}", "arms is 'text'"),
        ("study: text_distillation\nchanges: {arms: [[base]]}", "arms holds something else"),
        ("study: text_distillation\nchanges: {arms: [1]}", "arms holds 1"),
        ("study: text_distillation\nchanges: {model: {a: b}}", "model holds something else"),
        ("study: text_distillation\nchanges: {model: 2020-01-01}", "model holds something else"),
        ("study: text_distillation\nchanges: {model: 2020-99-99}", "cannot be read"),
        ('study: text_distillation\nchanges: {model: "a\\0b"}', "control character"),
        ("study: text_distillation\nchanges: {seed: 9" + "9" * 5000 + "}", "cannot be read"),
        ("study: text_distillation\nchanges: {seed: 9" + "9" * 50 + "}", "seed is too large"),
        ("study: text_distillation\nchanges: {prompt_lr: .nan}", "prompt_lr is nan"),
        ("study: text_distillation\nchanges: {max_start: 99}", "past the expert"),
        ("study: text_distillation\nchanges: {model: " + "x" * 1001 + "}", "too long"),
        ("study: text_distillation\nstages: distil,dance", "no stage 'dance'"),
        ("study: text_distillation\nstudy: bench", "stands twice"),
        ("study: text_distillation\nchanges: {seeds: 1, seeds: 2}", "stands twice"),
        ("study: bench\nchanges: {lrs: [fast]}", "lrs holds 'fast'"),
        (BOMB, "anchor or an alias"),
        ("study: !!python/object/apply:os.system ['true']", "holds a tag"),
        ("study: !x y", "holds a tag"),
        ("[" * 40 + "]" * 40, "nested too deeply"),
        ("study: " + "x" * MOST_BYTES, "too long"),
    ],
)
def test_a_bad_file_is_refused_in_words(text, said):
    with pytest.raises(UserError) as error:
        read_yaml(text)
    assert said in str(error.value)
    assert len(str(error.value)) < 1500


@given(st.text(alphabet="study: text_distillation\npreset[]{}&*!-'\"#|>%@`,?7.e~\t\x85é", max_size=120))
def test_no_text_at_all_makes_it_fail_in_another_way(text):
    try:
        assert isinstance(read_yaml(text), Recipe)
    except UserError:
        pass


@given(
    st.dictionaries(st.text(max_size=5) | st.just("seeds"), st.recursive(st.none() | st.floats() | st.text(), st.lists))
)
def test_nor_do_any_changes_that_a_program_sends(changes):
    try:
        checked("text_distillation", "quick", changes)
    except UserError:
        pass


# -- on the command line and in a program -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    [
        ["text_distillation"],
        ["--set", "seeds=2"],
        ["--stages", "distil"],
        ["--from-config"],
        ["--branch", "."],
        ["--at", "0"],
    ],
)
def test_a_file_and_other_words_about_the_run_do_not_mix(words, tmp_path, capsys):
    assert main(["run", *words, "--from-yaml", "x.yaml", "--out", str(tmp_path / "run")]) == 2
    assert "either the file or the options" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff", b"study: nosuch"])
def test_a_file_that_cannot_be_used_makes_no_folder(content, tmp_path, capsys):
    if content is not None:
        (tmp_path / "x.yaml").write_bytes(content)
    assert main(["run", "--from-yaml", str(tmp_path / "x.yaml"), "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "run").exists()


def test_without_a_study_and_without_a_file_there_is_nothing_to_run(tmp_path, capsys):
    assert main(["run", "--out", str(tmp_path)]) == 2
    assert "No study is named" in capsys.readouterr().err


def test_a_recipe_may_come_through_a_pipe(tmp_path):
    words = [sys.executable, "-m", "backend", "run", "--from-yaml", "-", "--out", str(tmp_path / "run")]
    text = "study: text_distillation\nchanges: {" + TINY + "}\nstages: experts\n"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        words, input=text, env=env, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert RunDir(tmp_path / "run").status()["state"] == "finished"
    assert RunDir(tmp_path / "run").config()["config"]["experts"] == 1


def test_run_says_in_words_what_it_cannot_use_and_makes_no_folder(tmp_path):
    with pytest.raises(UserError, match="no setting"):
        run("text_distillation", "quick", {"sedes": 2}, tmp_path / "run")
    with pytest.raises(UserError, match="out is empty"):
        run("text_distillation", "quick")
    assert not (tmp_path / "run").exists()


def test_run_writes_down_why_it_failed(tmp_path):
    changes = {"task": "arc_easy", "data_dir": str(tmp_path)}
    with pytest.raises(UserError) as error:
        run("text_distillation", "quick", changes, tmp_path / "run")
    status = RunDir(tmp_path / "run").status()
    assert status["state"] == "failed"
    assert status["error"] == error.value.as_dict()
