"""The prepare stage: the full model's pictures, how much each module changes from step to step, what each costs, and
what inheriting it alone does to the pictures.

Every part is written once, whole; what is there is not computed again. Knows the run folder and a studio.
"""

import json
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from backend.core.diffusion.modules import Module
from backend.core.diffusion.plans import Inherit, Plan, inheriting_at
from backend.core.diffusion.step_sets import every
from backend.core.training.finetune_state import read_tensors, write_tensors
from backend.disk import write_atomically
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.runs.students import trained
from backend.studies.a_sdm.arms import FULL
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.data import Asked, World
from backend.studies.a_sdm.drawing import Studio
from backend.studies.a_sdm.legs import Leg, own_leg
from backend.studies.a_sdm.measuring import Measurer, mean_se

PREPARED = "prepared"  # below artifacts
TURN = 2  # a module that is looked at is computed at every so many steps
DEPTHS = ("block", "layer", "unit")
Harm = tuple[str, str]  # module and reading


class Prepared:
    """What the prepare stage left, read from the folder; in whichever process this is."""

    def __init__(self, config: ASdmConfig, run_dir: RunDir):
        self.config, self.run_dir = config, run_dir
        self.world = World(config, run_dir)
        self.studio = Studio(self.world)

    @property
    def folder(self) -> Path:
        return self.run_dir.artifacts / PREPARED

    @cached_property
    def full(self) -> Float[Tensor, "n 3 side side"]:
        """The full model's pictures."""
        return read_tensors(self.folder / "full.safetensors")[0]["pixels"]

    @cached_property
    def measurer(self) -> Measurer:
        return Measurer(self.world, self.full)

    @property
    def full_legs(self) -> tuple[Leg, ...]:
        return (Leg(FULL, 0, self.config.steps),)

    @cached_property
    def looked(self) -> Asked:
        """The prompts by which modules are looked at."""
        return self.world.test.part(0, min(self.config.looked, len(self.world.test)))


def prepare(config: ASdmConfig, run_dir: RunDir, costs: Callable[[Prepared], list[dict]]) -> Prepared:
    """Whatever of the stage is not done yet; `costs` makes the rows of modules.

    Raises UserError for bad input, Stopped when asked to stop.
    """
    here = Prepared(config, run_dir)
    here.folder.mkdir(parents=True, exist_ok=True)
    harms = harms_of(here.studio.modules(FULL), config.depth)
    with Progress(run_dir, "prepare", 3 + len(harms)) as progress:
        draw_full(here)
        progress.advance("The full model has drawn")
        write_rows(run_dir, "changes", lambda: change_rows(here))
        progress.advance("Changes from step to step")
        write_rows(run_dir, "modules", lambda: costs(here))
        progress.advance("Modules are timed")
        look_at(here, harms, progress)
    return here


def draw_full(here: Prepared) -> None:
    """The pictures that all others are compared with."""
    file = here.folder / "full.safetensors"
    if not file.is_file():
        write_tensors(file, {"pixels": here.studio.draw(here.full_legs, here.world.test).pixels}, {})


def write_rows(run_dir: RunDir, name: str, rows: Callable[[], list[dict]]) -> None:
    """All rows of a file at once, unless they are there."""
    path = run_dir.path / f"{name}.jsonl"
    if not path.is_file():
        write_atomically(path, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows()))


def change_rows(here: Prepared) -> list[dict]:
    """Of every module how much its value changes from the step before, relative to its size: of one batch."""
    unet, rows, before = here.world.pipeline.unet, [], {}
    asked = here.looked.part(0, here.world.at_once)
    step = [0]

    def seen(name: str, _module, _given, found) -> None:
        value = found[0] if isinstance(found, tuple) else found
        value = value.sample if hasattr(value, "sample") and not isinstance(value, Tensor) else value
        if name in before:
            change = ((value - before[name]).norm() / value.norm().clamp(min=1e-12)).item()
            rows.append({"module": name, "step": step[0], "change": round(change, 6)})
        before[name] = value

    def look(number: int, _latents, _clean) -> None:
        step[0] = number + 1

    names = [module.id for module in here.studio.modules(FULL)]
    handles = [unet.get_submodule(name).register_forward_hook(partial(seen, name)) for name in names]
    try:
        here.studio.draw(here.full_legs, asked, look=look)
    finally:
        for handle in handles:
            handle.remove()
    return rows


def harms_of(modules: tuple[Module, ...], depth: str) -> list[Harm]:
    """Every module down to this depth, in each of its readings."""
    found = []
    for module in modules:
        if module.kind in ("conv_in", "conv_out") or DEPTHS.index(module.level) > DEPTHS.index(depth):
            continue
        found.append((module.id, "output"))
        if module.branch is not None:
            found.append((module.id, "branch"))
    return found


def harm_plan(steps: int, harm: Harm) -> Plan:
    """This module alone inherited at every second step."""
    return Plan(steps, (Inherit(*harm, inheriting_at(steps, every(steps, TURN))),))


def look_at(here: Prepared, harms: list[Harm], progress: Progress) -> None:
    """A row of harms.jsonl for every module and reading; files in between let a killed run go on."""
    if (here.run_dir.path / "harms.jsonl").is_file():
        progress.advance(by=len(harms), work=0.0)
        return
    folder = here.folder / "harms"
    folder.mkdir(exist_ok=True)

    def place(harm: Harm) -> Path:
        return folder / f"{harm[0]}-{harm[1]}.json"

    def read(harm: Harm) -> dict | None:
        return json.loads(place(harm).read_text()) if place(harm).is_file() else None

    def write(harm: Harm, row: dict) -> None:
        write_atomically(place(harm), json.dumps(row))
        progress.advance("Modules are inherited, one by one")

    done = sum(read(harm) is not None for harm in harms)
    progress.advance(by=done, work=0.0)
    begin = partial(harm_worker, here.config, here.run_dir.path)
    rows = trained(harms, read, begin, write, progress.check_stop)
    write_rows(here.run_dir, "harms", lambda: list(rows.values()))


def harm_worker(config: ASdmConfig, folder: Path, look_up: Callable[[], None] | None) -> Callable[[Harm], dict]:
    """Load everything once, in whichever process this is, and return what to do with a module."""
    here = Prepared(config, RunDir(folder))

    def measured(harm: Harm) -> dict:
        if look_up is not None:
            look_up()
        drawn = here.studio.draw(own_leg(harm_plan(config.steps, harm), FULL), here.looked)
        mean, error = mean_se(here.measurer.figures(drawn.pixels, here.looked).psnr)
        return {"module": harm[0], "reading": harm[1], "psnr": mean, "se": error, "n": len(here.looked)}

    return measured
