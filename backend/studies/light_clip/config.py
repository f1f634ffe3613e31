"""LightClipConfig: every choice of one run, with its help, its legal range and its checks.

The web form, the command line and the tables in the documents are generated from it. Standard library only.
"""

from dataclasses import dataclass
from pathlib import Path

from backend.settings import check, setting, setting_error
from backend.studies.light_clip.arms import ARMS, PARTS
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
SIDE = 32  # pixels along a picture, where no model that was trained before asks for others
HEAD = 16  # width of a head


@dataclass(frozen=True)
class LightClipConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    world: str = world_setting(WORLDS, "Pictures")
    data_dir: str = picture_folder_setting("Pictures")
    groups: tuple[str, ...] = groups_setting("Pictures")
    loose: float = loose_setting("Pictures")
    pairs: int = setting(
        2000,
        "Training pictures, at most.",
        "Pictures",
        label="Training pictures",
        low=8,
        high=1_000_000,
        public=(4000, 8000),
    )
    told: int = setting(
        4, "Captions of each training picture.", "Pictures", label="Captions a picture", low=1, high=32, public=8
    )
    seed: int = seed_setting("Pictures")

    start: str = setting(
        "",
        "Train on from this CLIP model, a folder or hub id, with its first text layers; empty: from the start.",
        "Student",
        label="Go on from",
        kind="place",
        optional=True,
    )
    image_width: int = setting(
        48, "Width of the image tower.", "Student", label="Image width", low=16, high=1024, public=96,
        only_with=("start", ("",)),
    )  # fmt: skip
    image_layers: int = setting(
        2, "Layers of the image tower.", "Student", label="Image layers", low=1, high=24, public=4,
        only_with=("start", ("",)),
    )  # fmt: skip
    patch: int = setting(
        8,
        "Pixels along a patch, of 32 along a picture.",
        "Student",
        low=2,
        high=32,
        public="a larger one costs less",
        only_with=("start", ("",)),
    )
    text_width: int = setting(
        64, "Width of the text tower.", "Student", label="Text width", low=16, high=1024, public=96,
        only_with=("start", ("",)),
    )  # fmt: skip
    text_layers: int = setting(
        1,
        "Layers of the text tower, which LightCLIP shortens.",
        "Student",
        label="Text layers",
        basic=True,
        low=1,
        high=24,
        public=4,
    )

    softness: float = setting(
        0.3,
        "The most that a label gives to other captions.",
        "Parts",
        label="Softness",
        basic=True,
        low=0.0,
        high=0.95,
        public="a share costs nothing",
    )
    schedule: str = setting(
        "linear",
        "How softness gets there: from nothing, over the second half alone, at once, or never.",
        "Parts",
        label="Schedule of softness",
        choices=("linear", "late", "constant", "none"),
    )
    tokens: float = setting(
        1.0,
        "Weight of token matching.",
        "Parts",
        label="Weight of token matching",
        basic=True,
        low=0.0,
        high=100.0,
        public="a weight is free",
    )
    k: int = setting(
        2,
        "Words that one patch may serve in the relaxed rule.",
        "Parts",
        label="Words a patch",
        low=1,
        high=64,
        public="more are cheaper",
    )
    epsilon: float = setting(
        0.05, "Temperature of Sinkhorn.", "Parts", low=0.001, high=10.0, public="a temperature costs nothing"
    )
    iterations: int = setting(5, "Rounds of Sinkhorn.", "Parts", low=1, high=100, public=10)
    masked: float = setting(
        1.0,
        "Weight of masked words.",
        "Parts",
        label="Weight of masked words",
        basic=True,
        low=0.0,
        high=100.0,
        public="a weight is free",
    )
    hidden: float = setting(
        0.3,
        "Share of a caption's words that is hidden, at least one.",
        "Parts",
        label="Share of hidden words",
        low=0.0,
        high=1.0,
        public="a share costs nothing",
    )
    blind: float = setting(
        0.25,
        "Share of captions whose hidden words are learned without the picture, so that both can be compared.",
        "Parts",
        label="Share without the picture",
        low=0.0,
        high=1.0,
        public="a share costs nothing",
    )
    both_ways: bool = setting(
        False, "Hidden words are guessed from the words behind them too.", "Parts", label="Read both ways"
    )
    stages: str = setting(
        "every",
        "Where the picture is added to the words: before every text layer and after the last, or after it alone.",
        "Parts",
        label="Stages of fusion",
        choices=("every", "last"),
    )
    level: str = setting(
        "last",
        "Which image layer is added: the last, or the one at the same level.",
        "Parts",
        label="Image layer of fusion",
        choices=("last", "level"),
    )

    arms: tuple[str, ...] = setting(
        PARTS, "Which parts to train with.", "Training", label="Arms", choices=tuple(ARMS), public=len(ARMS)
    )
    lrs: tuple[float, ...] = setting(
        (0.0015, 0.003),
        "Step sizes to try in each arm; retrieval on validation pictures chooses one.",
        "Training",
        label="Step sizes",
        public=3,
    )
    steps: int = setting(
        600,
        "Updates of each student.",
        "Training",
        label="Updates of a student",
        basic=True,
        low=1,
        high=1_000_000,
        public=(800, 3000),
    )
    batch: int = setting(48, "Pairs an update.", "Training", label="Pairs an update", low=2, high=4096, public=96)
    decay: float = setting(
        0.05, "Weight decay of matrices.", "Training", low=0.0, high=10.0, public="a number costs nothing"
    )
    seeds: int = students_setting()
    validation_limit: int = setting(
        200, "Validation pictures, for the step size and the curves.", "Training", label="Validation pictures", low=4,
        high=100_000, public=300,
    )  # fmt: skip
    test_limit: int = setting(
        600, "Test pictures of each kind, at most.", "Training", label="Test pictures", low=4, high=100_000, public=700
    )

    depths: tuple[int, ...] = setting(
        (1, 2, 3, 4),
        "Text towers of so many layers are trained with the base's loss; empty for none.",
        "Curves",
        label="Depths of the text tower",
        public=4,
    )
    looses: tuple[float, ...] = setting(
        (0.0, 0.4, 1.0),
        "Shares of loose captions on which hard and softened labels are compared; empty for none.",
        "Curves",
        label="Shares of loose captions to compare",
        public=4,
    )

    def __post_init__(self):
        check(self)
        self._check_lists()
        if self.world == "own" and not self.data_dir:
            found = "world is own, and data_dir is empty."
            raise setting_error("data_dir", found, "a folder or a table of pairs", "Set data_dir to its path.")
        for name in ("image_width", "text_width"):
            if getattr(self, name) % HEAD:
                found = f"{name} is {getattr(self, name)}."
                raise setting_error(name, found, f"a multiple of {HEAD}, the width of a head", "Set it to 48 or 64.")
        if SIDE % self.patch:
            found = f"patch is {self.patch}."
            raise setting_error("patch", found, f"a divisor of {SIDE}", "Set it to 8 for 16 patches, or 4 for 64.")

    def _check_lists(self) -> None:
        check_arms(self.arms, "base,tokens")
        check_step_sizes(self.lrs, "0.0015,0.003")
        if not all(1 <= depth <= 24 for depth in self.depths) or len(set(self.depths)) != len(self.depths):
            found = f"depths is {', '.join(map(str, self.depths))}."
            raise setting_error("depths", found, "different numbers from 1 to 24", "Write for example depths=1,2,4.")
        if not all(0 <= share <= 1 for share in self.looses) or len(set(self.looses)) != len(self.looses):
            found = f"looses is {', '.join(map(str, self.looses))}."
            raise setting_error("looses", found, "different shares from 0 to 1", "Write for example looses=0,0.5,1.")

    @property
    def thorough(self) -> bool:
        """Whether step sizes are chosen at all."""
        return len(self.lrs) > 1
