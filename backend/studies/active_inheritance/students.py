"""One student: LoRA on a model that is taught the chosen texts step by step, and saved as a folder that loads anywhere.

Knows a config, the pool and one cell. Loss rows go to metrics.jsonl as they come; a checkpoint every few updates lets a
killed training resume to the same numbers.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from transformers import PreTrainedTokenizerBase

from backend.core.models.backbones import context_length, load_backbone
from backend.core.models.lora import LoraStudent
from backend.core.seeding import generator, shuffled_batches
from backend.core.text.batches import Encoded
from backend.core.text.chat import reading
from backend.core.text.examples import Rows, check_lengths, encode, tokens_at_once
from backend.core.text.token_ids import scored_ids
from backend.core.training.finetune import Plan, finetune
from backend.core.training.finetune_state import FinetuneState
from backend.runs.folder import RunDir
from backend.runs.progress import Stopped
from backend.studies.active_inheritance.cells import RANDOM, Cell, chosen, name_of, student_of, texts_of
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.prompts import Prompt

STATE, ADAPTER = "state.safetensors", "adapter"
CLIP = 1.0  # largest norm of a gradient: a first step on one odd batch should not end a student
EVERY = 10  # updates between two checkpoints
SCALE = 2  # alpha over rank, as in Hu et al. 2021 for language models


class Trainer:
    """Trains cells of one config. `look_up` is called at every step and may raise."""

    def __init__(self, config: ActiveConfig, run_dir: RunDir, pool: Sequence[dict], look_up: Callable[[], None] | None):
        self.config, self.run_dir, self._pool, self._look_up = config, run_dir, pool, look_up
        self._names = [name_of(spec) for spec in (config.talker, config.second_talker)]
        self._students: dict[str, LoraStudent] = {}

    def train(self, cell: Cell, folder: Path) -> int:
        """From the last checkpoint, or the beginning, to the saved adapter; how many texts an update had.

        Raises Stopped when asked to stop, Diverged where the loss is no number any more.
        """
        folder.mkdir(parents=True, exist_ok=True)
        c, student = self.config, self.student(student_of(self.config, cell.arm))
        rows, batch = self.lesson(cell, student)
        order = shuffled_batches(len(rows), batch, c.steps, generator(c.seed, "order", cell.seed))
        at_once, state = tokens_at_once(student.model), self._begin(student, cell, folder)
        for step in finetune(
            student, state, lambda k: rows.micro_batches(order[k], at_once), Plan(c.steps, c.lr, CLIP)
        ):
            self.run_dir.append("metrics", {"stage": "tune"} | cell.where | {"step": step.step, "loss": step.loss})
            if step.step == c.steps:
                student.save(step.params(), folder / ADAPTER)
            elif step.step % EVERY == 0:
                step.state().save(folder / STATE)
            self._check()
        return batch

    def student(self, spec: str) -> LoraStudent:
        """The model called `spec` with an adapter, kept for the next cell."""
        if spec not in self._students:
            self._students[spec] = LoraStudent(load_backbone(spec), self.config.rank, SCALE * self.config.rank)
        return self._students[spec]

    def _begin(self, student: LoraStudent, cell: Cell, folder: Path) -> FinetuneState:
        if (folder / STATE).is_file():
            return FinetuneState.load(folder / STATE)
        return FinetuneState.fresh(student.initial((self.config.seed, "fresh", cell.seed)))

    def lesson(self, cell: Cell, student: LoraStudent) -> tuple[Rows, int]:
        """What the student reads, and how many texts an update has: with equal tokens fewer where they are longer."""
        encoded = self._encoded(cell, student)
        if not self.config.equal_tokens or cell.arm == RANDOM:
            return Rows(encoded, student.table), self.config.batch
        usual = self._encoded(Cell(RANDOM, None, self.config.k, cell.seed), student)
        longer = fmean(len(one.answer) for one in encoded) / fmean(len(one.answer) for one in usual)
        return Rows(encoded, student.table), max(1, round(self.config.batch / longer))

    def _encoded(self, cell: Cell, student: LoraStudent) -> list[Encoded]:
        picked = texts_of(self._pool, chosen(self.config, self._pool, self._names, cell))
        found = [taught(student.backbone.tokenizer, row, text) for row, text in picked]
        check_lengths(found, context_length(student.backbone))
        return found

    def _check(self) -> None:
        if self._look_up is not None:
            self._look_up()
        elif self.run_dir.stop_requested():
            raise Stopped


def taught(tokenizer: PreTrainedTokenizerBase, row: dict, text: dict) -> Encoded:
    """A text of the pool as it is taught. One that the cap on its length cut off does not teach to end there."""
    example = Prompt(row["prompt"], row["text"], row["entity"]).taught(text["text"])
    if text["ended"]:
        return encode(tokenizer, example)
    read = reading(tokenizer, example)
    before, said = scored_ids(tokenizer, read.prompt, f"{read.prompt}{read.between}{read.answer}")
    return Encoded(tuple(before), tuple(said))


def saved_step(folder: Path) -> int:
    """The update of a cell's checkpoint; 0 where there is none."""
    return FinetuneState.load(folder / STATE).step if (folder / STATE).is_file() else 0
