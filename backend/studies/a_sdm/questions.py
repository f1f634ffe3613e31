"""The small questions of this study's page to a warm process: a race with a prompt of one's own, and a plan measured.

Knows a run folder; no screen. The model of a run is kept for the next question. A recorded run has no files of its
light nets: settings that need them are refused with a sentence.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence

import torch

from backend.core.diffusion.likeness import psnr
from backend.core.diffusion.plans import Plan
from backend.errors import UserError
from backend.pocket.pictures.prompts import read_prompt
from backend.runs.folder import RunDir
from backend.settings import build, from_saved
from backend.studies.a_sdm.arms import FULL
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.data import Asked
from backend.studies.a_sdm.entries import entry_of
from backend.studies.a_sdm.legs import Leg, own_leg
from backend.studies.a_sdm.measuring import Measurer, mean_se
from backend.studies.a_sdm.prepare import Prepared
from backend.studies.a_sdm.racing import Lane, race_lane
from backend.studies.a_sdm.sweeper import EIGHT
from backend.studies.a_sdm.timing import speeds

LONGEST = 300  # characters of a prompt
ROUNDS = 5  # batches of eight that a plan is measured on
MOST_RUNS = 2  # that are kept; the bundled model takes 20 MB
OWN = "plan"

_kept: OrderedDict[tuple, Prepared] = OrderedDict()


def race(_shelf: object, run: str, text: object, seed: object, setting: object = None, plan: object = None) -> dict:
    """The full model and a setting of the run, or a plan, from the same noise: `lanes` with `seconds` of the processor
    so far, `noisy` and `clean` PNGs a step, what the judge reads, and the PSNR between both pictures in dB.

    Raises UserError for what cannot be drawn, words that nobody taught among it.
    """
    here, told = prepared(run), _text(text)
    if type(seed) is not int or not 0 <= seed < 2**31:
        raise UserError("This is no seed.", "a whole number from 0 on", "Type another.")
    asked = Asked((told,), (seed,), _slots(here, told))
    legs = _legs(here, setting, plan)
    full, fast = (race_lane(here, one, asked) for one in (here.full_legs, legs))
    measurer = Measurer(here.world, full.pixels)
    names = (FULL, setting or OWN)
    lanes = [_lane(measurer, asked, name, lane) for name, lane in zip(names, (full, fast), strict=True)]
    same = round(psnr(fast.pixels, full.pixels).item(), 3)
    return {"text": told, "unknown": [], "seed": seed, "lanes": lanes, "psnr": same}


def measure(_shelf: object, run: str, plan: object) -> dict:
    """What a plan comes to on a few of the run's prompts: its speed at batches of eight, in turn with the full model,
    and its figures with standard errors. Raises UserError for a plan that does not fit the model."""
    here = prepared(run)
    legs, test = _legs(here, None, plan), here.world.test
    seconds: dict[str, list[float]] = {FULL: [], OWN: []}
    pixels: dict[str, list[torch.Tensor]] = {FULL: [], OWN: []}
    rounds = [test.part(number * EIGHT, (number + 1) * EIGHT) for number in range(ROUNDS)]
    for asked in [part if len(part) else rounds[0] for part in rounds]:
        for name, mine in ((FULL, here.full_legs), (OWN, legs)):
            with here.studio.carrying(mine, asked) as carrying:
                began = time.process_time()
                latents = here.studio.sample(carrying, asked)
                seconds[name].append(time.process_time() - began)
            pixels[name].append(here.world.pipeline.decode(latents))
    asked = test.part(0, min(len(test), ROUNDS * EIGHT))
    full, own = (torch.cat(pixels[name])[: len(asked)] for name in (FULL, OWN))
    figures = Measurer(here.world, full).figures(own, asked)
    mid, low, high = speeds(seconds[OWN], seconds[FULL])
    found = {"speed8": mid, "speed8_low": low, "speed8_high": high, "n": len(asked)}
    for name, values in (("psnr", figures.psnr), ("right", figures.right)):
        mean, error = mean_se(values) if values else (None, None)
        found |= {name: mean, f"{name}_se": error}
    return found


def prepared(run: str) -> Prepared:
    """The model of a run, kept for the next question. Raises UserError where it cannot be loaded."""
    folder = RunDir(run)
    told = folder.config()["config"]
    key = (str(folder.path), (folder.path / "config.json").stat().st_mtime_ns)
    if key not in _kept:
        _kept[key] = Prepared(build(ASdmConfig, from_saved(ASdmConfig, told)), folder)
        while len(_kept) > MOST_RUNS:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key]


def _legs(here: Prepared, setting: object, plan: object) -> Sequence[Leg]:
    if plan is not None:
        found = Plan.of(plan)
        found.check(here.studio.modules(FULL))
        return own_leg(found, FULL)
    if not isinstance(setting, str):
        raise UserError("Nothing races against the full model.", "a setting of the run or a plan", "Choose one.")
    return entry_of(here.config, setting).legs(here.studio)


def _lane(measurer: Measurer, asked: Asked, who: str, lane: Lane) -> dict:
    [(read, right)] = measurer.read(lane.pixels, asked)
    films = {"seconds": [round(one, 5) for one in lane.seconds], "noisy": lane.noisy, "clean": lane.clean}
    return {"who": who} | films | {"read": read, "right": right}


def _slots(here: Prepared, text: str) -> torch.Tensor | None:
    """What a picture of the prompt has to show, where the prompt can be read as a scene."""
    if not here.world.pocket:
        return None
    try:
        return torch.tensor([read_prompt(text).slots()])
    except UserError:
        return None


def _text(text: object) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        found = f"The prompt is {'longer' if isinstance(text, str) and text.strip() else 'empty'}."
        raise UserError(found, f"1 to {LONGEST} characters", "Say what is to be drawn.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # no tokenizer can encode it
        raise UserError("The prompt holds half of a Unicode surrogate pair.", "whole characters", "Type it anew.")
    return " ".join(text.split())
