"""Writing: questions with answers that nobody wrote, by a model that was taught whole texts of the pool.

All of its weights are taught: the bundled models have never read a question mark, and adapters leave the table of
tokens as it is. What it writes may be false. Knows examples and a model; not which of the texts are taken (written.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backend.core.models.adapters import make_student
from backend.core.models.backbones import context_length, load_backbone
from backend.core.models.continuing import Sampling, continued, draws_of, pad_id
from backend.core.models.lora import Student
from backend.core.models.readers import Reader
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.examples import Rows, check_lengths, encode
from backend.core.text.facts import Fact
from backend.core.text.lengths import length_class
from backend.core.text.prompts import ANSWER_SUFFIX, QUESTION_PREFIX, Example
from backend.core.text.shown import decoded
from backend.core.text.tasks import Question, TaskSpec
from backend.core.text.token_ids import asked_ids
from backend.core.training.finetune import Plan, finetuned
from backend.search.court import as_example
from backend.search.moves import Draft, Material
from backend.search.written import written_once

AT_ONCE = 100  # texts of a batch
ROOM = 8  # tokens that a text may be longer than the longest of the pool


@dataclass(frozen=True)
class Writing:
    """How a writer is taught, and how much it writes: so many AdamW steps over so many of the pool's texts, then so
    many samples at a temperature, of the likeliest tokens that together reach `top_p`."""

    texts: int = 1000
    steps: int = 300
    batch: int = 32
    lr: float = 2e-3
    temperature: float = 1.0
    top_p: float = 0.95


WRITING = Writing()


def with_written(
    material: Material,
    own: Reader,
    spec: TaskSpec,
    file: Path,
    kept_out: Callable[[], Sequence[Question]],
    seed: int,
    facts: Sequence[Fact] = (),
) -> Material:
    """The material with the questions of a writer, which is the own reader's model. They are written once, into the
    file. `kept_out` gives the questions of validation and test, which none of them may be like; nor may one ask what
    they ask, as far as `facts` tells."""

    def length(draft: Draft) -> int:
        [encoded] = own.rows([as_example(draft, spec)]).examples
        return length_class(len(encoded.answer), spec.free)

    found = written_once(
        file,
        lambda: write(own.name, material.drafts, WRITING, seed),
        lambda draft: length(draft) in material.lengths,
        material.drafts,
        kept_out,
        facts,
    )
    return replace(material, written=found, written_lengths=tuple(map(length, found)))


def write(model: str, drafts: Sequence[Draft], writing: Writing, seed: int) -> list[tuple[str, str]]:
    """Questions and answers by the model of this name, taught the drafts. A text that did not come to an end, or has no
    answer, is a question without one. Follows from the seed. Costs a training of all weights, 20 bytes a parameter."""
    student = make_student(load_backbone(model, trained=True), "full", 0, 0)
    rows = _rows(student, drafts)
    order = shuffled_batches(len(rows), writing.batch, writing.steps, generator(seed, "writer"))
    student.put(finetuned(student, rows, student.initial(seed), order, Plan(writing.steps, writing.lr, clip=1.0)))
    most = max(rows.lengths()) + ROOM
    return [parted(text) for text in _sampled(student, most, writing, seed)]


def as_text(draft: Draft) -> Example:
    """A question with its answer as one text to be taught, behind the words that a writer is asked with."""
    return Example(QUESTION_PREFIX.strip(), f"{draft.question}{ANSWER_SUFFIX} {draft.answer}")


def parted(text: str) -> tuple[str, str]:
    """The question and the answer of a text as it was taught; no answer where none is found."""
    question, _, answer = text.partition(ANSWER_SUFFIX)
    return question.strip(), answer.strip()


def _rows(student: Student, drafts: Sequence[Draft]) -> Rows:
    encoded = [encode(student.backbone.tokenizer, as_text(draft)) for draft in drafts]
    check_lengths(encoded, context_length(student.backbone))
    return Rows(encoded, student.table)


def _sampled(student: Student, most: int, writing: Writing, seed: int) -> list[str]:
    """The texts that came to an end; the others as far as their question."""
    tokenizer, found = student.backbone.tokenizer, []
    asked, end = asked_ids(tokenizer, QUESTION_PREFIX.strip()), tokenizer.eos_token_id
    most = min(most, context_length(student.backbone) - len(asked))
    sampling = Sampling(writing.temperature, writing.top_p)
    for first in range(0, writing.texts, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, writing.texts))
        draws = draws_of([generator(seed, "written", number) for number in numbers], most)
        prompts = [asked] * len(numbers)
        for ids in continued(student.model, prompts, most, end, pad_id(tokenizer), sampling, draws):
            text = decoded(tokenizer, ids, skip_special_tokens=True)
            found.append(text if ids[-1:] == [end] else text.partition(ANSWER_SUFFIX)[0])
    return found
