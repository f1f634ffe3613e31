"""How much work a run is: pictures that are drawn step by step, and every light net's updates.

Counted in steps of the bundled language model: those of the bundled model that draws were timed beside them.
Torch-free.
"""

from backend.runs.work import START, Amount, Part, Work
from backend.studies.a_sdm.arms import ARMS, TASK
from backend.studies.a_sdm.cells import final_cells, grid_cells
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.recipes import Recipe

LOAD = Amount(starts=0.5)  # libraries are there: the model and its judges
ASKED = 0.29  # steps that the net takes for one picture of a large batch; guidance asks it twice
OF_EIGHT = 0.39  # the same in a batch of eight pictures
ALONE = 2.1  # of one picture by itself, and guidance costs a fifth more
UPDATE = 1.22  # of one picture of an update of a light net as large as the full one, with its teacher's answer
UNTAUGHT = 0.7  # of that without the teacher's
SIZES = {"base": 0.7, "small": 0.63, "tiny": 0.45, "narrow": 0.43, "tiny_narrow": 0.26}  # cost of a net, the full one 1
LOOKS, VALIDATED, POSTERS, RACES, LANES = 4, 24, 8, 3, 5
MODULES = {"block": 9, "layer": 67, "unit": 156}  # of the bundled model, with readings
INHERITING = 0.65  # what a plan usually leaves of a sampling
GROUP, EIGHT = 4, 8
LESSON = 18.0  # steps of an update of the model of 16 pixels
PROCESS_MB = 700.0
SMALLER = 0.25  # what a picture of 16 pixels costs


def work(c: ASdmConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a run. `begun` is 0: such a run has no branches."""
    size, twice = SMALLER if c.size == "16" else 1.0, 2 if c.guidance != 1.0 else 1
    asked = c.steps * twice * size
    pictures = c.prompts * asked * ASKED
    looked = MODULES[c.depth] * c.looked * asked * OF_EIGHT * 0.85
    parts = [Part(START, "libraries", Amount(starts=1))]
    if c.size == "16":
        parts.append(Part("prepare", "the full model's teaching", Amount(steps=LESSON * c.lesson)))
    parts.append(Part("prepare", "the full model's pictures", LOAD + Amount(steps=pictures)))
    parts += shared("prepare", "modules", [Amount(steps=looked / workers)] * workers, workers)
    lrs = dict.fromkeys(c.arms, c.lrs[0]) if c.lrs else {}
    first, last = (grid_cells(c), final_cells(c, lrs)) if c.arms else ([], [])
    for name, cells in (("step sizes", first), ("further seeds", [cell for cell in last if cell not in first])):
        parts += shared("tune", name, [training(c, cell.arm) * size for cell in cells], workers)
    recipes = c.recipes()
    full = Amount(steps=len(recipes) / GROUP * c.rounds * (EIGHT * asked * OF_EIGHT + alone(c) * size))
    parts += shared("sweep", "settings", [full, *(swept(c, one) * size for one in recipes)], workers)
    parts.append(Part("sweep", "races", Amount(steps=RACES * LANES * alone(c))))
    most = max(part.at_once for part in parts)
    return Work(tuple(parts), PROCESS_MB * (1 + (most if most > 1 else 0)))


def shared(stage: str, name: str, amounts: list[Amount], workers: int) -> list[Part]:
    """These pieces by a round of processes, and their start."""
    if not amounts:
        return []
    busy = min(workers, len(amounts))
    found = [Part(stage, f"{name}: processes", Amount(starts=busy), at_once=busy)] if busy > 1 else []
    return [*found, Part(stage, name, LOAD * busy + sum(amounts, Amount()), at_once=busy)]


def training(c: ASdmConfig, arm: str) -> Amount:
    """One light net with its looks at validation prompts."""
    cost = SIZES[ARMS[arm].net]
    taught = UNTAUGHT if ARMS[arm].loss == TASK else 1.0
    looks = LOOKS * VALIDATED * c.steps * _twice(c) * ASKED * cost
    return Amount(steps=c.updates * c.batch * UPDATE * taught * (0.4 + 0.6 * cost) + looks)


def swept(c: ASdmConfig, recipe: Recipe) -> Amount:
    """One setting: its pictures, every net's, and its rounds of timing."""
    share = (recipe.steps or c.steps) / c.steps * (INHERITING if recipe.inherit else 1.0)
    nets = [SIZES[ARMS[net].net] if net in ARMS else 1.0 for net in recipe.nets]
    share *= sum(nets) / len(nets)
    seeds = c.seeds if any(net in ARMS for net in recipe.nets) else 1
    timed = c.rounds * EIGHT
    others = max(0, c.prompts - timed) + (seeds - 1) * c.prompts + POSTERS
    pictures = c.steps * _twice(c) * (timed * OF_EIGHT + others * ASKED)
    return Amount(steps=share * (pictures + (c.rounds + 1) * alone(c)))


def alone(c: ASdmConfig) -> float:
    """Steps of one sampling of one picture."""
    return c.steps * ALONE * (1.2 if _twice(c) == 2 else 1.0)


def _twice(c: ASdmConfig) -> int:
    return 2 if c.guidance != 1.0 else 1
