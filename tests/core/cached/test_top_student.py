"""A student on kept hidden states is, to rounding, the student that runs every layer for every text."""

import pytest
import torch
from peft import PeftModel

from backend.core.cached.quicker import answers as quick_answers
from backend.core.cached.quicker import top_of
from backend.core.cached.top_student import TopStudent
from backend.core.models.adapted import Adapted
from backend.core.models.backbones import fingerprint, load_backbone
from backend.core.models.lora import LoraStudent, Student
from backend.core.models.readers import Reader
from backend.core.scoring.score import score_questions
from backend.core.seeding import generator
from backend.core.text.examples import Rows, encode
from backend.core.text.tasks import find_task, to_example
from backend.core.text.text_data import load_questions
from backend.core.training.finetune import Plan, finetune, finetuned
from backend.core.training.finetune_state import FinetuneState
from backend.core.training.influence import Waypoint, along, influence
from backend.errors import UserError
from backend.search.objectives import Answers

TASK, STEPS, LR, SEED = "pocket_science", 3, 0.01, ("a start",)
SPEC = find_task(TASK)
TAUGHT, ASKED = load_questions(TASK, "train")[:10], load_questions(TASK, "validation")[:9]
ORDER = [list(range(10)), [9, 3, 0], [1, 2, 3, 4]]
FAMILIES = ("opt-pocket", "llama-pocket")


def whole_of(name: str, adapted: Adapted) -> LoraStudent:
    return LoraStudent(load_backbone(name), 4, 8, adapted)


def encoded(student: Student) -> list:
    return [encode(student.backbone.tokenizer, to_example(question, SPEC)) for question in TAUGHT]


def trained(student: Student) -> dict:
    examples = encoded(student)
    if not isinstance(student, TopStudent):
        return naive(student, examples)
    return finetuned(student, student.rows(examples), student.initial(SEED), ORDER, Plan(STEPS, LR))


def naive(student: LoraStudent, examples: list) -> dict:
    """Every layer run for every step."""
    rows, start = Rows(examples, student.table), FinetuneState.fresh(student.initial(SEED))
    steps = list(finetune(student, start, lambda k: [rows.batch(ORDER[k])], Plan(STEPS, LR)))
    return steps[-1].params()


def reader_of(name: str) -> Reader:
    return Reader(name, 4, 8, [to_example(question, SPEC) for question in TAUGHT], Adapted(2, "both"))


def answers(student: Student, params: dict) -> list:
    student.put(params)
    below = student.below if isinstance(student, TopStudent) else None
    return score_questions(student.model, student.backbone.tokenizer, ASKED, TASK, below=below)


@pytest.fixture(scope="module", params=FAMILIES)
def pair(request) -> tuple[LoraStudent, TopStudent]:
    """One student twice: whole, and on kept hidden states."""
    adapted = Adapted(2, "both")
    return whole_of(request.param, adapted), TopStudent(whole_of(request.param, adapted))


def test_it_trains_to_the_parameters_of_the_whole_student(pair):
    whole, top = (trained(student) for student in pair)
    assert whole.keys() == top.keys() and whole
    for name, value in whole.items():
        torch.testing.assert_close(top[name], value, rtol=1e-3, atol=2e-5)


def test_it_answers_as_the_whole_student_does(pair):
    whole, top = (answers(student, trained(student)) for student in pair)
    for ours, theirs in zip(top, whole, strict=True):
        assert ours.log_likelihoods == pytest.approx(theirs.log_likelihoods, abs=2e-3)
        assert (ours.id, ours.lengths) == (theirs.id, theirs.lengths)


def test_a_text_is_read_by_the_lower_layers_once_whoever_asks(pair):
    top = pair[1]
    answers(top, trained(top))
    before = top.below.read
    answers(top, trained(top))
    assert top.below.read == before > 0


def test_what_does_not_fit_is_read_anew_and_the_same(pair):
    _, top = pair
    least = TopStudent(whole_of(top.backbone.name, Adapted(2, "both")), kept_bytes=4000)
    wanted, found = trained(top), trained(least)
    assert all(torch.equal(found[name], value) for name, value in wanted.items())
    assert least.below.bytes <= 4000
    before = least.below.read
    trained(least)
    assert least.below.read > before


def test_its_adapter_loads_onto_the_whole_model(pair, tmp_path):
    _, top = pair
    params = trained(top)
    top.save(params, tmp_path)
    backbone = load_backbone(top.backbone.name)
    model = PeftModel.from_pretrained(backbone.model, str(tmp_path)).eval()
    found = score_questions(model, backbone.tokenizer, ASKED, TASK)
    for ours, theirs in zip(answers(top, params), found, strict=True):
        assert ours.log_likelihoods == pytest.approx(theirs.log_likelihoods, abs=2e-3)


def test_it_gives_its_backbone_back():
    backbone = load_backbone("opt-pocket")
    before = fingerprint(backbone)
    student = TopStudent(LoraStudent(backbone, 4, 8, Adapted(1)))
    trained(student)
    student.remove()
    assert fingerprint(backbone) == before
    assert LoraStudent(backbone, 4, 8).shapes


def test_either_of_the_two_may_be_trained_and_the_other_asked(pair):
    _, top = pair
    params = trained(top)
    found = score_questions(top.whole.model, top.backbone.tokenizer, ASKED, TASK)
    for ours, theirs in zip(answers(top, params), found, strict=True):
        assert ours.log_likelihoods == pytest.approx(theirs.log_likelihoods, abs=2e-3)


def test_whoever_trains_and_judges_gets_the_quicker_way_unasked(pair):
    whole = whole_of(pair[0].backbone.name, Adapted(2, "both"))
    params = finetuned(whole, Rows(encoded(whole), whole.table), whole.initial(SEED), ORDER, Plan(STEPS, LR))
    assert 0 < (read := top_of(whole).below.read) == sum(Rows(encoded(whole), None).lengths())
    for name, value in trained(pair[0]).items():
        torch.testing.assert_close(params[name], value, rtol=1e-3, atol=2e-5)
    found = quick_answers(whole, params, ASKED, TASK)
    assert top_of(whole).below.read > read
    for ours, theirs in zip(found, answers(pair[0], params), strict=True):
        assert ours.log_likelihoods == pytest.approx(theirs.log_likelihoods, abs=2e-3)


def test_its_row_losses_are_those_of_the_whole_student_and_their_mean_is_its_loss(pair):
    whole, top = pair
    params, examples = trained(top), encoded(top)
    rows, every = top.rows(examples), list(range(len(examples)))
    found = top.row_losses(params, rows.batch(every))
    wanted = whole.row_losses(params, Rows(examples, whole.table).batch(every))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)
    taught = sum(len(example.answer) for example in examples)
    torch.testing.assert_close(found.sum() / taught, top.loss(params, rows.batch(every)))


def test_influence_is_that_of_the_whole_student_and_reads_lower_layers_once(pair):
    whole = whole_of(pair[0].backbone.name, Adapted(2, "both"))
    params, rows = trained(pair[1]), Rows(encoded(whole), whole.table)
    reached, objective = ({n: torch.randn(p.shape, generator=generator(n, w)) for n, p in params.items()} for w in "ro")
    found = influence(whole, [Waypoint(params, reached)] * 2, objective, rows)
    tangent = {name: 2 * way * reached[name] for name, way in objective.items()}
    wanted = -along(whole, params, tangent, rows.batch(list(range(len(rows)))))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))
    assert top_of(whole).below.read == sum(rows.lengths())  # twice asked, once read


@pytest.mark.parametrize("measure", ["error", "answers"])
def test_the_gradient_of_answers_is_that_of_the_whole_student(pair, measure, monkeypatch):
    params = trained(pair[1])
    found = Answers(reader_of(pair[0].backbone.name), TASK, ASKED, measure).gradient(params)
    monkeypatch.setattr("backend.core.cached.quicker.top_of", lambda student: None)
    wanted = Answers(reader_of(pair[0].backbone.name), TASK, ASKED, measure).gradient(params)
    largest = max(float(g.abs().max()) for g in wanted.values())
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-3 * largest)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(("modules", "count"), [("attention", 2), ("mlp", 2), ("both", 4)])
def test_adapters_lie_where_they_were_asked_for(name, modules, count):
    count += name == "llama-pocket" and modules != "attention"  # its MLP has a third matrix, the gate
    shapes = whole_of(name, Adapted(3, modules)).shapes
    layers = {int(part) for key in shapes for part in key.split(".") if part.isdigit()}
    assert layers == {1, 2, 3} and len(shapes) == 3 * 2 * count


def test_what_cannot_be_is_refused():
    backbone = load_backbone("opt-pocket")
    with pytest.raises(UserError, match="top 5 layers of opt-pocket, which has 4"):
        LoraStudent(backbone, 4, 8, Adapted(5))
    with pytest.raises(UserError, match="no lower layers to keep"):
        TopStudent(LoraStudent(backbone, 4, 8, Adapted(4)))
    with pytest.raises(UserError, match="no modules called 'head'"):
        Adapted(2, "head")
    with pytest.raises(UserError, match="on -1 layers"):
        Adapted(-1)


def test_a_family_that_was_not_compared_is_refused(tiny_models):
    with pytest.raises(UserError, match="gpt2 cannot be parted"):
        TopStudent(whole_of(str(tiny_models["gpt2"]), Adapted(1)))
    assert top_of(whole_of(str(tiny_models["gpt2"]), Adapted(1))) is None
