"""What if a text were another: fresh students of the edited and of the unedited texts, question by question.

A student is one of the run's own, in the ordinary regime: its start, its order, its steps. Each model trains in a
thread of its own, since two threads on one small product wait for each other. What a set of texts came to is kept, so
an edit costs only the edited set. Knows a run folder's config and texts; no screen.
"""

import random
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import lru_cache
from statistics import fmean

import torch

from backend.core.devices import set_threads
from backend.core.models.readers import Reader
from backend.core.params import Params
from backend.core.scoring.compare import paired
from backend.core.scoring.score import score_questions
from backend.core.scoring.scored import METRICS, Scored
from backend.core.text.examples import Rows
from backend.core.text.prompts import Example
from backend.core.text.tasks import Question, find_task, to_example
from backend.core.text.text_data import load_questions
from backend.core.training.finetune import Diverged
from backend.core.training.stacked import Pupil, finetuned_each
from backend.limits.hosts import HOSTS, LOCAL, Host
from backend.runs.folder import RunDir
from backend.settings import build, from_saved
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.edits import LONGEST_TEXT, Edit, Text, read_edits, texts_of, with_edits
from backend.studies.text_distillation.evaluate import fresh_start, ordinary_order, ordinary_plan

STUDENTS = 3  # of each model, and as many again of the unedited texts
QUESTIONS = 300  # the first ones of the test
SCORING = 12  # training steps that take as long as these questions
MOST_KEPT = 60  # sets of texts with their answers, about 0.4 MB each
TOLD_S = 0.25
MOST_TOLD = 100  # free answers with their figures: nearly every one changes a little
LIMITED = (
    "task",
    "data_dir",
    "data_file",
    "lora_rank",
    "finetune_steps",
    "finetune_batch",
)  # what a public host has an end for


@dataclass(frozen=True)
class Case:
    """A run's texts before and after the edits, and the test questions, with how many there are in all."""

    config: DistillConfig
    before: tuple[Text, ...]
    after: tuple[Text, ...]
    asked: tuple[Question, ...]
    of: int


def what_if(
    _shelf: object, run: str, edits: object, host: str = LOCAL, students: int = STUDENTS, questions: int = QUESTIONS
) -> Generator[dict, None, dict]:
    """What the edits change: yields `{"share"}`, how much of the work is done, and returns what `answer_of` makes.

    Raises UserError for a run without texts, for edits that cannot be used, and for what the host forbids.
    """
    case = make_case(RunDir(run), edits, HOSTS[host], questions)
    readers = [reader_of(name, case.config.lora_rank, case.config.lora_alpha) for name in models_of(case.config)]
    works = [Work(reader, case, students) for reader in readers]
    total = sum(work.total for work in works)
    with ThreadPoolExecutor(len(works), initializer=set_threads, initargs=(torch.get_num_threads(),)) as pool:
        running = [pool.submit(work.do) for work in works]
        while wait(running, TOLD_S, FIRST_EXCEPTION).not_done:
            if failed := next((one.exception() for one in running if one.done() and one.exception()), None):
                for work in works:
                    work.ended = True  # nobody waits for the other model any more
                raise failed
            yield {"share": sum(work.done for work in works) / total}
    return answer_of(case, readers, [one.result() for one in running])


def make_case(run: RunDir, edits: object, host: Host, questions: int) -> Case:
    """Everything that is asked for, checked before any student is trained."""
    config = build(DistillConfig, from_saved(DistillConfig, run.config()["config"]))
    before = texts_of(run)
    longest = LONGEST_TEXT
    if host.waited:
        longest = host.waited.characters
        host.waited.admit(models_of(config), len(before))
        host.admit(DistillConfig, {name: getattr(config, name) for name in LIMITED})
    wanted = read_edits(edits, len(before), longest)
    source, begin = config.own_data, config.counted_from
    train = load_questions(config.task, "train", source, config.train_limit or None, begin)
    test = load_questions(config.task, "test", source, answers_from=begin)
    asked = load_questions(config.task, "test", source, questions, begin)
    after = with_edits(before, wanted, lambda edit, texts: drawn(config, train, edit, texts))
    return Case(config, tuple(before), tuple(after), tuple(asked), len(test))


def drawn(config: DistillConfig, train: Sequence[Question], edit: Edit, texts: Sequence[Text]) -> Example:
    """A random question of the training set that is none of the run's texts; the edit's number is its seed."""
    there, spec = {text.question for text in texts}, find_task(config.task)
    order = random.Random(f"{config.seed}/{edit.slot}/{edit.real}").sample(range(len(train)), len(train))
    examples = (to_example(train[i], spec) for i in order)
    return next((one for one in examples if Text.of(0, one).question not in there), to_example(train[order[0]], spec))


def models_of(config: DistillConfig) -> list[str]:
    """Whose students are trained: the run's own model, and the other one where it has one."""
    return list(dict.fromkeys(name for name in (config.model, config.other_model) if name))


@lru_cache(maxsize=2)
def reader_of(name: str, rank: int, alpha: int) -> Reader:
    """A model to train and to score; the last two stay loaded."""
    return Reader(name, rank, alpha, [Example("", "x")])


Answers = tuple[tuple[Scored, ...], ...]  # a student's answers, for each student
_kept: dict[tuple, Answers] = {}
_keeping = threading.Lock()


class Work:
    """One model's students of both sets of texts. `done` and `total` count steps of one student."""

    def __init__(self, reader: Reader, case: Case, students: int):
        self.reader, self.case, self.students, self.done, self.ended = reader, case, students, 0, False
        self.sets = [tuple(text.example for text in texts) for texts in (case.before, case.after)]
        self.rows = [reader.rows(list(examples)) for examples in self.sets]  # UserError for a text that does not fit
        missing = len({examples for examples in self.sets if self._key(examples) not in _kept})
        self.total = max(1, missing * students * (case.config.finetune_steps + SCORING))

    def do(self) -> tuple[Answers, Answers]:
        """The answers of the students of the unedited texts, then of the edited ones."""
        return tuple(self._answers(*one) for one in zip(self.sets, self.rows, strict=True))

    def _key(self, examples: tuple[Example, ...]) -> tuple:
        c = self.case.config
        plan = (ordinary_plan(c), c.finetune_batch, c.seed, c.task, self.students)
        return (self.reader.fingerprint, c.lora_rank, c.lora_alpha, plan, examples, self.case.asked)

    def _answers(self, examples: tuple[Example, ...], rows: Rows) -> Answers:
        key = self._key(examples)
        if (found := _kept.get(key)) is None:
            found = self._trained(rows)
            with _keeping:
                _kept[key] = found
                while len(_kept) > MOST_KEPT:
                    del _kept[next(iter(_kept))]
        return found

    def _trained(self, rows: Rows) -> Answers:
        c, reader = self.case.config, self.reader
        pupils = [
            Pupil(rows, fresh_start(reader, c, seed), ordinary_order(c, len(rows), seed))
            for seed in range(self.students)
        ]
        ends = finetuned_each(reader.student, pupils, ordinary_plan(c), self._step)
        if any(end is None for end in ends):
            raise Diverged("A student trained on these texts diverged.", "a finite loss", "Undo the last change.")
        return tuple(self._scored(end) for end in ends)

    def _scored(self, end: Params) -> tuple[Scored, ...]:
        student, threads = self.reader.student, torch.get_num_threads()
        student.put(end)
        found = score_questions(
            student.model, self.reader.tokenizer, self.case.asked, self.case.config.task, threads=threads
        )
        self._step(SCORING)
        return tuple(found)

    def _step(self, steps: int) -> None:
        if self.ended:
            raise RuntimeError("The other model's students failed, so nobody waits for these.")
        self.done += steps


def answer_of(case: Case, readers: Sequence[Reader], sides: Sequence[tuple[Answers, Answers]]) -> dict:
    """Plain values: how many questions, students and texts; the texts as they are now; and for each model what judges
    it before and after, one value for each student, the paired difference with its metric, and the answers on both
    sides to the questions that flipped, of free ones to those that differ most.
    """
    return {
        "task": case.config.task,
        "questions": len(case.asked),
        "of": case.of,
        "before": len(case.before),
        "texts": [{"slot": text.slot, "question": text.question, "answer": text.answer} for text in case.after],
        "readers": [told_of(reader.name, *side) for reader, side in zip(readers, sides, strict=True)],
    }


def told_of(name: str, before: Answers, after: Answers) -> dict:
    """What the edits changed for one model."""
    found = paired(after, before)
    flipped = {*found.gained, *found.lost}
    if found.metric not in METRICS:
        flipped = set(most_apart(after, before, found.metric, MOST_TOLD))
    rows = [[[item.as_row() for item in one if item.id in flipped] for one in side] for side in (after, before)]
    return {
        "name": name,
        "before": [mean(one, found.metric) for one in before],
        "after": [mean(one, found.metric) for one in after],
        "paired": asdict(found),
        "flipped": rows,
    }


def mean(answers: Sequence[Scored], metric: str) -> float:
    """What judges a student."""
    return fmean(item.value(metric) for item in answers)


def most_apart(a: Answers, b: Answers, metric: str, most: int) -> list[str]:
    """At most so many questions, those first on which two sides differ most."""
    sums: dict[str, float] = {}
    for sign, side in ((1 / len(a), a), (-1 / len(b), b)):
        for item in (item for one in side for item in one):
            sums[item.id] = sums.get(item.id, 0.0) + sign * item.value(metric)
    return sorted((name for name in sums if sums[name]), key=lambda name: (-abs(sums[name]), name))[:most]
