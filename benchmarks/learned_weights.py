"""Learned weights: what weights of the examples and a schedule of step sizes, learned beside a text, add to it.

    python -m benchmarks.learned_weights [--kept NAME] [--arms ARM ...] [--ways WAY ...] [--updates 24] [--students 6]

The numbers beside a text of a kept comparison: a positive weight for each example, 1 on average; a slope and a curve by
which the step sizes leave the usual schedule; a scale of them for each reader. Three ways to learn them on validation
questions, both readers' expected error counting alike:

    grid      the scale alone, of five, by three students each: the plain rival
    gradient  descent along the exact gradient through AdamW, a new student of each reader and 100 questions an update
    search    evolution: ten perturbed sets of numbers a round share a start, the best four are averaged (mu/mu, lambda)

Then other students learn from the same text by these numbers, and by equal weights at the comparison's step size, and
are asked the second test. A row is an arm, a reader and a way: the gain in points with its 95 % interval.
"""

import json
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from backend import settings
from backend.comparison.bars import DOCS
from backend.comparison.config import ComparisonConfig
from backend.comparison.materials import Materials
from backend.core.devices import set_threads
from backend.core.params import Params
from backend.core.scoring.compare import paired
from backend.core.scoring.score import score_questions
from backend.core.scoring.scored import Scored
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows
from backend.core.text.prompts import Example
from backend.core.training.finetune import learning_rate
from backend.pocket.files import write_second_test
from backend.search.objectives import Answers
from benchmarks.rows import Table, parser, row
from benchmarks.through_adamw import Numbers, Walk, gradient, walk

KEPT = DOCS / "comparisons"
SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
ASKED, GRID_STUDENTS = 100, 3  # validation questions of an update; students of a scale
FAR, AT_MOST = 0.15, 0.15  # an update's largest move of a logarithm; the longest gradient a reader may have a say with
POPULATION, PARENTS, SPREAD, NARROWER = 10, 4, 0.5, 0.93


@dataclass(frozen=True)
class Text:
    """One arm's examples as both readers read them, each with the step size that the comparison chose."""

    materials: Materials
    rows: list[Rows]
    lrs: list[float]
    _plain: dict[tuple[int, int], list[list[Scored]]] = field(default_factory=dict)

    @classmethod
    def of(cls, materials: Materials, kept: Path, arm: str) -> "Text":
        examples = [Example.of(json.loads(line)) for line in (kept / "arms" / f"{arm}.jsonl").open("rb")]
        told = [json.loads(line) for line in (kept / "step_sizes.jsonl").open("rb")]
        sizes = {one["student"]: one["sizes"][0] for one in told if one["arm"] == arm.split("-")[0]}
        readers = materials.judges()
        return cls(materials, [reader.rows(examples) for reader in readers], [sizes[one.name] for one in readers])

    @property
    def free(self) -> int:
        """How many numbers there are to learn."""
        return len(self.rows[0]) + 2 + len(self.lrs)

    def numbers(self, x: Float[Tensor, " free"], reader: int) -> tuple[Tensor, Tensor]:
        """Weights and logarithms of the step sizes. All zero is equal weights and the usual schedule."""
        n, steps = len(self.rows[0]), self.materials.config.steps
        usual = torch.tensor([learning_rate(k, steps, self.lrs[reader]) for k in range(steps)]).log()
        when = torch.linspace(-1, 1, steps)
        bent = x[n] * when + x[n + 1] * (when.square() - 1 / 3)
        return x[:n].exp() / x[:n].exp().mean(), usual + bent + x[n + 2 + reader]

    def begun(self, reader: int, key: object) -> tuple[Params, list[list[int]]]:
        """Start and order, the ones that the comparison's student of this key has."""
        c = self.materials.config
        order = shuffled_batches(len(self.rows[reader]), c.batch, c.steps, generator(c.seed, "comparison order", key))
        return self.materials.judges()[reader].student.initial((c.seed, "comparison", key)), order

    def trained(self, x: Tensor, reader: int, key: object) -> tuple[Walk, Numbers, list[list[int]]]:
        start, order = self.begun(reader, key)
        weights, log_lrs = self.numbers(x.detach(), reader)
        numbers = Numbers(weights, log_lrs.exp())
        student = self.materials.judges()[reader].student
        return walk(student, self.rows[reader], start, order, numbers), numbers, order

    def answers(self, reader: int, questions: Sequence) -> Answers:
        return Answers(self.materials.judges()[reader], self.materials.config.task, questions)

    def error(self, x: Tensor, reader: int, key: object, questions: Sequence) -> float:
        """Expected error of a student by these numbers."""
        return self.answers(reader, questions).value(self.trained(x, reader, key)[0].end)

    def slope(self, x: Tensor, reader: int, key: object, questions: Sequence) -> Float[Tensor, " free"]:
        """d error / d x."""
        walked, numbers, order = self.trained(x, reader, key)
        objective, student = self.answers(reader, questions).gradient(walked.end), self.materials.judges()[reader]
        found = gradient(student.student, self.rows[reader], order, numbers, walked, objective)
        leaf = x.detach().clone().requires_grad_()
        weights, log_lrs = self.numbers(leaf, reader)
        return torch.autograd.grad((weights * found.weights).sum() + (log_lrs * found.lrs).sum(), leaf)[0]

    def tested(self, x: Tensor, reader: int, students: int) -> list[list[Scored]]:
        found, own = [], self.materials.judges()[reader]
        for seed in range(students):
            own.student.put(self.trained(x, reader, seed)[0].end)
            asked = self.materials.test
            found.append(score_questions(own.student.model, own.tokenizer, asked, self.materials.spec))
        return found

    def plainly(self, reader: int, students: int) -> list[list[Scored]]:
        """Students by equal weights and the comparison's own step size; they are trained once."""
        if (reader, students) not in self._plain:
            self._plain[reader, students] = self.tested(torch.zeros(self.free), reader, students)
        return self._plain[reader, students]


def by_grid(text: Text, updates: int) -> Tensor:
    """The scale of each reader whose students err least."""
    x = torch.zeros(text.free)
    for reader in range(len(text.rows)):
        place, found = len(text.rows[0]) + 2 + reader, {}
        for scale in SCALES:
            tried = torch.zeros(text.free)
            tried[place] = math.log(scale)
            keys = [("grid", seed) for seed in range(GRID_STUDENTS)]
            found[scale] = sum(text.error(tried, reader, key, text.materials.validation) for key in keys)
        x[place] = math.log(min(found, key=found.get))
    return x


def by_gradient(text: Text, updates: int) -> Tensor:
    """Adam on the gradient, its step falling to 0. A reader whose student was chaotic has no louder say."""
    x = torch.zeros(text.free, requires_grad=True)
    adam = torch.optim.Adam([x], lr=FAR, betas=(0.8, 0.95))
    for update in range(updates):
        asked = random.Random(f"gradient {update}").sample(text.materials.validation, ASKED)
        slopes = [text.slope(x, reader, ("gradient", update), asked) for reader in range(len(text.rows))]
        x.grad = sum(one * min(1.0, AT_MOST / max(one.norm().item(), 1e-9)) for one in slopes) / len(slopes)
        adam.param_groups[0]["lr"] = FAR * (1 + math.cos(math.pi * update / updates)) / 2
        adam.step()
    return x.detach()


def by_search(text: Text, updates: int) -> Tensor:
    """About as much time as `by_gradient` takes for as many updates."""
    x, shares = (
        torch.zeros(text.free),
        torch.tensor([math.log(PARENTS + 0.5) - math.log(i + 1) for i in range(PARENTS)]),
    )
    for turn in range(math.ceil(updates / ROUND_COSTS)):
        half = torch.randn(POPULATION // 2, text.free, generator=generator("learned weights", turn))
        moves = SPREAD * NARROWER**turn * torch.cat([half, -half])
        asked = random.Random(f"search {turn}").sample(text.materials.validation, 2 * ASKED)
        readers = range(len(text.rows))
        errors = [sum(text.error(x + move, r, ("search", turn), asked) for r in readers) for move in moves]
        best = torch.tensor(errors).argsort()[:PARENTS]
        x = x + (shares / shares.sum()) @ moves[best]
    return x


ROUND_COSTS = 3  # updates of the gradient, about: twenty students to train and judge against two to differentiate
WAYS: dict[str, Callable[[Text, int], Tensor]] = {"grid": by_grid, "gradient": by_gradient, "search": by_search}


def measured(text: Text, arm: str, way: str, updates: int, students: int) -> Iterator[dict]:
    """The rows of an arm and a way. A student by learned numbers shares start and order with one of equal weights."""
    readers, begin = [reader.name for reader in text.materials.judges()], time.process_time()
    x = WAYS[way](text, updates)
    took = time.process_time() - begin
    for number, reader in enumerate(readers):
        gain = paired(text.tested(x, number, students), text.plainly(number, students))
        told = f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}; weights {spread(text, x)}; {took:.0f} s to learn"
        yield row(f"{arm}, {reader}: {way}, over {100 * gain.mean_b:.1f} %", 100 * gain.difference, "points", told)


def spread(text: Text, x: Tensor) -> str:
    weights = text.numbers(x, 0)[0]
    return f"{weights.min().item():.2f} to {weights.max().item():.2f}"


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--kept", default="pocket-1-opt-v5", help="a folder of docs/comparisons")
    found.add_argument("--arms", nargs="+", default=["text", "balanced", "random-0"])
    found.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    found.add_argument("--updates", type=int, default=24)
    found.add_argument("--students", type=int, default=6)
    args = found.parse_args(argv)
    set_threads(1)
    kept = KEPT / args.kept
    told = json.loads((kept / "config.json").read_text("utf-8"))["config"]
    with tempfile.TemporaryDirectory() as folder:
        write_second_test(Path(folder))
        materials = Materials(settings.build(ComparisonConfig, told | {"data_dir": folder, "outsider": ""}))
        with Table.of("learned_weights", args) as table:
            texts = {arm: Text.of(materials, kept, arm) for arm in args.arms}
            wanted = [(arm, way) for arm in args.arms for way in args.ways]
            parts = [(f"{arm}, {way}", partial(measured, texts[arm], arm, way)) for arm, way in wanted]
            table.within((name, partial(part, args.updates, args.students)) for name, part in parts)


if __name__ == "__main__":
    main()
