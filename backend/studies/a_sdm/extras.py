"""What a sweep leaves beside figures: races step by step, where light nets are wrong, and what routers choose.

Knows the run folder and measured rows; not how figures are made.
"""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from backend.core.diffusion.experts import routing
from backend.core.diffusion.likeness import psnr
from backend.core.diffusion.sampling import predictor, sample
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.studies.a_sdm.arms import ARMS, FULL
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.costing import net_rows
from backend.studies.a_sdm.data import Asked
from backend.studies.a_sdm.entries import entry_of
from backend.studies.a_sdm.legs import Leg
from backend.studies.a_sdm.prepare import Prepared, write_rows
from backend.studies.a_sdm.racing import race_lane

RACES = 3  # prompts
ERRED = 8  # pictures by which nets are compared step by step
FASTER = 0.72  # of the full one's operations: a race without a lead is none


def extras(config: ASdmConfig, run_dir: RunDir, rows: Sequence[dict], progress: Progress) -> None:
    """Every file that is not there yet."""
    here, light = Prepared(config, run_dir), (*config.arms, *config.ready_nets)
    write_rows(run_dir, "nets", lambda: net_rows(here, light))
    progress.check_stop()
    write_rows(run_dir, "errors", lambda: error_rows(here, light, progress))
    write_rows(run_dir, "routing", lambda: routing_rows(here, progress))
    write_rows(run_dir, "races", lambda: race_rows(here, racers(rows), progress))


def error_rows(here: Prepared, light: Sequence[str], progress: Progress) -> list[dict]:
    """How far every light net's answer is from the full one's, step by step along the full sampling."""
    asked, world = here.world.test.part(0, min(ERRED, here.world.at_once)), here.world
    states = world.pipeline.encode(list(asked.texts))
    full = predictor(world.pipeline.unet, states, world.config.guidance, world.nothing)
    rows: list[dict] = []
    for name in light:
        for seed in range(here.config.seeds if name in ARMS else 1):
            progress.check_stop()
            net = predictor(here.studio.nets.net(name, seed), states, world.config.guidance, world.nothing)

            def both(latents: Tensor, step: int, t: Tensor, net=net, name=name, seed=seed) -> Tensor:
                answer = full(latents, step, t)
                error = (net(latents, step, t) - answer).square().mean() / answer.square().mean().clamp(min=1e-12)
                where = {"net": name, "seed": seed, "step": step, "t": float(t)}
                rows.append(where | {"error": round(error.item(), 7)})
                return answer

            noise = world.pipeline.noise(list(asked.seeds))
            sample(both, world.pipeline.sampler(here.config.sampler), noise, here.config.steps)
    return rows


def routing_rows(here: Prepared, progress: Progress) -> list[dict]:
    """What each router gives its experts, step by step, mean over pictures."""
    rows: list[dict] = []
    if "experts" not in here.config.arms:
        return rows
    asked = here.world.test.part(0, min(ERRED, here.world.at_once))
    for seed in range(here.config.seeds):
        progress.check_stop()
        with routing(here.studio.nets.net("experts", seed)) as found:
            here.studio.draw((Leg("experts", 0, here.config.steps),), asked, seed)
        for layer, calls in found.items():
            for step, weights in enumerate(calls):
                told = [round(weight, 5) for weight in weights.mean(0).tolist()]
                rows.append({"seed": seed, "step": step, "layer": layer, "weights": told})
    return rows


def racers(rows: Sequence[dict]) -> list[str]:
    """Who races beside the full model: of every family the most like it among those that are clearly cheaper, told by
    operations, so that two runs of one seed race alike."""
    found = []
    for family in ("inherit", "fewer_steps", "light", "switch", "combined"):
        fast = [row for row in rows if row["family"] == family and row["flops"] <= FASTER]
        if fast:
            found.append(max(fast, key=lambda row: row["psnr"])["id"])
    return found


def race_rows(here: Prepared, who: Sequence[str], progress: Progress) -> list[dict]:
    """The lanes of a few prompts, the full one first."""
    found = []
    for number in range(min(RACES, len(here.world.posters))):
        asked = here.world.posters.part(number, number + 1)
        full = None
        for name in (FULL, *who):
            progress.check_stop()
            lane = race_lane(here, entry_of(here.config, name).legs(here.studio), asked)
            full = lane.pixels if full is None else full
            found += lane_rows(here, name, number, asked, lane, full)
    return found


def lane_rows(here: Prepared, who: str, number: int, asked: Asked, lane, full: Float[Tensor, "1 3 s s"]) -> list[dict]:
    """A row a step; what is read stands in the last."""
    [(read, right)] = here.measurer.read(lane.pixels, asked)
    same = None if who == FULL else round(psnr(lane.pixels, full).item(), 4)
    rows = []
    for step, seconds in enumerate(lane.seconds):
        row = {"prompt": number, "text": asked.texts[0], "seed": asked.seeds[0], "who": who, "step": step}
        row |= {"seconds": round(seconds, 5), "png": lane.noisy[step], "clean": lane.clean[step]}
        last = step == len(lane.seconds) - 1
        rows.append(row | {"read": read, "right": right, "psnr": same} if last else
                    row | {"read": None, "right": None, "psnr": None})  # fmt: skip
    return rows
