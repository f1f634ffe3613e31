"""What the stages of a run cost, by counting: how often a student reads how many tokens.

The unit is a second of one core with opt-pocket, on the machine where the constants were measured (docs: the README of
this study). Only ratios matter while a run goes on; estimate.py turns them into this machine's time. Torch-free.
"""

import math

from backend.studies.text_distillation.cells import Cell, cells
from backend.studies.text_distillation.config import DistillConfig

# a step of each kind: to begin with, and for each token that is read
EXPERT = (0.008, 8e-5)
UNROLL = (0.005, 6e-5)  # without second derivatives
UPDATE = (0.015, 1.9e-4)  # with
FINETUNE = (0.005, 1e-4)
SCORE = 1e-3  # a question
START = 6.0  # to load python, the models and the data

QUESTION = {"pocket_science": 13, "pocket_mmlu": 14}  # tokens of a question; others are real exams
LONGER, FRAME = 30, 6  # a question of those; what stands around one, with its answer
TRAIN_ROWS = {"pocket_science": 1200}
TEST_ROWS = {"pocket_science": 600, "pocket_mmlu": 400}
VALIDATION = {"pocket_science": 300}
MANY = 2000  # rows of a task that is not listed
SPEEDS = {"opt-pocket": 1.0, "llama-pocket": 1.3}  # the bundled models beside each other
LARGER = 20.0  # how much slower another model is at least, before it is loaded

# of the search, see court.py and search.py
VALIDATIONS, VALIDATE_EVERY, CONFIRMATIONS = 4, 6, 4
RACE = ((17, 1), (10, 1), (4, 2))  # at most: texts and their students, see trials.py
CHILDREN = 6  # at most, of the best sets of a stage, see beginnings.py


def step(kind: tuple[float, float], tokens: int) -> float:
    return kind[0] + kind[1] * tokens


def question(c: DistillConfig) -> int:
    return QUESTION.get(c.task, LONGER)


def slot_tokens(c: DistillConfig) -> int:
    """Tokens that a student reads of one synthetic prompt, its frame and its answer."""
    prompt = min(c.prompt_tokens, question(c) + 4)  # a prompt is no longer than the question it starts from
    return prompt + FRAME + (question(c) if c.layout == "prefix" else 0)


def read_tokens(c: DistillConfig) -> int:
    """What one step of the inner loop reads."""
    return (c.inner_batch or c.prompts) * slot_tokens(c)


def rows(table: dict[str, int], c: DistillConfig, limit: int) -> int:
    return min(limit or MANY**2, table.get(c.task, limit or MANY))


def expert_work(c: DistillConfig) -> float:
    """The work of recording one expert."""
    batch = min(c.expert_batch, rows(TRAIN_ROWS, c, c.train_limit))
    return c.expert_steps * step(EXPERT, batch * (question(c) + FRAME))


def experts_at_once(c: DistillConfig, workers: int, slower: float | None = None) -> int:
    """All workers, or one where what they gain does not pay for their loading twice over.

    `slower`: how much slower than opt-pocket the model is; a guess by its name where it is left out.
    """
    slower = SPEEDS.get(c.model, LARGER) if slower is None else slower
    gain = c.experts * expert_work(c) * slower * (1 - 1 / workers)
    return min(workers, c.experts) if gain > 2 * START else 1


def recording_work(c: DistillConfig, workers: int = 1) -> float:
    """The followed experts, by so many processes at most."""
    busy = experts_at_once(c, workers)
    return math.ceil(c.experts / busy) * expert_work(c) + (START if busy > 1 else 0.0)


def unroll_work(c: DistillConfig) -> float:
    return c.inner_steps * step(UNROLL, read_tokens(c))


def distil_work(c: DistillConfig, begun: int = 0) -> float:
    """The updates after `begun`, with their looks: a student beside the first expert, a search for neighbours."""
    updates = max(0, c.outer_steps - begun)
    look = unroll_work(c) + 0.05
    return updates * c.inner_steps * step(UPDATE, read_tokens(c)) + (updates // c.snapshot_every + 1) * look


def heldout_work(c: DistillConfig) -> float:
    return c.heldout_experts * expert_work(c)


def search_work(c: DistillConfig, workers: int = 1) -> list[float]:
    """The work of all rounds of the search, by so many processes, from round 0, which begins and validates."""
    readers = [c.model] + ([c.other_model] if c.other_model and c.search_readers == "both" else [])
    pace = sum(relative(c, name) for name in readers) / workers
    student = c.finetune_steps * step(FINETUNE, min(c.finetune_batch, c.prompts) * (question(c) + FRAME))
    check = VALIDATIONS * (student + VALIDATION.get(c.task, MANY // 4) * SCORE)
    raced = sum(texts * students for texts, students in RACE)
    judged = student + c.search_questions * SCORE
    each = (1 + raced + 2 * CONFIRMATIONS) * judged  # one more, whose steps rank the changes
    checked = (n % VALIDATE_EVERY == 0 or n == c.search_rounds for n in range(1, c.search_rounds + 1))
    begin = beginning_students(c.search_starts) * judged + check
    return [begin * pace] + [(each + check * now) * pace for now in checked]


def beginning_students(starts: int) -> int:
    """Students of one reader that choose among so many drawn sets, at most; see search.BEGIN."""
    if not starts:
        return 0
    second = math.ceil(starts / 3) + CHILDREN
    third = math.ceil(second / 3) + CHILDREN
    return (1 + starts) + (1 + second) + (1 + third) + 2 * (1 + math.ceil(third / 3))


def checking_work(c: DistillConfig) -> float:
    """The work of the revert rule and of the held-out losses."""
    segments = max(1, c.heldout_experts) * len({0, c.max_start // 2, c.max_start})
    asked = c.prompts + 1 if c.revert and c.decoder != "search" else 0
    asked += c.prompts + 1  # what each prompt adds
    return (asked + 4) * segments * unroll_work(c)


def decode_work(c: DistillConfig, workers: int = 1) -> float:
    """The held-out experts, the search by so many processes, which begin by loading everything, and the checks."""
    searched = 0.0
    if c.decoder == "search":
        searched = sum(search_work(c, workers)) + (START if workers > 1 else 0.0)
    return heldout_work(c) + searched + checking_work(c)


def relative(c: DistillConfig, name: str) -> float:
    """A model's pace beside the own one's; alike where neither was measured."""
    return SPEEDS[name] / SPEEDS[c.model] if name in SPEEDS and c.model in SPEEDS else 1.0


def cell_work(c: DistillConfig, cell: Cell) -> float:
    """The work of training and scoring one fresh student."""
    scoring = rows(TEST_ROWS, c, c.test_limit) * SCORE
    if cell.arm == "base":
        training = 0.0
    elif cell.regime == "matched":
        training = expert_work(c) * c.expert_span / c.expert_steps if cell.arm == "full" else unroll_work(c)
    else:
        most = rows(TRAIN_ROWS, c, c.train_limit) if cell.arm == "full" else c.prompts
        training = c.finetune_steps * step(FINETUNE, min(c.finetune_batch, most) * (question(c) + FRAME))
    return (training + scoring) * relative(c, cell.student)


def evaluate_work(c: DistillConfig, workers: int = 1) -> float:
    """All fresh students, by so many processes, each of which begins by loading everything."""
    each = [cell_work(c, cell) for cell in cells(c)]
    busy = max(1, min(workers, len(each)))
    return sum(each) / busy + (START if busy > 1 else 0.0)


def stage_work(c: DistillConfig, workers: int = 1) -> dict[str, float]:
    """The work of each stage of the run, and of the start before them."""
    return {
        "start": START,
        "experts": recording_work(c, workers),
        "distil": distil_work(c),
        "decode": decode_work(c, workers),
        "evaluate": evaluate_work(c, workers),
    }


def memory_mb(c: DistillConfig, workers: int = 1, students: bool = True) -> float:
    """The most that the bundled models and all processes hold at once, as measured. `students`: the workers train some,
    be it to score or to search."""
    alone = 560.0 + 0.07 * math.ceil(read_tokens(c))
    at_once = workers if students else experts_at_once(c, workers)
    return alone + (560.0 * at_once if at_once > 1 else 0.0)
