"""TinyClipConfig: every choice of one run, with its help, its legal range and its checks.

The web form, the command line and the tables in the documents are generated from it. Standard library only.
"""

from dataclasses import dataclass
from pathlib import Path

from backend.settings import check, setting, setting_error
from backend.studies.tiny_clip.arms import ARMS
from backend.usual_settings import (
    check_arms,
    check_step_sizes,
    groups_setting,
    loose_setting,
    picture_folder_setting,
    seed_setting,
    students_setting,
    world_setting,
)

PRESETS = Path(__file__).parent / "presets"
WORLDS = ("pocket", "emoji", "own")
TRAVEL = 30.0  # what masks could move in all if every update went one way, three times what is needed
USUAL = ("scratch", "affinity", "inherit", "both", "auto", "one_leap", "progressive")


@dataclass(frozen=True)
class TinyClipConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    teacher: str = setting(
        "",
        "A CLIP model as a folder or a hub id; empty: the bundled one; for emoji the one that you taught.",
        "Models",
        kind="place",
    )
    keep: float = setting(
        0.285,
        "Share of the teacher's weights in blocks that students keep.",
        "Models",
        label="Size of the students",
        basic=True,
        low=0.08,
        high=0.75,
        public="a share costs nothing",
    )
    small: float = setting(
        0.11,
        "The same of the arms one_leap and progressive.",
        "Models",
        label="Size of the smaller students",
        low=0.02,
        high=0.75,
        public="a share costs nothing",
    )
    seed: int = seed_setting("Models")

    world: str = world_setting(WORLDS, "Data")
    data_dir: str = picture_folder_setting("Data")
    groups: tuple[str, ...] = groups_setting("Data")
    pairs: int = setting(
        3000,
        "Training pictures, each with its caption.",
        "Data",
        label="Training pairs",
        low=16,
        high=200_000,
        public=(6000, 20_000),
    )
    loose: float = loose_setting("Data")
    wrong: float = setting(
        0.0,
        "Share of training captions that belong to another picture.",
        "Data",
        label="Share of wrong captions",
        basic=True,
        low=0.0,
        high=1.0,
        public="a share costs nothing",
    )
    validation_limit: int = setting(
        150,
        "Validation pictures, for the step size.",
        "Data",
        label="Validation pictures",
        low=8,
        high=10_000,
        public=400,
    )
    test_limit: int = setting(
        200, "Test pictures.", "Data", label="Test pictures", low=8, high=10_000, public=(600, 1200)
    )

    arms: tuple[str, ...] = setting(
        USUAL, "Which students to train.", "Training", label="Arms", choices=tuple(ARMS), public=len(ARMS)
    )
    lrs: tuple[float, ...] = setting(
        (0.0005, 0.001, 0.0025),
        "Step sizes to try in each arm; validation pictures choose one.",
        "Training",
        label="Step sizes",
        public=4,
    )
    steps: int = setting(
        300,
        "Updates of each student, those before a cut among them.",
        "Training",
        label="Updates of a student",
        basic=True,
        low=8,
        high=1_000_000,
        public=(400, 2000),
    )
    batch: int = setting(
        32, "Pairs an update.", "Training", label="Pairs an update", low=2, high=4096, public=(64, 256)
    )
    seeds: int = students_setting(
        "Students of each arm, each with its own order of pictures and, from scratch, its own start."
    )
    scale: float = setting(
        20.0,
        "What cosines of both are multiplied by in affinity mimicking. On validation pictures 5, 10 and 20 do alike, "
        "and the official 50 does worse. The bundled teacher itself learned 23, CLIP 100.",
        "Training",
        label="Scale of affinities",
        low=0.1,
        high=1000.0,
        public="a factor costs nothing",
    )
    stages: int = setting(
        3,
        "Cuts of the arm progressive.",
        "Training",
        label="Stages",
        low=2,
        high=6,
        public="the updates are shared among them",
    )
    mask_share: float = setting(
        0.4,
        "Share of the updates in which the arm auto learns its masks.",
        "Training",
        label="Share of mask learning",
        low=0.05,
        high=0.9,
        public="a share of updates that are made anyway",
    )
    mask_lr: float = setting(
        0.0,
        "Step size of the masks, which travel 9.2 from kept to dropped; 0: 30 divided by their updates.",
        "Training",
        label="Step size of masks",
        low=0.0,
        high=10.0,
        public="a number costs nothing",
    )

    def __post_init__(self):
        check(self)
        check_arms(self.arms, "scratch,both")
        check_step_sizes(self.lrs, "0.0005,0.002")
        if self.world == "own" and not self.data_dir:
            found, step = "world is own, and data_dir is empty.", "Set data_dir to its path."
            raise setting_error("data_dir", found, "a folder or a table of pictures and captions", step)
        if self.batch > self.pairs:
            found = f"batch is {self.batch}, and pairs is {self.pairs}."
            raise setting_error("batch", found, "no more than there are", "Lower batch, or raise pairs.")

    @property
    def mask_steps(self) -> int:
        """Updates of the arm auto before its cut."""
        return min(self.steps - 1, max(1, round(self.mask_share * self.steps)))

    @property
    def mask_step(self) -> float:
        """The step size of masks: a short learning needs a larger one to arrive."""
        return self.mask_lr or TRAVEL / self.mask_steps
