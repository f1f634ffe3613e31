"""What the stages of a run cost, by counting: how often a student reads how many tokens.

`work` is what estimates are made of: one part for each thing that a stage does. The bars of a run tell their time left
by the weights of the same counts. Torch-free.
"""

import math

from backend.core.models import registry
from backend.core.models.listed import look_up
from backend.core.models.registry import find
from backend.disk import home
from backend.runs.pace import REFERENCE
from backend.runs.work import START, Amount, Number, Part, Work, total
from backend.search.count import SearchCount, writing
from backend.studies.text_distillation.branching import RECORDING
from backend.studies.text_distillation.cells import Cell, cells
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.recorded import experts_like

ONE_START = Amount(starts=1)
# a step and a token beside those of ordinary training, measured on the bundled models
EXPERT = (0.8, 0.9)  # without AdamW
UNROLL = (0.6, 0.75)  # without second derivatives
UPDATE = (3.0, 2.4)  # with

QUESTION = {"pocket_science": 13, "pocket_mmlu": 14}  # tokens of a question; others are real exams
LONGER, FRAME, PADDED = 30, 6, 1.15  # a question of those; what stands around one, with its answer; rows of like length
TRAIN_ROWS = {"pocket_science": 1200}
TEST_ROWS = {"pocket_science": 600, "pocket_mmlu": 400}
VALIDATION = {"pocket_science": 300}
MANY = 2000  # rows of a task that is not listed
LARGER = 20.0  # how much slower another model is at least, before it is loaded
SIZES = 10  # unrolls that a first step size is chosen by
CHECKS = 3  # updates that an engine's check costs
PROCESS_MB = 560.0  # with torch and a bundled model, measured
AT_ONCE = 4  # texts of a heat of the search, see text_search.py


def work(c: DistillConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a run, less the experts that are recorded already and the updates before `begun`."""
    followed, held_out = to_record(c)
    busy = experts_at_once(c, workers) if followed > 1 else 1
    parts = [
        Part(START, "libraries, models and data", ONE_START),
        Part("experts", "experts", expert_amount(c) * (math.ceil(followed / busy) * busy), c.model, busy),
        Part("distil", "updates", distil_amount(c, begun), c.model),
        Part("decode", "held-out experts", expert_amount(c) * held_out, c.model),
        *search_parts(c, workers),
        Part("decode", "which texts stay, held-out losses", checking_amount(c), c.model),
        Part("decode", "what each prompt adds", adding_amount(c, workers), c.model, min(workers, c.prompts + 1)),
        *scoring_parts(c, workers),
        *process_parts(c, workers, busy),
    ]
    return Work(tuple(parts), memory_mb(c, workers))


def weight(amount: Amount, model: str = "") -> float:
    """An amount as one number, to compare it with others of the same run: seconds of the reference machine."""
    return REFERENCE.seconds(amount, model)


def steps(kind: tuple[Number, Number], count: Number, tokens: Number) -> Amount:
    """So many steps of a kind that read so many tokens each."""
    return Amount(steps=count * kind[0], tokens=count * tokens * kind[1])


def trained(c: DistillConfig, rows_at_once: Number) -> Amount:
    """One student of the ordinary regime, whose steps read so many questions."""
    return steps((1, 1), c.finetune_steps, rows_at_once * (question(c) + FRAME) * PADDED)


# -- sizes ------------------------------------------------------------------------------------------------------
def question(c: DistillConfig) -> int:
    return QUESTION.get(c.task, LONGER)


def asked(c: DistillConfig, count: Number) -> Amount:
    """So many questions scored, as long as the task's."""
    return Amount(questions=count * (question(c) + FRAME) / (QUESTION["pocket_science"] + FRAME))


def slot_tokens(c: DistillConfig) -> int:
    """Tokens that a student reads of one synthetic prompt, its frame and its answer."""
    prompt = min(c.prompt_tokens, question(c) + 4)  # a prompt is no longer than the question it starts from
    return prompt + FRAME + (question(c) if c.layout == "prefix" else 0)


def read_tokens(c: DistillConfig) -> int:
    """What one step of the inner loop reads."""
    return (c.inner_batch or c.prompts) * slot_tokens(c)


def rows(table: dict[str, int], c: DistillConfig, limit: int) -> int:
    return min(limit or MANY**2, table.get(c.task, limit or MANY))


# -- experts ----------------------------------------------------------------------------------------------------
def expert_amount(c: DistillConfig) -> Amount:
    """Recording one expert."""
    batch = min(c.expert_batch, rows(TRAIN_ROWS, c, c.train_limit))
    return steps(EXPERT, c.expert_steps, batch * (question(c) + FRAME) * PADDED)


def expert_work(c: DistillConfig) -> float:
    return weight(expert_amount(c), c.model)


def experts_at_once(c: DistillConfig, workers: int, slower: float | None = None) -> int:
    """All workers, or one where what they gain does not pay for their loading twice over.

    `slower`: how much slower than opt-pocket the model is; a guess by its name where it is left out.
    """
    known = find(c.model)
    slower = (LARGER if known is None or known.layers > 4 else 1.0) if slower is None else slower
    gain = c.experts * weight(expert_amount(c)) * slower * (1 - 1 / workers)
    return min(workers, c.experts) if gain > 2 * REFERENCE.start else 1


def to_record(c: DistillConfig) -> tuple[int, int]:
    """How many of the followed and of the held-out experts no earlier run has left behind."""
    there = experts_like({name: getattr(c, name) for name in RECORDING}, home() / "experts")
    followed = set(range(c.experts)) - there
    return len(followed), len(set(range(c.experts, c.experts + c.heldout_experts)) - there)


# -- updates ----------------------------------------------------------------------------------------------------
def unroll_amount(c: DistillConfig) -> Amount:
    return steps(UNROLL, c.inner_steps, read_tokens(c))


def distil_amount(c: DistillConfig, begun: int = 0) -> Amount:
    """The updates after `begun`, with their looks: a student beside the first expert, a search for neighbours."""
    updates = max(0, c.outer_steps - begun)
    if not updates:
        return Amount()
    each = steps(UPDATE, c.inner_steps, read_tokens(c))
    looks = updates // c.snapshot_every + 1
    return each * (updates + CHECKS) + (unroll_amount(c) + steps((4, 0), 1, 0)) * looks + unroll_amount(c) * SIZES


# -- text -------------------------------------------------------------------------------------------------------
def search_parts(c: DistillConfig, workers: int) -> list[Part]:
    """The rounds of the search for each of its readers; none for another decoder."""
    if c.decoder != "search":
        return []
    judged, ranked = total(search(c).judged()), total(search(c).ranked())
    parts = [Part("decode", "students of the search", judged, reader, workers) for reader in readers(c)]
    if "written" in c.search_moves:
        written = writing((question(c) + FRAME) * PADDED)
        parts.append(Part("decode", "questions written", written, c.model))
    return parts + [Part("decode", "changes ranked", ranked, reader) for reader in readers(c)]


def readers(c: DistillConfig) -> list[str]:
    return [c.model] + ([c.other_model] if c.other_model and c.search_readers == "both" else [])


def search(c: DistillConfig) -> SearchCount:
    """The search of one reader."""
    texts, tokens = min(c.finetune_batch, c.prompts), (question(c) + FRAME) * PADDED
    judged, held_out = (asked(c, count).questions for count in (c.search_questions, VALIDATION.get(c.task, MANY // 4)))
    sizes = (c.search_rounds, c.finetune_steps, texts, tokens, judged, held_out)
    return SearchCount(*sizes, starts=c.search_starts, heat=AT_ONCE, restarts=c.search_restarts)


def search_work(c: DistillConfig, workers: int = 1) -> list[float]:
    """The weight of each round, from round 0, for all readers; so many processes share their students."""
    counted = list(zip(search(c).judged(), search(c).ranked(), strict=True))
    return [sum(weight(a, reader) / workers + weight(b, reader) for reader in readers(c)) for a, b in counted]


def checking_amount(c: DistillConfig) -> Amount:
    """The revert rule, the held-out losses, and how the texts read."""
    losses = 4 * c.heldout_experts * starts(c)
    rule = c.prompts + 1 if c.revert and c.decoder != "search" else 0
    surprises = Amount(steps=0.3 * (100 + c.prompts) * (2 if c.other_model else 1))  # a short text read at a time
    return unroll_amount(c) * (rule * judging(c) + losses) + surprises


def adding_amount(c: DistillConfig, workers: int = 1) -> Amount:
    """What each prompt adds: an unroll for it and each segment, shared by so many processes."""
    busy = min(workers, c.prompts + 1)
    return unroll_amount(c) * (math.ceil((c.prompts + 1) / busy) * busy * judging(c))


def checking_work(c: DistillConfig, workers: int = 1) -> float:
    """The weight of all that follows the search, where so many processes share what each prompt adds."""
    busy = min(workers, c.prompts + 1)
    return weight(checking_amount(c), c.model) + weight(adding_amount(c, workers), c.model) / busy


def judging(c: DistillConfig) -> int:
    """The segments that the revert rule asks, and that a prompt's part is told by."""
    return (c.heldout_experts or c.experts) * starts(c)


def starts(c: DistillConfig) -> int:
    """The starts of each trajectory: the first, the middle and the last."""
    return len({0, c.max_start // 2, c.max_start})


# -- students ---------------------------------------------------------------------------------------------------
def cell_amount(c: DistillConfig, cell: Cell) -> Amount:
    """Training and scoring one fresh student."""
    scoring = asked(c, rows(TEST_ROWS, c, c.test_limit))
    if cell.arm == "base":
        return scoring
    if cell.regime == "matched":
        expert = expert_amount(c) * (c.expert_span / c.expert_steps)
        return scoring + (expert if cell.arm == "full" else unroll_amount(c))
    most = rows(TRAIN_ROWS, c, c.train_limit) if cell.arm == "full" else c.prompts
    return scoring + trained(c, min(c.finetune_batch, most))


def cell_work(c: DistillConfig, cell: Cell) -> float:
    return weight(cell_amount(c, cell), cell.student)


def scoring_parts(c: DistillConfig, workers: int) -> list[Part]:
    """All fresh students, by so many processes, each of which begins by loading everything."""
    every = cells(c)
    busy = max(1, min(workers, len(every)))
    parts = []
    for name in dict.fromkeys(cell.student for cell in every):
        amount = total(cell_amount(c, cell) for cell in every if cell.student == name)
        parts.append(Part("evaluate", "students", amount, name, busy))
    return parts


def process_parts(c: DistillConfig, workers: int, recording: int) -> list[Part]:
    """Processes that load everything: those that record experts, and those that search and score the students."""
    if workers == 1:
        return []
    after = "decode" if c.decoder == "search" else "evaluate"
    found = [Part(after, "processes", ONE_START * workers, at_once=workers)]
    return [Part("experts", "processes", ONE_START * recording, at_once=recording), *found] if recording > 1 else found


def memory_mb(c: DistillConfig, workers: int = 1) -> float:
    """The most that all processes hold at once: of the bundled models as measured, of others as counted."""
    entries = [entry for name in (c.model, c.other_model) if (entry := look_up(name))]
    process = max([PROCESS_MB, *(registry.memory_mb(entry, "tune") for entry in entries)])
    unrolls = [registry.memory_mb(entry, "distil", tokens=read_tokens(c)) for entry in entries[:1]]
    alone = max([process, PROCESS_MB + 0.07 * math.ceil(read_tokens(c)), *unrolls])
    return float(alone + (process * workers if workers > 1 else 0))
