"""The ground of a run, looked up from its settings: its prompts, and the world that tells what is true.

Knows the folders of models; loads no weights.
"""

from functools import cached_property
from pathlib import Path

from backend.core.models.backbones import MODELS, find_source
from backend.errors import UserError
from backend.studies.active_inheritance.config import WORLD_TALKER, ActiveConfig
from backend.studies.active_inheritance.objectives import OBJECTIVES, SUM
from backend.studies.active_inheritance.prompts import BESIDE, Prompts, read_prompts
from backend.studies.active_inheritance.truth import World


class Ground:
    """Prompts and world of a run. Raises UserError where they cannot be read, or an objective has no score."""

    def __init__(self, config: ActiveConfig):
        self.config = config
        self.world = World.read(folder_of(config.talker)) if not config.prompts_file else None
        asked = {name for name in config.objectives if name != SUM}
        asked |= set(config.sum_weights) if SUM in config.objectives else set()
        if self.world is None and "truth" in {OBJECTIVES[name][0] for name in asked}:
            found = "objectives asks for what is true, and there is no world beside this talker that tells."
            step = f"Leave it out, or choose {WORLD_TALKER} and its own prompts."
            raise UserError(found, "a talker with a world.json", step, kind="setting", about="objectives")

    @cached_property
    def prompts(self) -> Prompts:
        c = self.config
        return read_prompts(prompts_place(c), c.prompts, c.test_prompts, c.seed)


def folder_of(spec: str) -> Path:
    """The folder of a bundled model or of a path; of a hub id a folder that is not there."""
    return Path(find_source(spec).place).expanduser()


def prompts_place(config: ActiveConfig) -> Path:
    """The file that the prompts come from: the user's, else the talker's own, else the bundled world's."""
    if config.prompts_file:
        return Path(config.prompts_file).expanduser()
    own = folder_of(config.talker) / BESIDE
    return own if own.is_file() else MODELS / WORLD_TALKER / BESIDE
