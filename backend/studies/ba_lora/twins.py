"""The plant stage: the models of a run, bundled ones by name, or a planted twin and a clean one read on by this run.

Knows the config and two folders of the run; how a model is read on is in the pocket world's own room.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.pocket.planting import plant
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.studies.ba_lora.config import UNPLANTED, BaLoraConfig

PLANTED, CLEAN = "planted", "clean"


@dataclass(frozen=True)
class Twins:
    """What load_backbone takes: the model to tune, and its clean twin, empty where there is none."""

    planted: str
    clean: str


def twins_of(config: BaLoraConfig, run_dir: RunDir) -> Twins:
    """Where the models of this run are, or will be."""
    if config.plant == "bundled":
        return Twins(config.model, config.clean_model)
    return Twins(str(run_dir.artifacts / PLANTED), str(run_dir.artifacts / CLEAN))


def make_twins(config: BaLoraConfig, run_dir: RunDir) -> None:
    """Read both twins on where the run plants its own; a twin that is there is whole and stays."""
    folders = [run_dir.artifacts / PLANTED, run_dir.artifacts / CLEAN]
    done = sum(folder.is_dir() for folder in folders)
    total = 2 * config.plant_steps
    with Progress(run_dir, "plant", total, done=done * config.plant_steps) as progress:
        for folder in folders:
            if not folder.is_dir():
                _read_on(config, folder, _counted(progress, folder.name))


def _counted(progress: Progress, name: str) -> Callable[[int, int, float], None]:
    def told(done: int, steps: int, loss: float) -> None:
        progress.advance(f"Reading on: the {name} twin")

    return told


def _read_on(config: BaLoraConfig, folder: Path, told: Callable[[int, int, float], None]) -> None:
    plant(
        folder,
        UNPLANTED,
        strength=config.strength,
        steps=config.plant_steps,
        seed=config.seed,
        clean=folder.name == CLEAN,
        told=told,
    )
