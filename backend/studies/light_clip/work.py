"""How much work a run is: pictures that are drawn, and the students of every stage with their exams. Torch-free."""

from backend.runs.work import START, Amount, Number, Part, Work
from backend.studies.light_clip.arms import ARMS
from backend.studies.light_clip.cells import DEPTH, NOISE, TRAIN, Variant, count, variants
from backend.studies.light_clip.config import SIDE, LightClipConfig

# Measured on one core with students of several widths, in units of the bundled language model (runs/pace.py); not in
# its steps: what a step costs beside its tokens is a small difference, which says little of another model
WORDS = 14  # numbers of a caption in a batch, padding included
UPDATE = 125  # tokens that an update costs, however little it reads
TOKEN = 0.097  # of a language model's token, for a patch or a word in one layer of the width below
WIDTH = 64
MATCHING, MASKING = 1.0, 0.9  # what the parts add to an update of the base
DRAWN, TRUTH = 0.8, 1.5  # questions that drawing a picture takes, and finding where its words lie, in every process
REAL_IMAGE, REAL_TEXT = (50, 12, 768), 512  # of a student that goes on from a real model: those of CLIP ViT-B/32
ASKED = 0.45  # questions that a picture of an exam takes
EXAMS = 7  # on validation pictures, in a training of the arms
PROCESS_MB = 550.0  # with torch and pictures


def work(c: LightClipConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a run. `begun` is 0: such a run has no branches."""
    wanted, busy = variants(c), max(1, min(workers, len(c.arms) * c.seeds))
    exams = c.test_limit + c.validation_limit  # of each of two kinds of pictures
    ready = Amount(questions=TRUTH * 2 * exams)
    parts = [
        Part(START, "libraries", Amount(starts=1)),
        Part("prepare", "pictures", Amount(questions=DRAWN * (c.pairs + 2 * exams)) + ready),
    ]
    if busy > 1:
        parts.append(Part(TRAIN, "processes", (Amount(starts=1) + ready) * busy, at_once=busy))
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
    tokens = c.batch * (read(*seen(c)) + read(WORDS, one.layers, REAL_TEXT if c.start else c.text_width))
    asked = 2 * (exams * c.validation_limit + c.test_limit)
    return Amount(tokens=c.steps * (UPDATE + tokens * TOKEN) * more, questions=asked * ASKED)


def seen(c: LightClipConfig) -> tuple[Number, int, int]:
    """Patches of a picture with the mark before them, layers and width of the image tower."""
    return REAL_IMAGE if c.start else ((SIDE / c.patch) ** 2 + 1, c.image_layers, c.image_width)


def read(tokens: Number, layers: int, width: int) -> Number:
    """What a tower reads, in tokens of a layer of the measured width; a wide one takes the square of its width."""
    times = width / WIDTH
    return tokens * layers * max(times, times**2)
