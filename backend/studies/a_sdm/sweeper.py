"""Measures settings of a sweep: pictures, figures and speeds, a few settings at a time, in turn with the full model.

The batches of eight that are drawn are those that are timed, so that a figure and its time are of one drawing. Knows a
studio and the run folder's files of what was measured; not who measures what.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.studies.a_sdm.arms import FULL
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.data import Asked
from backend.studies.a_sdm.entries import Entry, entry_of
from backend.studies.a_sdm.legs import Leg, computed, joined, runners
from backend.studies.a_sdm.measuring import mean_se, png_of
from backend.studies.a_sdm.prepare import Prepared
from backend.studies.a_sdm.timing import speeds

SWEPT = "sweep"  # below artifacts
EIGHT = 8  # pictures of a batch that is timed


@dataclass
class Timed:
    """What drawing one setting told: seconds by batch size and round, operations, memory, pictures, and plans."""

    legs: tuple[Leg, ...]
    seconds: dict[int, list[float]] = field(default_factory=lambda: {1: [], EIGHT: []})
    operations: int = 0
    cache_bytes: int = 0
    plans: tuple = ()
    pixels: list[Float[Tensor, "n 3 side side"]] = field(default_factory=list)


class Sweeper:
    """Measures settings of one run. `check` is called now and then and may raise."""

    def __init__(self, config: ASdmConfig, run_dir: RunDir, check: Callable[[], None]):
        self.config, self.run_dir, self.check = config, run_dir, check
        self.here = Prepared(config, run_dir)

    @torch.no_grad()
    def rows(self, ids: Sequence[str]) -> list[dict]:
        """The rows of these settings, in settings.jsonl's shape; what every picture came to is kept in files."""
        entries = [entry_of(self.config, id) for id in ids]
        drawn = {FULL: Timed(self.here.full_legs)}
        drawn |= {one.id: Timed(one.legs(self.here.studio)) for one in entries if one.id != FULL}
        self._alone(drawn)
        self._eights(drawn)
        return [self._row(entry, drawn) for entry in entries]

    def _alone(self, drawn: dict[str, Timed]) -> None:
        """One picture at a time; the first of each is not timed, and its operations are counted."""
        asked = self.here.world.test.part(0, 1)
        for timed in drawn.values():
            with FlopCounterMode(display=False) as counter:
                self.here.studio.draw(timed.legs, asked)
            timed.operations = counter.get_total_flops()
        for _ in range(self.config.rounds):
            for timed in drawn.values():
                self.check()
                timed.seconds[1].append(self.here.studio.seconds(timed.legs, asked))

    def _eights(self, drawn: dict[str, Timed]) -> None:
        """Eight pictures at a time, as many rounds as are timed; where prompts end, the first come again."""
        studio, test = self.here.studio, self.here.world.test
        for number in range(self.config.rounds):
            first = number * EIGHT
            asked = test.part(first, first + EIGHT)
            again = not len(asked)
            for timed in drawn.values():
                self.check()
                with studio.carrying(timed.legs, test.part(0, EIGHT) if again else asked) as carrying:
                    began = time.process_time()
                    latents = studio.sample(carrying, test.part(0, EIGHT) if again else asked)
                    timed.seconds[EIGHT].append(time.process_time() - began)
                    timed.plans = timed.plans or carrying.plans
                    timed.cache_bytes = max(timed.cache_bytes, carrying.cache_bytes)
                if not again:
                    timed.pixels.append(self.here.world.pipeline.decode(latents))

    def _row(self, entry: Entry, drawn: dict[str, Timed]) -> dict:
        timed, full = drawn[entry.id], drawn[FULL]
        plan = joined(timed.legs, timed.plans)
        row = {"id": entry.id, "family": entry.family, "title": entry.title, "plan": plan and plan.as_dict()}
        row |= {"net": entry.net, "nets": runners(timed.legs), "steps": timed.legs[-1].last}
        row["computed"] = computed(timed.legs, timed.plans)
        for many in (EIGHT, 1):
            mid, low, high = speeds(timed.seconds[many], full.seconds[many])
            row |= {f"speed{many}": mid, f"speed{many}_low": low, f"speed{many}_high": high}
        figures = self._figures(entry, timed)
        row |= {"flops": round(timed.operations / full.operations, 5)} | figures_of(figures, entry.id == FULL)
        row |= {"n": len(self.here.world.test), "seeds": len(figures)}
        return row | {"cache_mb": round(timed.cache_bytes / 1e6, 4)}

    def _figures(self, entry: Entry, timed: Timed) -> list[dict]:
        """What the pictures come to, seed by seed, and what the poster prompts gave; kept in the setting's file."""
        here, test, studio = self.here, self.here.world.test, self.here.studio
        there = sum(map(len, timed.pixels))
        if there < len(test):
            timed.pixels.append(studio.draw(timed.legs, test.part(there, len(test))).pixels)
        found = [here.measurer.figures(torch.cat(timed.pixels), test).as_dict()]
        for seed in entry.seeds(self.config)[1:]:
            self.check()
            found.append(here.measurer.figures(studio.draw(timed.legs, test, seed).pixels, test).as_dict())
        told = {"seeds": found, "looks": self._looks(entry, timed.legs)}
        write_atomically(place_of(self.run_dir, entry.id), json.dumps(told))
        return found

    def _looks(self, entry: Entry, legs: Sequence[Leg]) -> list[dict]:
        """What it draws for the poster prompts."""
        posters: Asked = self.here.world.posters
        pixels = self.here.studio.draw(legs, posters).pixels
        rows = []
        for number, (words, right) in enumerate(self.here.measurer.read(pixels, posters)):
            row = {"setting": entry.id, "prompt": number, "text": posters.texts[number]}
            rows.append(row | {"png": png_of(pixels[number]), "read": words, "right": right})
        return rows


def figures_of(seeds: list[dict], full: bool = False) -> dict:
    """Means with standard errors.

    Of several light nets the error holds both: of pictures, from each picture's mean over nets, and of nets, from each
    net's mean over pictures.
    """
    found = {}
    for name in ("psnr", "right", "slots", "distance"):
        values = [one[name] for one in seeds]
        if values[0] is None or (full and name in ("psnr", "distance")):
            found |= {name: None, f"{name}_se": None}
            continue
        mean, pictures = mean_se([sum(column) / len(column) for column in zip(*values, strict=True)])
        _, nets = mean_se([sum(one) / len(one) for one in values])
        found |= {name: mean, f"{name}_se": round((pictures**2 + nets**2) ** 0.5, 5)}
    far = [one["frechet"] for one in seeds]
    return found | {"frechet": None if None in far else sum(far) / len(far)}


def place_of(run_dir: RunDir, name: str) -> Path:
    """The file of what was measured of a setting."""
    return run_dir.artifacts / SWEPT / f"{quote(name, safe='@+.')}.json"


def told(place: Path):
    """What a file holds; None where it is not there."""
    return json.loads(place.read_text(encoding="utf-8")) if place.is_file() else None
