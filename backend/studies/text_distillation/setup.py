"""What every stage of a run needs, built once from its config: models, real rows, and the prompts' beginnings.

Knows how names become models and files become rows; trains nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import torch

from backend.core.models.nearest_tokens import NearestTokens, writable_ids
from backend.core.models.readers import Reader
from backend.core.seeding import generator
from backend.core.text.batches import Encoded
from backend.core.text.examples import encode
from backend.core.text.prompts import ANSWER_SUFFIX, Example
from backend.core.text.tasks import Question, find_task, framed, to_example
from backend.core.text.text_data import load_questions
from backend.core.text.token_ids import prompt_ids
from backend.errors import UserError
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.experts import Recipe
from backend.studies.text_distillation.synthetic import SyntheticPrompts, check_fits, make_slots

EXACT_LAYOUTS = ("prompt", "chat")  # the words around a question are not ours


def common_ends(a: Sequence[int], b: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What two lists of ids begin with and what they end with."""
    before = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest = list(zip(reversed(a[before:]), reversed(b[before:]), strict=False))
    after = next((i for i, (x, y) in enumerate(rest) if x != y), len(rest))
    return tuple(a[:before]), tuple(a[len(a) - after :])


class Setup:
    """The study's materials. Raises UserError for anything in the config that does not exist or does not fit."""

    def __init__(self, config: DistillConfig):
        self.config, self.spec = config, find_task(config.task)
        self.train = self._questions("train", config.train_limit)
        if config.prompts > len(self.train):
            raise UserError(
                f"prompts is {config.prompts}, but {config.task} has {len(self.train)} training questions.",
                "fewer synthetic prompts than real questions",
                "Lower prompts, or raise train_limit.",
            )
        self.own = self._reader(config.model)
        self.init_rows = self._choose_init()

    @cached_property
    def train_examples(self) -> list[Example]:
        """All training questions as examples."""
        return [to_example(question, self.spec) for question in self.train]

    def _reader(self, name: str) -> Reader:
        return Reader(name, self.config.lora_rank, self.config.lora_alpha, self.train_examples)

    def _questions(self, split: str, limit: int) -> list[Question]:
        c = self.config
        return load_questions(c.task, split, c.own_data, limit or None, c.counted_from)

    @cached_property
    def test(self) -> list[Question]:
        return self._questions("test", self.config.test_limit)

    @cached_property
    def other(self) -> Reader | None:
        """The second reader, loaded when first asked for."""
        return self._reader(self.config.other_model) if self.config.other_model else None

    def readers(self) -> list[Reader]:
        return [self.own] + ([self.other] if self.config.other_model else [])

    @cached_property
    def recipe(self) -> Recipe:
        c = self.config
        data = hashlib.sha256(repr(self.own.train.examples).encode()).hexdigest()[:16]
        return Recipe(
            self.own.fingerprint,
            data,
            c.inner_rule,
            c.expert_steps,
            c.expert_batch,
            c.expert_lr,
            c.lora_rank,
            c.lora_alpha,
            c.seed,
        )

    def _choose_init(self) -> list[int]:
        """Training rows the prompts start from: those of the data set `start`; without one, at random among those that
        fit, then the shortest others."""
        if self.config.start:
            return self._named_rows(Path(self.config.start))
        lengths = [len(self._question_ids(q)) for q in self.train]
        order = torch.randperm(len(self.train), generator=generator(self.config.seed, "init")).tolist()
        order.sort(key=lambda i: max(0, lengths[i] - self.config.prompt_tokens))  # stable: random among the fitting
        return order[: self.config.prompts]

    def _named_rows(self, file: Path) -> list[int]:
        """The training rows whose ids the data set's provenance names. Raises UserError where they do not fit."""
        numbers = {question.id: number for number, question in enumerate(self.train)}
        try:
            rows = [json.loads(line)["provenance"]["id"] for line in file.read_text(encoding="utf-8").splitlines()]
            found = [numbers[name] for name in rows]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{file.name} does not name training questions of {self.config.task} ({type(error).__name__}).",
                "a data set of real questions as `compare` writes it, each with provenance.id",
                "Correct start, or leave it empty.",
            ) from error
        if len(found) != self.config.prompts or len(set(found)) < len(found):
            raise UserError(
                f"{file.name} names {len(set(found))} different questions, but prompts is {self.config.prompts}.",
                "one question for each prompt",
                f"Set prompts to {len(set(found))}.",
            )
        return found

    def _frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Token ids that stand before and after every question: the task's own words, or those of the model's chat
        template, with what the tokenizer itself puts there."""
        tokenizer = self.own.tokenizer
        if self.spec.layout in EXACT_LAYOUTS:
            return common_ends(*(encode(tokenizer, framed(text, "x", self.spec)).prompt for text in ("x", "one two")))
        before = prompt_ids(tokenizer, "Question:")
        after = prompt_ids(tokenizer, "Question: x" + ANSWER_SUFFIX)[len(prompt_ids(tokenizer, "Question: x")) :]
        return tuple(before), tuple(after)

    def _question_ids(self, question: Question) -> tuple[int, ...]:
        if self.spec.layout in EXACT_LAYOUTS:
            before, after = self._frame()
            ids = encode(self.own.tokenizer, framed(question.question, "x", self.spec)).prompt
            return ids[len(before) : len(ids) - len(after)]
        before = prompt_ids(self.own.tokenizer, "Question:")
        return tuple(prompt_ids(self.own.tokenizer, "Question: " + question.question)[len(before) :])

    @cached_property
    def synthetic(self) -> SyntheticPrompts:
        before, after = self._frame()
        questions = []
        for example, row in zip(self.init_examples, self.init_rows, strict=True):
            answer = encode(self.own.tokenizer, example).answer
            questions.append(Encoded(self._question_ids(self.train[row]), answer))
        slots = make_slots(questions, before, after, self.config.prompt_tokens, self.config.layout)
        check_fits(slots, self.own.context)
        return SyntheticPrompts(slots, self.own.student.table)

    @cached_property
    def nearest(self) -> NearestTokens:
        table = self.own.student.table
        return NearestTokens(table, writable_ids(self.own.tokenizer, len(table)))

    @cached_property
    def init_examples(self) -> list[Example]:
        """The real questions the prompts start from, untouched."""
        return [self.train_examples[i] for i in self.init_rows]

    def text_examples(self, texts: list[str]) -> list[Example]:
        """Decoded prompts as examples that any model can read; in the prefix layout the real question follows."""
        examples = []
        for text, real, row in zip(texts, self.init_examples, self.init_rows, strict=True):
            whole = f"{text} {self.train[row].question}" if self.config.layout == "prefix" else text
            examples.append(framed(whole, real.answer, self.spec))
        return examples
