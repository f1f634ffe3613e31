"""What if a text were another: students of changed texts beside naive twins, and the same by desk and command line."""

import json
import math
from contextlib import closing

import pytest

from backend.__main__ import main
from backend.core.scoring.compare import paired
from backend.core.scoring.scored import Scored
from backend.core.text.prompts import Example, question_prompt
from backend.core.text.tasks import find_task
from backend.core.text.text_data import load_questions
from backend.core.training.finetune import finetuned
from backend.desk.desk import Desk
from backend.desk.worker import last_of
from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, HOSTS, LOCAL
from backend.settings import build
from backend.studies.text_distillation import what_if as module
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.evaluate import fresh_start, ordinary_order, ordinary_plan
from backend.studies.text_distillation.what_if import make_case, models_of, reader_of, what_if
from tests.naive_score import naive_scores
from tests.tiny import FACTS
from tests.tiny_what_if import TEXTS, tiny_run

EDITS = [
    {"slot": 0, "question": "Which of these is hot?", "answer": "the sun"},
    {"slot": 1, "remove": True},
    {"slot": 2, "real": 5},
]


@pytest.fixture(autouse=True)
def nothing_kept():
    """Each test trains its own students, of models in its own precision."""
    module._kept.clear()
    reader_of.cache_clear()
    yield
    module._kept.clear()
    reader_of.cache_clear()


@pytest.fixture
def run(tmp_path, tiny_models, tiny_tasks):
    return tiny_run(tmp_path / "run", tiny_models, tiny_tasks)


def asked(run, edits: list, heard: list | None = None, **more) -> dict:
    return last_of(what_if(None, str(run.path), edits, **more), (heard if heard is not None else []).append)


def test_without_an_edit_nothing_changes_even_where_nothing_was_kept(run):
    first = asked(run, [])
    module._kept.clear()
    second = asked(run, [])
    assert first == second
    for reader in first["readers"]:
        assert reader["before"] == reader["after"] and reader["paired"]["difference"] == 0
        assert not reader["paired"]["gained"] and not reader["paired"]["lost"] and reader["flipped"] == [[[]] * 3] * 2


def test_an_edit_back_to_the_texts_own_words_changes_nothing(run):
    found = asked(run, [EDITS[0], {"slot": 0, "question": TEXTS[0][0], "answer": TEXTS[0][1]}])
    assert all(reader["paired"]["difference"] == 0 for reader in found["readers"])


def test_the_students_are_those_that_are_trained_and_asked_one_by_one(run):
    found, config = asked(run, EDITS), build(DistillConfig, run.config()["config"])
    questions = load_questions("arc_easy", "test", config.data_dir)
    real = found["texts"][1]
    sets = [
        [Example(question_prompt(question), answer) for question, answer in TEXTS],
        [
            Example("Question: Which of these is hot?\nAnswer:", "the sun"),
            Example(question_prompt(real["question"]), real["answer"]),
        ],
    ]
    assert [reader["name"] for reader in found["readers"]] == models_of(config)
    for told in found["readers"]:
        reader, sides = reader_of(told["name"], config.lora_rank, config.lora_alpha), []
        for examples in sets:
            rows, side = reader.rows(examples), []
            for seed in range(3):
                order, start = ordinary_order(config, len(rows), seed), fresh_start(reader, config, seed)
                reader.student.put(finetuned(reader.student, rows, start, order, ordinary_plan(config)))
                likely = naive_scores(reader.student.backbone, questions, find_task("arc_easy"))
                side.append([answer(*one) for one in zip(questions, likely, strict=True)])
            sides.append(side)
        before, after = ([sum(item.correct for item in one) / len(one) for one in side] for side in sides)
        assert (told["before"], told["after"]) == (before, after)
        expected = paired(sides[1], sides[0])
        assert (told["paired"]["low"], told["paired"]["high"]) == (expected.low, expected.high)
        assert (told["paired"]["gained"], told["paired"]["lost"]) == (expected.gained, expected.lost)
        ids = {row["id"] for side in told["flipped"] for student in side for row in student}
        assert ids == {*expected.gained, *expected.lost}


def answer(question, likely: list[float]) -> Scored:
    return Scored(question.id, None, question.answer, tuple(likely), tuple(map(len, question.options)))


def free_run(folder, models):
    """A run on a file of one's own, whose test has four answers; its texts are three of the file."""
    file = folder / "mine.json"
    rows = [{"instruction": q, "output": options[answer]} for q, options, answer in FACTS]
    file.write_text(json.dumps(rows))
    return tiny_run(folder / "run", models, "", task="own_text", data_dir="", data_file=str(file))


def test_free_answers_are_told_by_the_bits_of_each_student(tmp_path, tiny_models, capsys):
    run = free_run(tmp_path, tiny_models)
    found, config = asked(run, EDITS), build(DistillConfig, run.config()["config"])
    questions = load_questions("own_text", "test", config.own_data)
    assert found["questions"] == len(questions) > 2
    for told in found["readers"]:
        assert told["paired"]["metric"] == "bits" and len(told["before"]) == len(told["after"]) == 3
        assert sum(told["after"]) / 3 == pytest.approx(told["paired"]["mean_a"]) and min(told["before"]) > 0
        assert told["before"] != told["after"]
        sent = [{row["id"] for row in student} for side in told["flipped"] for student in side]
        assert all(ids == {*told["paired"]["gained"], *told["paired"]["lost"]} for ids in sent)
    assert main(["what-if", str(run.path), "--students", "1"]) == 0
    assert "bits per character" in capsys.readouterr().out


def test_of_free_answers_those_that_differ_most_are_sent():
    def side(*bits):
        return (tuple(Scored(f"q{i}", None, 0, (-float(one),), (1,)) for i, one in enumerate(bits)),)

    assert module.most_apart(side(1, 5, 3, 2), side(1, 1, 2.5, 4), "bits", 2) == ["q1", "q3"]
    assert module.most_apart(side(1, 2), side(1, 2), "bits", 2) == []


def test_an_edit_costs_only_the_edited_students(run, monkeypatch):
    trained = []
    each = module.finetuned_each
    monkeypatch.setattr(module, "finetuned_each", lambda *given: trained.append(len(given[1])) or each(*given))
    asked(run, [])
    assert trained == [3, 3]  # of both models
    asked(run, EDITS[:1])
    assert trained == [3] * 4
    asked(run, EDITS[:2])
    assert trained == [3] * 6
    asked(run, EDITS[:1])  # undone
    asked(run, [])
    assert trained == [3] * 6


def test_no_more_is_kept_than_there_is_room_for(run, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    asked(run, EDITS[:1])
    assert len(module._kept) == 2


def test_how_far_it_is_grows_from_nothing_towards_one(run, monkeypatch):
    monkeypatch.setattr(module, "TOLD_S", 0.01)
    heard = []
    asked(run, EDITS, heard)
    shares = [news["share"] for news in heard]
    assert len(shares) > 2 and shares == sorted(shares) and 0 <= shares[0] < shares[-1] <= 1


def test_a_real_question_is_one_of_the_training_set_and_none_of_the_texts(run):
    config = build(DistillConfig, run.config()["config"])
    questions = load_questions("arc_easy", "train", config.data_dir)
    train = {question.question: question.options[question.answer] for question in questions}
    drawn = []
    for number in range(30):
        case = make_case(run, [{"slot": 2, "real": number}], HOSTS[LOCAL], 4)
        assert case == make_case(run, [{"slot": 2, "real": number}], HOSTS[LOCAL], 4)
        drawn.append(case.after[2].question)
        assert train[case.after[2].question] == case.after[2].answer
    assert TEXTS[0][0] in train and TEXTS[0][0] not in drawn and len(set(drawn)) > 5


def test_the_first_questions_of_the_test_are_asked_in_its_order(run):
    config = build(DistillConfig, run.config()["config"])
    test = load_questions("arc_easy", "test", config.data_dir)
    case = make_case(run, [], HOSTS[LOCAL], 5)
    assert list(case.asked) == test[:5] and case.of == len(test)


def test_a_run_of_one_model_is_asked_of_one(tmp_path, tiny_models, tiny_tasks):
    run = tiny_run(tmp_path / "run", tiny_models, tiny_tasks, other_model="")
    assert len(asked(run, EDITS)["readers"]) == 1


@pytest.mark.parametrize("which", [0, 1])
def test_students_that_run_away_are_said_so_and_end_the_others(run, monkeypatch, which):
    config, each = build(DistillConfig, run.config()["config"]), module.finetuned_each
    bad = reader_of(models_of(config)[which], config.lora_rank, config.lora_alpha).student
    monkeypatch.setattr(
        module, "finetuned_each", lambda student, *more: [None] if student is bad else each(student, *more)
    )
    with pytest.raises(UserError, match="diverged"):
        asked(run, EDITS)


def test_a_text_that_does_not_fit_the_model_is_refused_before_any_student_is_trained(run, monkeypatch):
    monkeypatch.setattr(module, "finetuned_each", None)
    with pytest.raises(UserError, match="tokens long"):
        asked(run, [{"slot": 0, "question": "rain " * 700, "answer": "x"}])


def test_a_public_host_refuses_other_models_more_texts_and_longer_ones(run, tmp_path, tiny_tasks):
    with pytest.raises(UserError, match="this host is shared"):
        asked(run, EDITS, host=CPU_SPACE)
    models = {"opt": "opt-pocket", "llama": "llama-pocket"}
    pocket = tiny_run(tmp_path / "pocket", models, "", task="pocket_science")
    assert len(make_case(pocket, EDITS, HOSTS[CPU_SPACE], 5).after) == 2
    long = [{"slot": 0, "question": "x" * 401, "answer": "x"}]
    assert make_case(pocket, long, HOSTS[LOCAL], 5)
    with pytest.raises(UserError, match=r"401 characters.*at most 400"):
        make_case(pocket, long, HOSTS[CPU_SPACE], 5)
    beyond = [
        ({"finetune_steps": 151}, "finetune_steps is 151"),
        ({"data_dir": str(tiny_tasks)}, "data_dir is a path"),
    ]
    for settings, message in beyond:
        other = tiny_run(tmp_path / message, models, "", **{"task": "pocket_science", **settings})
        with pytest.raises(UserError, match=message):
            make_case(other, EDITS, HOSTS[CPU_SPACE], 5)
    (pocket.path / "distilled.jsonl").write_text('{"prompt": "Question: x\\nAnswer:", "answer": "y"}\n' * 33)
    with pytest.raises(UserError, match="33 texts"):
        make_case(pocket, [], HOSTS[CPU_SPACE], 5)


def test_desk_and_command_line_come_to_the_same_figures(run, tmp_path, capsys):
    (tmp_path / "edits.json").write_text(json.dumps(EDITS))
    heard = []
    with closing(Desk()) as desk:
        told = desk.request("what_if", 120.0, told=heard.append, run=str(run.path), edits=EDITS)
    assert main(["what-if", str(run.path), "--edits", str(tmp_path / "edits.json"), "--json"]) == 0
    assert alike(json.loads(capsys.readouterr().out), told)


def alike(a: object, b: object) -> bool:
    """Equal but for the last digits of likelihoods: on some processors they depend on what a process did before."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    return math.isclose(a, b, rel_tol=1e-4) if isinstance(a, float) and isinstance(b, float) else a == b


def test_the_command_says_it_in_sentences(run, capsys):
    assert main(["what-if", str(run.path), "--students", "2", "--questions", "6"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("3 texts, 3 before; the first 6 of 16 test questions of arc_easy\n")
    assert said.count("the edited set and the original set score the same on the 6 questions") == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "not a run folder"),
        (["RUN", "--edits", "nowhere.json"], "cannot be read"),
        (["RUN", "--students", "0"], "--students is 0"),
    ],
)
def test_what_the_command_cannot_use_is_refused_in_words(run, capsys, words, message):
    assert main(["what-if", *(str(run.path) if word == "RUN" else word for word in words)]) == 2
    assert message in capsys.readouterr().err
