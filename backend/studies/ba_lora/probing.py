"""The probe stage: the base, its clean twin and every student, each asked everything once, several at a time.

Knows the run folder, processes and who is asked; what is asked is in probes.py. Whoever was asked before is not asked
again. The base is asked first, since the others are compared with its logits.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from torch import Tensor

from backend.core.models.adapter_files import with_adapter
from backend.core.models.backbones import Backbone, find_source, load_backbone
from backend.core.pool import each, worker_count
from backend.core.training.finetune_state import read_tensors, write_tensors
from backend.disk import write_atomically
from backend.pocket.planted import Planted, read_planted
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.studies.ba_lora.arms import BASE, CLEAN
from backend.studies.ba_lora.config import BaLoraConfig
from backend.studies.ba_lora.data import task_of, taught, test_questions
from backend.studies.ba_lora.probes import OwnProbes, ProbeResult, WrongLabel, first_logits, probe
from backend.studies.ba_lora.tuning import adapter_of
from backend.studies.ba_lora.twins import Twins

PROBES, LOGITS = "probes", "base-logits.safetensors"


@dataclass(frozen=True)
class Asked:
    """Somebody to ask: an arm's student, the base or the clean twin, by the model it stands on."""

    who: str
    seed: int
    model: str

    @property
    def name(self) -> str:
        return f"{self.who}-{self.seed}"


def everyone(config: BaLoraConfig, twins: Twins) -> list[Asked]:
    """The base, the clean twin where there is one, and every student."""
    others = [Asked(CLEAN, 0, twins.clean)] if twins.clean else []
    students = [Asked(arm, seed, twins.planted) for arm in config.arms for seed in range(config.seeds)]
    return [Asked(BASE, 0, twins.planted), *others, *students]


def probe_all(config: BaLoraConfig, twins: Twins, run_dir: RunDir) -> None:
    """Ask whoever was not asked yet, and write what they said to probes.jsonl."""
    asked = everyone(config, twins)
    (run_dir.artifacts / PROBES).mkdir(exist_ok=True)
    done = [one for one in asked if told_file(run_dir, one).is_file()]
    for one in done:
        publish(run_dir, one)
    with Progress(run_dir, "probe", len(asked), done=len(done)) as progress:
        left = [one for one in asked if one not in done]
        for group in (left[:1], left[1:]) if left and left[0].who == BASE else (left,):
            begin = partial(probe_worker, config, twins, run_dir.path)
            for one, _ in each(begin, group, worker_count(), progress.check_stop) if group else ():
                publish(run_dir, one)
                progress.advance("Asking students")


def probe_worker(config: BaLoraConfig, twins: Twins, folder: Path) -> Callable[[Asked], None]:
    """Load what everybody is asked, in whichever process this is, and return what to do with one."""
    return Prober(config, twins, RunDir(folder)).ask


class Prober:
    """Asks one after the other; one model at a time is in memory."""

    def __init__(self, config: BaLoraConfig, twins: Twins, run_dir: RunDir):
        self.config, self.twins, self.run_dir = config, twins, run_dir
        self._backbone: Backbone | None = None
        self._task, self._questions = task_of(config), test_questions(config)
        self._wrong = [WrongLabel(item.question, item.option) for item in taught(config) if item.wrong]
        self._own = OwnProbes(config.crows_pairs, config.stereoset, config.bbq)

    @cached_property
    def _world(self) -> Planted | None:
        return planted_of(self.twins.planted)

    def ask(self, one: Asked) -> None:
        """Everything of one, into a folder of its own: a file of items a probe, and last what they come to."""
        with self._as(one) as backbone:
            base = self._base_logits(one, backbone)
            found = probe(
                backbone.model,
                backbone.tokenizer,
                self._world,
                self._questions,
                self._wrong,
                base,
                self._own,
                self._task,
            )
        folder = told_file(self.run_dir, one).parent
        folder.mkdir(parents=True, exist_ok=True)
        for result in found:
            lines = [json.dumps(short(item), ensure_ascii=False) + "\n" for item in result.items]
            write_atomically(folder / f"{result.probe}.jsonl", "".join(lines))
        rows = [row for result in found for row in probe_rows(one, result)]
        write_atomically(told_file(self.run_dir, one), json.dumps(rows))

    def _base_logits(self, one: Asked, backbone: Backbone) -> Tensor | None:
        """What the base says first, kept in a file; None for the base itself, which writes it."""
        file = self.run_dir.artifacts / PROBES / LOGITS
        if one.who != BASE:
            return read_tensors(file)[0]["logits"]
        logits = first_logits(backbone.model, backbone.tokenizer, self._questions, self._task)
        write_tensors(file, {"logits": logits}, {})
        return None

    @contextmanager
    def _as(self, one: Asked) -> Iterator[Backbone]:
        """The base or twin, and for a student its adapter on it, read back from the very files that stay."""
        if self._backbone is None or self._backbone.name != one.model:
            self._backbone = None  # first: one model at a time
            self._backbone = load_backbone(one.model)
        backbone = self._backbone
        if one.who in (BASE, CLEAN):
            yield backbone
            return
        bare = backbone.model
        backbone.model = with_adapter(bare, adapter_of(self.run_dir, one.who, one.seed))
        try:
            yield backbone
        finally:
            backbone.model = backbone.model.unload()


def short(value: object) -> object:
    """A row with its numbers cut to seven digits, which float32 holds: a run has tens of thousands of rows."""
    if isinstance(value, dict):
        return {key: short(part) for key, part in value.items()}
    if isinstance(value, list):
        return [short(part) for part in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def planted_of(model: str) -> Planted | None:
    """The list of what was planted in a model; None where nothing was, or it lies on the hub."""
    place = Path(find_source(model).place)
    return read_planted(place) if place.is_dir() else None


def told_file(run_dir: RunDir, one: Asked) -> Path:
    return run_dir.artifacts / PROBES / one.name / "told.json"


def probe_rows(one: Asked, result: ProbeResult) -> list[dict]:
    """The rows of probes.jsonl of one probe, a metric a row."""
    items = f"artifacts/{PROBES}/{one.name}/{result.probe}.jsonl"
    where = {"who": one.who, "seed": one.seed, "probe": result.probe}
    return [where | {"metric": m, "value": v, "n": result.n, "items": items} for m, v in result.metrics.items()]


def publish(run_dir: RunDir, one: Asked) -> None:
    """Append what one said to probes.jsonl, but for rows that are there."""
    there = {(row["who"], row["seed"], row["probe"], row["metric"]) for row in run_dir.rows("probes")}
    for row in json.loads(told_file(run_dir, one).read_text(encoding="utf-8")):
        if (row["who"], row["seed"], row["probe"], row["metric"]) not in there:
            run_dir.append("probes", row)


def items_of(run_dir: RunDir, who: str, seed: int, probe_name: str) -> list[dict]:
    """The items of a probe; none where it was not asked."""
    return run_dir.rows(f"artifacts/{PROBES}/{who}-{seed}/{probe_name}")
