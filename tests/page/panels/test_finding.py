"""The first card of a run: a sentence of what its texts teach, beside what, and how sure; nothing before that."""

import json
import re

import pytest

from backend.runs.folder import RunDir
from components.studies.text_distillation.finding import finding_markup, how
from components.studies.text_distillation.words import watching

CONFIG = {"model": "own", "other_model": "far", "prompts": 2, "task": "pocket_science", "finetune_steps": 30}
RIGHT = {
    "full": (1, 1, 1, 1),
    "text": (1, 1, 1, 0),
    "random": (1, 0, 1, 0),
    "decoded": (0, 0, 1, 0),
    "base": (0, 1, 0, 0),
}


def scored(question: int, right: int) -> dict:
    answers = [-1.0, -2.0] if right else [-2.0, -1.0]
    return {"id": f"q{question}", "subject": None, "answer": 0, "log_likelihoods": answers, "lengths": [1, 1]}


@pytest.fixture
def run(tmp_path) -> RunDir:
    """Two students of two arms and more, their answers written as the evaluate stage writes them."""
    found = RunDir.create(tmp_path / "run", "text_distillation", "quick", CONFIG)
    (found.artifacts / "scores").mkdir(parents=True)
    for student in ("own", "far"):
        for arm, right in RIGHT.items():
            for seed in range(1 if arm == "base" else 2):
                name = f"artifacts/scores/{arm}-{student}-{seed}.jsonl"
                (found.path / name).write_text("".join(json.dumps(scored(i, r)) + "\n" for i, r in enumerate(right)))
                row = {"arm": arm, "student": student, "task": "t", "regime": "ordinary", "metric": "acc", "seed": seed}
                found.append("results", row | {"value": sum(right) / 4, "n": 4, "scores": name})
    lines = [{"prompt": "Question: What is <b>ice</b>?\nAnswer:", "answer": "water", "provenance": {}}] * 2
    (found.path / "distilled.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (found.path / "summary.json").write_text(json.dumps({"train_questions": 1200, "verbatim": 1}))
    return found


def said(markup: str) -> str:
    return re.sub(r"<[^>]+>", "", markup).replace("\N{NO-BREAK SPACE}", " ")


def test_the_sentence_says_what_the_texts_teach_beside_random_questions_and_all_the_data(run):
    found = said(finding_markup(run, run.rows("results")))
    assert "Two texts found by this program teach own to answer 75 % of the test, two random questions 50 %" in found
    assert ", and all 1,200 questions 100 %, each in 30 steps." in found


def test_the_difference_stands_with_its_interval_its_n_and_its_doubt(run):
    found = said(finding_markup(run, run.rows("results")))
    assert (
        "Compared with random questions: +25.0 points (95 % interval" in found
        and "; 4 questions, 2 students)." in found
    )
    assert "This is within the noise." in found  # four questions tell nothing
    assert "For far, trained on the same texts: +25.0 (" in found
    assert "(1 of 2 are real questions)" in found


def test_the_run_s_own_model_comes_first_and_every_arm_once_for_each_student(run):
    found = finding_markup(run, run.rows("results"))
    assert found.index(">own</b>") < found.index(">far</b>")
    assert [found.count(f"ds-found-arm-{arm}") for arm in RIGHT] == [1] * len(RIGHT)
    assert found.count('title="own: ') == found.count('title="far: ') == len(RIGHT)


def test_the_texts_are_shown_as_text(run):
    found = finding_markup(run, run.rows("results"))
    assert "What is &lt;b&gt;ice&lt;/b&gt;?" in found and "<b>ice</b>" not in found and "<b>water</b>" in found


@pytest.mark.parametrize("missing", ["text", "random"])
def test_there_is_nothing_to_say_before_both_were_scored(run, missing):
    rows = [row for row in run.rows("results") if row["arm"] != missing]
    assert finding_markup(run, rows) == ""


def test_a_run_of_before_says_all_the_questions_where_it_kept_no_count(run):
    (run.path / "summary.json").unlink()
    assert ", and all the questions 100 %, each in 30 steps." in said(finding_markup(run, run.rows("results")))


def test_without_answers_at_hand_the_means_stand_alone(run):
    for file in (run.artifacts / "scores").iterdir():
        file.unlink()
    found = said(finding_markup(run, run.rows("results")))
    assert "75 %" in found and "points" not in found


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"decoded": 0.2}, "Soft prompts, turned into text, teach less."),
        ({"decoded": 0.2, "soft": 0.6}, "Soft prompts drop to 20 % as text."),
        ({"decoded": 0.2, "soft": 0.1}, "Soft prompts, turned into text, teach less."),
        ({"decoded": 0.9, "soft": 0.95}, ""),
        ({}, ""),
    ],
)
def test_the_card_says_that_decoded_prompts_teach_less_only_where_they_do(more, says):
    found = said(how({"decoder": "search"}, {"text": 0.5} | more))
    assert found == f"A search tried sets of texts on students and kept the best. {says}".strip()
    assert "a search" not in how({"decoder": "nearest"}, {"text": 0.5} | more)


def of_seeds(folder, gains: list[float]) -> list[RunDir]:
    """Scored runs of one seed each; the other family gains half."""
    found = []
    for seed, gain in enumerate(gains):
        run = RunDir.create(folder / str(seed), "text_distillation", "quick", CONFIG | {"seed": seed})
        for student, more in (("own", gain), ("far", gain / 2)):
            row = {"student": student, "task": "t", "regime": "ordinary", "metric": "acc", "seed": 0, "n": 4}
            for arm, value in (("text", 0.5 + more), ("random", 0.5)):
                run.append("results", row | {"arm": arm, "value": value})
        found.append(run)
    return found


def test_several_seeds_say_what_a_single_run_cannot_for_both_families(run, tmp_path):
    runs = of_seeds(tmp_path, [0.1, 0.2, 0.1, 0.2])
    found = said(finding_markup(run, run.rows("results"), runs))
    half = 100 * 3.182446 * 0.0577350 / 2  # Student's t of four runs, from a table
    own, far = (f"(+{mean - wide:.1f} to +{mean + wide:.1f})" for mean, wide in ((15, half), (7.5, half / 2)))
    assert f"Four runs with different seeds average +15.0 points {own}, and +7.5 {far} on far." in found
    assert "One run cannot tell." in found and "within the noise" not in found
    alone = said(finding_markup(run, run.rows("results"), runs[:3]))
    assert "different seeds" not in alone and "This is within the noise." in alone, "too few"


def test_the_recording_says_which_part_made_the_texts():
    config = {"outer_steps": 20, "prompts": 8}
    learned, searched = (watching(config | {"decoder": name}) for name in ("nearest", "search"))
    assert learned.endswith("become soft prompts that lead a student along the expert's path.")
    assert searched == f"{learned} The texts come from a later search."
