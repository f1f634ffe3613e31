"""The arms made of soft prompts: one distillation run for each decoder, from the very questions of `init`.

The arms soft and projected come from the run of the paper's decoder.

Each is a run folder of text distillation, kept below the home folder by its recipe and resumed there. Knows that
study's stages; trains no student of the comparison.
"""

import json
from pathlib import Path

from backend import settings
from backend.comparison.datasets import digest
from backend.comparison.inner import distillation
from backend.comparison.matched import Matched
from backend.comparison.materials import Materials
from backend.core.text.examples import Rows
from backend.disk import home, write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress, Stopped
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decoders import PAPER
from backend.studies.text_distillation.decoding import learned
from backend.studies.text_distillation.evaluate import SoftRows
from backend.studies.text_distillation.learning import restore
from backend.studies.text_distillation.recording import load_experts
from backend.studies.text_distillation.run import run as distil
from backend.studies.text_distillation.setup import Setup
from backend.studies.text_distillation.study import STUDY

TEXTS_ONLY = tuple(name for name in STUDY.stage_names if name != "evaluate")  # the comparison trains its own students


def distilled_rows(materials: Materials, decoder: str, start: list[dict], progress: Progress) -> list[dict]:
    """The decoder's texts as a data set. Distils first where that has not been done."""
    inner, _ = distilled_run(materials, decoder, start, progress)
    found = []
    for row in inner.rows("distilled"):
        told = {"arm": decoder, "id": row["provenance"]["started_from"], "verbatim": row["provenance"]["reverted"]}
        found.append(row | {"provenance": row["provenance"] | told})
    return found


def distilled_run(
    materials: Materials, decoder: str, start: list[dict], progress: Progress | None = None
) -> tuple[RunDir, DistillConfig]:
    """The finished run of a decoder, made or resumed where it is not finished. Raises Stopped when asked to stop."""
    folder, config = run_of(materials, decoder, start)
    inner = RunDir.create(folder, "text_distillation", None, settings.as_json(config))
    if inner.status().get("state") != "finished":
        inner.claim()
        try:
            distil(config, _Watched(inner.path, progress), TEXTS_ONLY)
        except Stopped:
            inner.set_status(state="stopped")
            raise
        inner.set_status(state="finished", message="")
    return inner, config


def run_of(materials: Materials, decoder: str, start: list[dict]) -> tuple[Path, DistillConfig]:
    """Where a decoder's run lives: by the questions it starts from and everything that it is told."""
    ids = [row["provenance"]["id"] for row in start]
    begin = home() / "arms" / f"start-{digest({'ids': ids})}.jsonl"
    begin.parent.mkdir(parents=True, exist_ok=True)
    if not begin.is_file():
        write_atomically(begin, "".join(json.dumps({"provenance": {"id": name}}) + "\n" for name in ids))
    config = distillation(materials.config, decoder, begin, len(start))
    recipe = settings.as_json(config) | {"start": ids, "data": materials.digest(), "model": materials.own.fingerprint}
    return home() / "arms" / f"{decoder}-{digest(recipe)}", config


def soft_rows(materials: Materials, start: list[dict]) -> dict[str, Rows | SoftRows]:
    """By arm, the learned prompts themselves and the embeddings of their nearest tokens, as the own reader's rows."""
    inner, config = distilled_run(materials, PAPER, start)
    setup = Setup(config)
    found = learned(setup, restore(setup, load_experts(setup), inner), inner)
    return {
        "soft": SoftRows(setup.synthetic, found.prompts),
        "projected": Rows(setup.synthetic.encoded(found.ids), materials.own.student.table),
    }


def matched_regime(materials: Materials, start: list[dict]) -> Matched:
    """The regime of the paper's run: its experts, their manner of stepping, its number of steps."""
    _, config = distilled_run(materials, PAPER, start)
    setup = Setup(config)
    return Matched(setup, load_experts(setup))


class _Watched(RunDir):
    """The inner run's folder, which tells the comparison what it does and stops when that is asked to stop."""

    def __init__(self, path: Path, progress: Progress | None):
        super().__init__(path)
        self._progress = progress

    def set_status(self, **changes) -> None:
        """Write the inner run's own status, and say what it does in the comparison's."""
        super().set_status(**changes)
        if self._progress is not None and changes.get("message"):
            self._progress.run.set_status(message=f"{self.path.name.partition('-')[0]}: {changes['message']}")

    def stop_requested(self) -> bool:
        return super().stop_requested() or (self._progress is not None and self._progress.run.stop_requested())
