"""A full model for pictures of 16 pixels, taught from nothing by the run itself, or taken up where that was broken off.

Knows the bundled model's lesson and the run folder; not how a lesson is taught.
"""

import shutil

from backend.core.diffusion.pipeline import save_pipeline
from backend.pocket.drawing.commands import taught
from backend.pocket.drawing.lesson import Lesson
from backend.pocket.drawing.teaching import Teaching
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.data import TAUGHT

EVERY = 25  # updates between two states on the disk, and two looks at whether the run is to stop
FIRST, GROWN, MOST = 6000, 4, 20_000  # pictures: at the start, with each update, in the end


def teach(config: ASdmConfig, run_dir: RunDir) -> None:
    """Teach the full model unless it is there. Raises Stopped when asked to stop; what was learned is kept."""
    place, work = run_dir.artifacts / TAUGHT, run_dir.artifacts / f"{TAUGHT}_lesson"
    if place.is_dir():
        return
    sizes = {"side": int(config.size), "first": FIRST, "grown": GROWN, "pictures": MOST}
    lesson = Lesson(prediction=config.prediction, steps=config.lesson, seed=config.seed % 900_000, **sizes)
    with Progress(run_dir, "prepare", config.lesson) as progress:

        def told(teaching: Teaching, loss: float) -> None:
            progress.advance(f"The full model learns: loss {loss:.3f}", by=teaching.step - progress.done)

        pipeline = taught(lesson, work, told, EVERY)
    part = place.with_name(f"{TAUGHT}_part")
    shutil.rmtree(part, ignore_errors=True)
    save_pipeline(pipeline, part)
    part.rename(place)
    shutil.rmtree(work)
