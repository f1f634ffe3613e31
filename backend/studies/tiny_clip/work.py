"""How much work a run is: pictures that are drawn and told, and every student's updates with its looks at the test.

Counted in tokens of the bundled language model: those of the bundled teacher's students were timed beside them. Not in
its steps: what a step costs beside its tokens is a small difference, which says little of another model. Torch-free.
"""

from backend.runs.work import START, Amount, Number, Part, Work
from backend.studies.tiny_clip.arms import ARMS, AUTO
from backend.studies.tiny_clip.cells import control_cells, final_cells, grid_cells
from backend.studies.tiny_clip.config import TinyClipConfig

LOAD = Amount(starts=0.3)  # libraries are there: the teacher, the pool and its captions
DRAWN = 105  # tokens that a picture takes to draw and the teacher to be asked about its views
BASELINES = 8  # the same of kernel ridge regression and the nearest picture
PAIR = 75  # tokens of a pair of an update at all of the teacher's blocks, forwards and back
LEAST = 0.1  # of that is left however small the student
MASKED = 1.2  # times, where masks are learned beside the weights
LOOK = 1.0  # times a pair of an update: a test picture that is looked at once, with its caption and the names
LOOKS = 13
PROCESS_MB = 800.0


def work(c: TinyClipConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a run. `begun` is 0: such a run has no branches."""
    lrs = dict.fromkeys(c.arms, c.lrs[0])
    first, last, controls = grid_cells(c), final_cells(c, lrs), control_cells(c, lrs)
    parts = [
        Part(START, "libraries", Amount(starts=1)),
        Part("prepare", "pictures", LOAD + Amount(tokens=(DRAWN + BASELINES) * c.pairs)),
    ]
    for name, cells in (("step sizes", first), ("further seeds", [cell for cell in last if cell not in first])):
        parts += shared(name, [student(c, cell.arm) for cell in cells], workers)
    parts += shared("copies without masks", [control(c)] * len(controls), workers)
    most = max(part.at_once for part in parts)
    return Work(tuple(parts), PROCESS_MB * (1 + (most if most > 1 else 0)))


def shared(name: str, amounts: list[Amount], workers: int) -> list[Part]:
    """These students by a round of processes, and their start."""
    if not amounts:
        return []
    busy = min(workers, len(amounts))
    found = [Part("train", f"{name}: processes", Amount(starts=busy), at_once=busy)] if busy > 1 else []
    return [*found, Part("train", name, LOAD * busy + sum(amounts, Amount()), at_once=busy)]


def student(c: TinyClipConfig, arm: str) -> Amount:
    """One training with its looks at the test."""
    share = c.small if ARMS[arm].small else c.keep
    shares = [share ** (number / c.stages) for number in range(1, c.stages + 1)] if ARMS[arm].staged else [share]
    pair, looks = sum(map(cost, shares)) / len(shares), LOOKS
    pairs = c.steps * pair
    if arm == AUTO:
        pairs = c.mask_steps * MASKED * cost(1.0) + (c.steps - c.mask_steps) * pair
        looks *= 1 - c.mask_share
    return Amount(tokens=pairs * c.batch + looks * LOOK * pair * c.test_limit)


def control(c: TinyClipConfig) -> Amount:
    return Amount(tokens=c.mask_steps * cost(1.0) * c.batch)


def cost(share: Number) -> Number:
    """Tokens of a pair at this share of the teacher's blocks."""
    return PAIR * (LEAST + (1 - LEAST) * share)
