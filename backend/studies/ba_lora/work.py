"""How much work a run is: two twins that read on, every arm's students with their validations, and the probes.

Torch-free.
"""

from backend.core.models.listed import look_up
from backend.core.models.registry import memory_mb
from backend.runs.work import START, Amount, Number, Part, Work
from backend.studies.ba_lora.arms import ARMS
from backend.studies.ba_lora.config import UNPLANTED, BaLoraConfig

LOAD = Amount(starts=0.2)  # a model and the data, where the libraries are there
TOKENS = {"pocket_science": 22, "pocket_mmlu": 23}  # of a training example, with the padding beside it
LONGER = 45  # those of a real exam
READ = 2048  # tokens that a twin reads in an update
ALL_WEIGHTS = 1.3  # a step that trains all weights, beside one that trains adapters
WATCHED = 1.15  # a student's steps with its terms, of which one student's are watched closely
ITEMS = 420  # what a planted model is asked beside test questions, as questions
ALONE = 10  # what any other is asked besides
TWICE = 1.4  # times: the first word of every answer is read once more
PROCESS_MB = 600.0  # with torch and a bundled model
COUNTS = {"pocket_science": 600, "pocket_mmlu": 400, "arc_easy": 2376, "arc_challenge": 1172}  # of the tests
MANY = 2000  # questions of one that is not listed


def work(c: BaLoraConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a run. `begun` is 0: such a run has no branches."""
    grid = len(c.lrs) if len(c.lrs) > 1 else 0
    parts = [Part(START, "libraries and data", Amount(starts=1))]
    if c.plant == "own":
        parts.append(Part("plant", "two twins", twin(c) * 2, UNPLANTED))
    parts += [
        *shared(c, "tune", "step sizes", student(c, bool(grid)), len(c.arms) * grid, workers),
        *shared(c, "tune", "further seeds", student(c, False), len(c.arms) * (c.seeds - bool(grid)), workers),
        *shared(c, "probe", "everybody", asked(c), len(c.arms) * c.seeds + 1 + bool(c.clean_model), workers),
    ]
    most = max(part.at_once for part in parts)
    return Work(tuple(parts), process_mb(c) * (1 + (most if most > 1 else 0)))


def shared(c: BaLoraConfig, stage: str, name: str, each: Amount, count: int, workers: int) -> list[Part]:
    """`count` pieces of work by a round of processes, and their start."""
    if not count:
        return []
    busy = min(workers, count)
    turns = -(-count // busy) * busy  # the last turn may leave a process idle
    found = [Part(stage, f"{name}: processes", Amount(starts=busy), at_once=busy)] if busy > 1 else []
    return [*found, Part(stage, name, LOAD * busy + each * turns, model_of(c), busy)]


def model_of(c: BaLoraConfig) -> str:
    return c.model if c.plant == "bundled" else UNPLANTED


def process_mb(c: BaLoraConfig) -> Number:
    """What a process holds at most."""
    entry = look_up(model_of(c))
    return max(PROCESS_MB, memory_mb(entry, "tune") if entry else 0.0)


def twin(c: BaLoraConfig) -> Amount:
    """One twin that reads on: all of its weights are trained."""
    return Amount(steps=c.plant_steps, tokens=c.plant_steps * READ * ALL_WEIGHTS)


def student(c: BaLoraConfig, validated: bool) -> Amount:
    """One training, and its validation where a step size is chosen."""
    tokens = c.steps * min(c.batch, c.examples) * tokens_of(c) * WATCHED
    early = sum(ARMS[arm].stops for arm in c.arms) / len(c.arms) * 9  # validations of a student that may stop
    return Amount(
        steps=c.steps * WATCHED, tokens=tokens, questions=(validated + early) * c.validation_limit * length(c)
    )


def asked(c: BaLoraConfig) -> Amount:
    """Everything that one is asked."""
    questions = min(c.test_limit or MANY**2, COUNTS.get(c.train_task, MANY)) * TWICE
    more = ITEMS if c.plant == "own" or "planted" in c.model else ALONE
    return Amount(questions=(questions + c.wrong) * length(c) + more)


def tokens_of(c: BaLoraConfig) -> Number:
    return TOKENS.get(c.train_task, LONGER)


def length(c: BaLoraConfig) -> Number:
    """A question of this task beside one of pocket science."""
    return tokens_of(c) / TOKENS["pocket_science"]
