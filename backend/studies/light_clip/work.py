"""How much work a run is: pictures that are drawn, and the students of every stage with their exams. Torch-free."""

from backend.runs.work import START, Amount, Number, Part, Work
from backend.studies.light_clip.arms import ARMS
from backend.studies.light_clip.cells import DEPTH, NOISE, TRAIN, Variant, count, variants
from backend.studies.light_clip.config import LightClipConfig

# Measured on the small student of the defaults, in units of the bundled language model's work (runs/pace.py)
WORDS = 14  # numbers of a caption in a batch, padding included
UPDATE = 3.0  # steps that an update of the base costs, beside its tokens
TOKEN = 0.12  # of a language model's token, for a patch or a word of this width
MATCHING, MASKING = 0.6, 0.5  # what the parts add to an update
PICTURE = 1.0  # questions that drawing a picture takes
ASKED = 0.6  # questions that a picture of an exam takes
EXAMS = 7  # on validation pictures, in a training of the arms
WIDTH = 64  # of the towers that were measured
PROCESS_MB = 550.0  # with torch and pictures


def work(c: LightClipConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a run. `begun` is 0: such a run has no branches."""
    wanted, busy = variants(c), max(1, min(workers, len(c.arms) * c.seeds))
    drawn = c.pictures + 2 * c.test_limit + 2 * c.validation_limit
    parts = [
        Part(START, "libraries", Amount(starts=1)),
        Part("prepare", "pictures", Amount(questions=PICTURE * drawn)),
    ]
    if busy > 1:
        parts.append(Part(TRAIN, "processes", Amount(starts=busy), at_once=busy))
    for stage in (TRAIN, DEPTH, NOISE):
        if wanted[stage]:
            parts.append(Part(stage, "students", students(c, stage, wanted[stage]), at_once=busy))
    return Work(tuple(parts), PROCESS_MB * (1 + (busy if busy > 1 else 0)))


def students(c: LightClipConfig, stage: str, wanted: list[Variant]) -> Amount:
    """All trainings of a stage."""
    found = Amount()
    for one in wanted:
        found += student(c, one, EXAMS if stage == TRAIN else 1) * count(c, [one])
    return found


def student(c: LightClipConfig, one: Variant, exams: int) -> Amount:
    """One training and its exams."""
    arm = ARMS[one.arm]
    more = 1 + MATCHING * bool(arm.rule) + MASKING * arm.masked
    tokens = c.batch * (patches(c) * c.image_layers * c.image_width + WORDS * one.layers * c.text_width) / WIDTH
    asked = 2 * (exams * c.validation_limit + c.test_limit)
    return Amount(steps=c.steps * UPDATE * more, tokens=c.steps * tokens * TOKEN * more, questions=asked * ASKED)


def patches(c: LightClipConfig) -> Number:
    """Tokens of a picture of 32 pixels."""
    return (32 / c.patch) ** 2 + 1
