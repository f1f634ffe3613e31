"""Evolve's judge: how sets of real questions validate, by students that share a start and an order in each round.

Gives evolve as many trainings as the search took, by the same readers. Knows the materials; not how sets are proposed.
"""

import json
from dataclasses import asdict
from itertools import count

from backend.comparison.judges import Asked, errors_each
from backend.comparison.materials import Materials
from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.selection.evolve import Judge, Round, evolve

STATE = "evolve.json"
VERSION = 1  # raise when evolution goes another way by the same settings: what was begun before begins anew


def evolve_rows(
    materials: Materials, run: RunDir, start: list[int], trainings: int, lrs: tuple[float, ...], progress: Progress
) -> list[int]:
    """The rows after `trainings` students, all readers counted. Goes on where a stopped evolution ended."""
    lengths = materials.pool(materials.config.seed).answer_lengths()
    judges = len(materials.judges())
    if trainings < 2 * judges:
        found = f"The search took {trainings} trainings, too few for one round of evolve."
        raise UserError(found, f"at least {2 * judges}", "Raise rounds, or leave evolve out.")
    measure = "bits per character" if materials.spec.free else "error"
    file = run.artifacts / STATE
    saved = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    after = Round(**saved["round"]) if saved.get("version") == VERSION else None
    judged = judge(materials, lrs, after.round if after else 0)
    for found in evolve(start, lengths, judged, trainings // judges, materials.config.seed, after):
        write_atomically(file, json.dumps({"version": VERSION, "round": asdict(found)}))
        after = found
        progress.advance(f"Evolve, round {found.round}: {measure} {found.loss:.3f}", by=0)
    return after.chosen if after else start


def judge(materials: Materials, lrs: tuple[float, ...], rounds: int = 0) -> Judge:
    """The expected error of each set on validation questions, or the bits of free answers, readers counted alike; a new
    start and order in every call, `rounds` of which were before. The search's default measure, but on all validation
    questions, which the search sees only now and then: if anything, that favours evolve."""
    calls = count(rounds + 1)

    def losses(sets: list[list[int]]) -> list[float]:
        keys = (("evolve", next(calls)),)
        examples = [tuple(materials.examples[row] for row in chosen) for chosen in sets]
        asked = [Asked(number, one, (lr,), keys) for one in examples for number, lr in enumerate(lrs)]
        shares = [error / len(lrs) for ((error,),) in errors_each(materials, asked)]
        return [sum(shares[n : n + len(lrs)]) for n in range(0, len(shares), len(lrs))]

    return losses
