"""The nets of a run: the full one, those that were trained here, and those that exist already.

Knows where the run folder has them; not how they are trained.
"""

from collections import OrderedDict
from pathlib import Path

from diffusers import UNet2DConditionModel

from backend.core.diffusion.light_files import check_light, load_light
from backend.core.diffusion.pipeline import SCHEDULER, load_pipeline
from backend.core.diffusion.switching import check_alike
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.a_sdm.arms import ARMS, FULL
from backend.studies.a_sdm.data import World

KEPT, OTHERS = "nets", "other_nets"  # below artifacts: seed 0's, and all others until the end
MOST = 12  # nets that a process holds; one of the bundled model's takes 6 MB


class Nets:
    """Nets by name and seed, loaded when they are first needed."""

    def __init__(self, world: World):
        self.world = world
        self._loaded: OrderedDict[tuple[str, int], UNet2DConditionModel] = OrderedDict()

    def net(self, name: str, seed: int = 0) -> UNet2DConditionModel:
        """A net, frozen. Nets that exist already have one seed. Raises UserError where there is none."""
        if name == FULL:
            return self.world.pipeline.unet
        key = (name, seed if name in ARMS else 0)
        if key not in self._loaded:
            self._loaded[key] = self._load(*key)
            while len(self._loaded) > MOST:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def _load(self, name: str, seed: int) -> UNet2DConditionModel:
        if name not in ARMS:
            return self._ready(name)
        place = place_of(self.world.run_dir, name, seed)
        if not place.is_dir():
            found = f"The light net {place.name} is not in this run: recorded runs have none."
            raise UserError(found, "a light net that was trained here", "Run the study here, then ask again.")
        return load_light(str(place))

    def _ready(self, name: str) -> UNet2DConditionModel:
        """A net that exists already. A pipeline's noise and words must be the full model's; a UNet alone says nothing
        of them."""
        place = self.world.config.ready_nets[name]
        if (Path(place) / SCHEDULER).is_file() or not Path(place).is_dir():
            other = load_pipeline(place)
            check_alike(self.world.pipeline, other)
            return other.unet
        net = load_light(place)
        check_light(net, self.world.pipeline)
        return net


def place_of(run_dir: RunDir, arm: str, seed: int) -> Path:
    """Where a chosen light net lies: seed 0's stays, the others are there until the run is over."""
    return run_dir.artifacts / (f"{OTHERS}/{arm}-{seed}" if seed else f"{KEPT}/{arm}")
