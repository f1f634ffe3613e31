"""ToyConfig: every choice of one toy run, with its help, its legal range and its checks. Standard library only."""

from dataclasses import dataclass
from pathlib import Path

from backend.errors import UserError
from backend.settings import check, setting

PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class ToyConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    points: int = setting(20, "How many points the line is fitted to.", "Data", basic=True, low=2, public=1000)
    points_dir: str = setting(
        "", "A folder with a file of points; empty draws them.", "Data", label="Folder of points", kind="place"
    )
    judge: str = setting("opt-pocket", "A model that is named and never loaded.", "Data", kind="model")
    steps: int = setting(20, "Steps of each fit.", "Training", basic=True, low=1, high=100_000, public=500)
    lr: float = setting(0.1, "How far each step goes.", "Training", label="Step size", basic=True, low=1e-6, high=1.0)
    pause: float = setting(0.0, "Seconds to wait at each step, to be watched.", "Training", low=0.0, high=1.0)
    seeds: int = setting(3, "Fits, each with points of its own.", "Training", basic=True, low=1, high=100, public=5)
    seed: int = setting(0, "Determines everything that is random.", "Training", low=0, public="a seed costs nothing")

    def __post_init__(self):
        check(self)
        if self.lr > 0.5 and self.steps > 1000:
            found = f"lr is {self.lr} over {self.steps} steps."
            raise UserError(found, "a fit that does not run away", "Lower lr or steps.", about="lr")
