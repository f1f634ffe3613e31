"""Influence is the derivative it says it is, and foretells what another example would have changed; objectives too.

All of it in double precision, so that a difference of tiny steps can be seen.
"""

from dataclasses import replace

import pytest
import torch

from backend.core.models.readers import Reader
from backend.core.params import as_leaves, gradients, inner_product
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.batches import Encoded
from backend.core.text.examples import Rows
from backend.core.text.tasks import Question, find_task, to_example
from backend.core.training import influence as module
from backend.core.training.finetune import Plan, finetuned
from backend.core.training.influence import Waypoint, along, grouped, influence, reach, token_slopes, walk
from backend.search.objectives import Answers, Matching
from tests.double import EXACT, relative
from tests.tiny import FACTS

pytestmark = pytest.mark.usefixtures("double")
SPEC = find_task("arc_easy")
QUESTIONS = [Question(f"toy_{i}", text, options, answer) for i, (text, options, answer) in enumerate(FACTS)]
ASKED = QUESTIONS[10:]
PLAN = Plan(6, 0.01)
# A central difference is off by the square of its step, 1e-10, times third derivatives, and by double's 1e-16 over the
# step, 1e-11, times the value: five digits leave room for both.
TINY, DIFFERENCE = 1e-5, 1e-5


@pytest.fixture(scope="module", params=["opt", "llama"])
def reader(request, tiny_models, double) -> Reader:
    return Reader(str(tiny_models[request.param]), 2, 4, [to_example(question, SPEC) for question in QUESTIONS])


def noise(reader: Reader, key: str, scale: float) -> dict:
    rng = generator("test influence", key)
    return {name: scale * torch.randn(shape, generator=rng) for name, shape in reader.student.shapes.items()}


def moved(params: dict, way: dict, by: float) -> dict:
    return {name: p + by * way[name] for name, p in params.items()}


def away(reader: Reader) -> dict:
    """Parameters away from the start, where half of the gradient is 0."""
    return moved(reader.student.initial(0), noise(reader, "away", 0.1), 1)


def one_by_one(reader: Reader, params: dict, rows: Rows) -> list[dict]:
    """The naive twin: one backward pass a row, in a batch of its own. A sum over the row's answer tokens."""
    found = []
    for row, example in enumerate(rows.examples):
        leaves = as_leaves(params)
        loss = reader.student.loss(leaves, rows.batch([row])) * len(example.answer)
        found.append(gradients(loss, leaves))
    return found


def close(found: torch.Tensor, expected: torch.Tensor, rel: float = EXACT) -> bool:
    return relative(found, expected) < rel


def test_along_is_the_inner_product_of_each_rows_gradient_with_the_tangent(reader):
    params, tangent = away(reader), noise(reader, "tangent", 1)
    rows = Rows(reader.train.examples[:6], reader.train.table)
    assert len({len(e.prompt) for e in rows.examples}) > 2 and len({len(e.answer) for e in rows.examples}) > 2
    expected = torch.stack([inner_product(g, tangent) for g in one_by_one(reader, params, rows)])
    assert close(along(reader.student, params, tangent, rows.batch(list(range(6)))), expected)


def test_influence_is_minus_the_preconditioned_product_summed_over_the_waypoints(reader):
    points = [Waypoint(away(reader), {n: g.abs() for n, g in noise(reader, "a", 1).items()}),
              Waypoint(reader.student.initial(1), {n: g.abs() for n, g in noise(reader, "b", 1).items()})]  # fmt: skip
    objective = noise(reader, "objective", 1)
    expected = torch.zeros(len(reader.train))
    for point in points:
        way = {name: g * point.reach[name] for name, g in objective.items()}
        expected -= torch.stack([inner_product(g, way) for g in one_by_one(reader, point.params, reader.train)])
    assert close(influence(reader.student, points, objective, reader.train), expected)


def test_neither_padding_nor_grouping_changes_influence(reader, monkeypatch):
    points = [Waypoint(away(reader), noise(reader, "reach", 1))]
    objective = noise(reader, "objective", 1)
    together = influence(reader.student, points, objective, reader.train)
    slopes = token_slopes(reader.student, points, objective, reader.train)
    monkeypatch.setattr(module, "grouped", lambda rows, _: grouped(rows, 1))
    assert all(len(group) == 1 for group, _ in grouped(reader.train, 1)) and len(grouped(reader.train)) < 4
    assert close(influence(reader.student, points, objective, reader.train), together)
    alone = token_slopes(reader.student, points, objective, reader.train)
    assert all(close(a, b) for a, b in zip(alone, slopes, strict=True))


def test_groups_hold_every_row_once_within_their_tokens(reader):
    found = grouped(reader.train, 120)
    assert sorted(row for group, _ in found for row in group) == list(range(len(reader.train)))
    assert len(found) > 2
    assert all(len(group) == 1 or batch.mask.numel() <= 130 for group, batch in found)
    assert grouped(Rows([], reader.train.table)) == []


def test_a_waypoints_reach_is_how_far_adam_moves_there(reader):
    """One AdamW step by hand from a recorded state: reach times Adam's own momentum is the displacement."""
    order = shuffled_batches(len(reader.train), 4, PLAN.steps, generator("order"))
    states = {}
    for step in module.finetune(
        reader.student, module.FinetuneState.fresh(reader.student.initial(0)),
        lambda k: reader.train.micro_batches(order[k]), PLAN,
    ):  # fmt: skip
        states[step.step] = step.state()
    before, after = states[4], states[5]
    for name, p in reach(before, PLAN).items():
        m, v = (after.moments[name][key] for key in ("exp_avg", "exp_avg_sq"))
        step = (before.params[name] - after.params[name]) * ((v / (1 - 0.999**5)).sqrt() + 1e-8) / (m / (1 - 0.9**5))
        now = p * ((before.moments[name]["exp_avg_sq"] / (1 - 0.999**4)).sqrt() + 1e-8)
        assert torch.allclose(step.nanmean(), now.mean(), rtol=1e-2)  # the same step size over another root


def test_a_walk_ends_where_finetuning_does_and_stops_at_its_waypoints(reader):
    order = shuffled_batches(8, 3, PLAN.steps, generator("walk"))
    start, rows = reader.student.initial(3), Rows(reader.train.examples[:8], reader.train.table)
    points, end = walk(reader.student, rows, start, order, PLAN, {2, 5})
    assert len(points) == 2
    expected = finetuned(reader.student, rows, start, order, PLAN)
    assert all(torch.equal(end[name], p) for name, p in expected.items())
    assert not all(torch.equal(points[0].params[name], points[1].params[name]) for name in end)


@pytest.mark.parametrize("measure", ["error", "answers"])
@pytest.mark.parametrize("step", [1e-4, 1e-5])
def test_influence_foretells_an_exchanged_row_in_one_small_step(reader, step, measure):
    """The size by a preconditioned step of the student, the sign by all that is not tiny. What is left is of second
    order: ten times less for a tenth of the step."""
    params, weights = away(reader), {n: g.abs() for n, g in noise(reader, "weights", step).items()}
    judge = Answers(reader, "arc_easy", ASKED, measure)
    slope = judge.gradient(params)
    rows = Rows(reader.train.examples[:8], reader.train.table)
    found = influence(reader.student, [Waypoint(params, weights)], slope, rows)
    single = one_by_one(reader, params, rows)
    foretold, actual = [], []
    for other in range(1, 8):
        ends = [{n: p - weights[n] * single[row][n] for n, p in params.items()} for row in (0, other)]
        foretold.append(float(found[other] - found[0]))
        actual.append(judge.value(ends[1]) - judge.value(ends[0]))
    foretold, actual = torch.tensor(foretold), torch.tensor(actual)
    assert close(foretold, actual, 0.1 if step == 1e-4 else 0.02)
    large = actual.abs() > actual.abs().max() / 20
    assert large.sum() > 3 and (foretold.sign() == actual.sign())[large].all()


def naive_value(reader: Reader, params: dict, measure: str) -> float:
    """The error, or the loss, over options: one row at a time."""
    rows, total, at = Answers(reader, "arc_easy", ASKED)._rows(), 0.0, 0
    with torch.no_grad():
        losses = torch.cat([reader.student.row_losses(params, rows.batch([i])) for i in range(len(rows))])
    for question in ASKED:
        mine = -losses[at : at + len(question.options)]
        right = mine[question.answer] - torch.logsumexp(mine, 0)
        total += float(1 - right.exp() if measure == "error" else -right)
        at += len(question.options)
    return total / len(ASKED)


def test_influence_ranks_what_real_training_finds(reader):
    """Over a whole training with AdamW's momentum, exchanging one row for every other: far better than chance."""
    rows, start = Rows(reader.train.examples[:6], reader.train.table), reader.student.initial(5)
    order, plan = [list(range(6))] * 8, Plan(8, 0.005)
    judge = Answers(reader, "arc_easy", ASKED, "answers")
    points, end = walk(reader.student, rows, start, order, plan, range(3, 8))
    slope = judge.gradient(end)
    effect = influence(reader.student, points, slope, reader.train)
    foretold, actual = [], []
    for slot, other in ((slot, other) for slot in range(3) for other in range(6, 16)):
        changed = [reader.train.examples[other if i == slot else i] for i in range(6)]
        foretold.append(float(effect[other] - effect[slot]))
        actual.append(judge.value(finetuned(reader.student, replace(rows, examples=changed), start, order, plan)))
    assert torch.corrcoef(torch.tensor([foretold, actual]))[0, 1] > 0.6  # of 30; by chance it is below 0.5


def test_token_slopes_are_finite_differences_of_influence(reader):
    """The last token of a prompt and one in its middle are moved a little."""
    student, reached = reader.student, {n: g.abs() for n, g in noise(reader, "reach", 1).items()}
    params, objective = away(reader), noise(reader, "objective", 1)
    rows = Rows(reader.train.examples[:3], reader.train.table)
    slopes = token_slopes(student, [Waypoint(params, reached)] * 2, objective, rows)
    tangent = {n: g * reached[n] for n, g in objective.items()}
    for row, place in ((0, -1), (1, 3), (2, 0)):
        batch = rows.batch([row])
        at = len(rows.examples[row].prompt) + place if place < 0 else place
        way, sides = torch.randn(rows.table.shape[1], generator=generator(row)), []
        for sign in (1, -1):
            embeds = batch.embeds.clone()
            embeds[0, at] += sign * TINY * way
            sides.append(-2 * float(along(student, params, tangent, replace(batch, embeds=embeds))[0]))
        assert float(slopes[row][at] @ way) == pytest.approx((sides[0] - sides[1]) / (2 * TINY), rel=DIFFERENCE)
    assert [len(slope) for slope in slopes] == [len(e.prompt) for e in rows.examples]


def test_row_losses_are_summed_over_answer_tokens_alone(reader):
    params, rows = away(reader), Rows(reader.train.examples[:4], reader.train.table)
    found = reader.student.row_losses(params, rows.batch([0, 1, 2, 3]))
    for row, example in enumerate(rows.examples):
        logits = reader.student.answer_logits(params, rows.batch([row]))[0].log_softmax(-1)
        assert float(found[row]) == pytest.approx(
            -sum(float(logits[i, t]) for i, t in enumerate(example.answer)), EXACT
        )


# objectives


@pytest.mark.parametrize("kind", ["error", "answers", "matching"])
def test_an_objectives_gradient_is_a_finite_difference_of_its_value(reader, kind):
    start, order = reader.student.initial(2), shuffled_batches(len(reader.train), 4, 3, generator("match"))
    judge = (
        Answers(reader, "arc_easy", ASKED, kind)
        if kind != "matching"
        else Matching(reader, start, order, Plan(3, 0.05))
    )  # fmt: skip
    end = away(reader)
    slope = judge.gradient(end)
    unit = {name: g / inner_product(slope, slope).sqrt() for name, g in slope.items()}  # where it rises fastest
    for way in (unit, moved(noise(reader, "way", 0.05), unit, 1)):
        found = (judge.value(moved(end, way, TINY)) - judge.value(moved(end, way, -TINY))) / (2 * TINY)
        assert found == pytest.approx(float(inner_product(slope, way)), rel=DIFFERENCE)


def test_the_answers_objective_does_not_depend_on_its_batches(reader, monkeypatch):
    judge, end = Answers(reader, "arc_easy", ASKED), away(reader)
    together = judge.gradient(end)
    monkeypatch.setattr(f"{Answers.__module__}.grouped", lambda rows, _: grouped(rows, 1))
    alone = judge.gradient(end)
    assert all(close(alone[name], g) for name, g in together.items() if g.norm() > 1e-3)


def test_matching_is_0_for_the_experts_own_data_and_1_at_the_start(reader):
    start, plan = reader.student.initial(4), Plan(3, 0.02)
    order = shuffled_batches(len(reader.train), 4, 3, generator("expert"))
    judge = Matching(reader, start, order, plan)
    assert judge.value(start) == 1
    assert judge.value(finetuned(reader.student, reader.train, start, order, plan)) == 0
    some = Rows(reader.train.examples[:4], reader.train.table)
    assert 0 < judge.value(finetuned(reader.student, some, start, [[0, 1, 2, 3]] * 3, plan)) != 1


@pytest.mark.parametrize("measure", ["error", "answers"])
def test_options_are_read_as_they_are_scored_without_the_end_of_text(reader, measure):
    judge = Answers(reader, "arc_easy", ASKED, measure)
    rows = judge._rows()
    assert len(rows) == sum(len(question.options) for question in ASKED)
    end = reader.tokenizer.eos_token_id
    assert all(isinstance(e, Encoded) and end not in e.answer for e in rows.examples)
    assert judge.value(away(reader)) == pytest.approx(naive_value(reader, away(reader), measure), rel=EXACT)
