"""How much work a comparison is: its data sets, and the students that are trained on them.

What an earlier comparison remembers is counted as if it were to do: only a recipe, which needs the models, would tell.
Torch-free.
"""

from collections.abc import Iterable
from pathlib import Path

from backend.comparison.config import ComparisonConfig
from backend.comparison.inner import distillation
from backend.comparison.kinds import Cell, kinds_of
from backend.comparison.names import DECODERS, FINAL, FINAL_SEEDS, SELECTED, SETS, WRITTEN
from backend.comparison.needed import parts as needed
from backend.runs.work import START, Amount, Number, Part, Work, apart, total
from backend.search.count import STACKED, SearchCount, writing
from backend.studies.text_distillation import cost

TOKENS, LONGER = {"pocket_science": 22}, 45  # of an example with the padding beside it; one of a real exam
TRAIN, HELD_OUT, TEST = {"pocket_science": 1200}, {"pocket_science": 300}, {"pocket_science": 600}
MANY = 2000  # questions of a split that nobody counted
LESS_CHECKPOINTS, SELECT_STRETCHES = 4, 3  # gradients of every row
GRADIENT = 2.0  # one, projected: tokens for each read
EXPERT_STEPS, EXPERT_BATCH = 60, 32  # of the expert behind select
PATH_EPOCHS, PATH_BATCH = 4, 8  # of the warm-up behind target_path
EMBEDDED = 0.4  # tokens for each that is only read
DRAWS = 3  # sets beside the beginning that decide on a search's step size
MATCHED_UPDATES, MATCHED = 40, (3.0, 2.4)  # of learned step sizes; a step and a token beside ordinary training
PROCESS_MB = 560.0  # with torch and the bundled models, measured


def work(c: ComparisonConfig, workers: int, begun: int = 0) -> Work:
    """All parts of a comparison. `begun` is 0: it has no branches."""
    parts = [Part(START, "libraries, models and data", Amount(starts=1)), *data_sets(c, workers), *students(c, workers)]
    return Work(tuple(parts), PROCESS_MB * (1 + (workers if workers > 1 else 0)))


# -- sizes ------------------------------------------------------------------------------------------------------
def tokens(c: ComparisonConfig) -> Number:
    return TOKENS.get(c.task, LONGER) * (1 if c.style == "texts" else 2)  # letters list the options too


def count(c: ComparisonConfig, table: dict[str, int], limit: int) -> int:
    return min(limit or MANY**2, table.get(c.task, limit or MANY))


def size(c: ComparisonConfig) -> int:
    """Examples of an arm."""
    return max(1, round(c.budget * count(c, TRAIN, c.train_limit)))


def asked(c: ComparisonConfig, number: Number) -> Amount:
    return Amount(questions=number * tokens(c) / TOKENS["pocket_science"])


def held_out(c: ComparisonConfig) -> int:
    return count(c, HELD_OUT, c.validation_limit)


def trained(c: ComparisonConfig, rows: int, times: Number = 1) -> Amount:
    """A student of so many rows."""
    return Amount(steps=c.steps, tokens=c.steps * min(c.batch, rows) * tokens(c)) * times


def validated(c: ComparisonConfig, rows: int) -> Amount:
    """A student that is asked the validation questions."""
    return trained(c, rows) + asked(c, held_out(c))


def judges(c: ComparisonConfig) -> list[str]:
    """The models whose students judge a text, the own one first."""
    return [c.model, *(name for name in c.students if name != c.model and c.readers == "both")]


# -- data sets --------------------------------------------------------------------------------------------------
def data_sets(c: ComparisonConfig, workers: int) -> list[Part]:
    """Every data set once, as the arms need each other; the first decoder's run records the experts of all."""
    wanted = dict.fromkeys(arm for arm, _ in needed(c))
    if "init" in wanted and c.start == "best":
        wanted = dict.fromkeys([*SELECTED, *wanted])
    elif "init" in wanted and c.start != WRITTEN:
        wanted = dict.fromkeys([c.start, *wanted])
    found = [part for arm in wanted for part in selected(c, arm)]
    if "init" in wanted and c.start == "best":
        found += judged(c, "the start", validated(c, size(c)) * (len(SELECTED) * tried(c)), workers)
    if WRITTEN in (c.start, *c.moves) and wanted.keys() & {"init", "text"}:
        found += [Part("arms", "writing", writing(tokens(c)), c.model)]
    if "init" in wanted and c.start == WRITTEN:
        found += judged(c, "the start", validated(c, size(c)) * (SETS + FINAL * FINAL_SEEDS), workers)
    if "text" in wanted:
        found += searched(c, workers)
    if "evolve" in wanted:
        found += judged(c, "evolve", validated(c, size(c)) * search(c).trainings(), workers)
    for number, decoder in enumerate(decoder for decoder in DECODERS if decoder in wanted):
        found += distilled(c, decoder, workers, again=number > 0)
    return found


def selected(c: ComparisonConfig, arm: str) -> list[Part]:
    """What a selector looks at."""
    rows = count(c, TRAIN, c.train_limit)
    read = {"k_center": EMBEDDED * rows, "embedding": EMBEDDED * held_out(c)}  # rows are read once for all selectors
    every = GRADIENT * LESS_CHECKPOINTS * (rows + held_out(c))
    read |= {"less": every, "gist": every, "kernel_matching": every, "select": GRADIENT * SELECT_STRETCHES * rows}
    read |= {"rds_plus": EMBEDDED * (rows + held_out(c)), "target_path": 2 * EMBEDDED * rows}
    amount = Amount(tokens=read.get(arm, 0.0) * tokens(c))
    taught = {
        "select": (EXPERT_STEPS, EXPERT_BATCH),
        "target_path": (PATH_EPOCHS * held_out(c) // PATH_BATCH, PATH_BATCH),
    }
    if arm in taught:
        steps, batch = taught[arm]
        amount += Amount(steps=steps, tokens=steps * batch * tokens(c))
    return [Part("arms", arm, amount, c.model)] if arm in read else []


def tried(c: ComparisonConfig) -> int:
    """Students that a step size is chosen by."""
    return len(c.lrs) * c.lr_seeds


def search(c: ComparisonConfig) -> SearchCount:
    """The search of one reader."""
    sizes = (min(c.batch, size(c)), tokens(c), asked(c, c.judged_by).questions, asked(c, held_out(c)).questions)
    return SearchCount(c.rounds, c.steps, *sizes, c.candidates, c.judges, restarts=c.restarts)


def searched(c: ComparisonConfig, workers: int) -> list[Part]:
    """The step size, then the rounds, for each reader. Students that are trained side by side are one piece."""
    chosen = validated(c, size(c)) * ((1 + DRAWS) * tried(c) if len(c.lrs) > 1 else 0)
    judging, ranking, pieces = total(search(c).judged()), total(search(c).ranked()), heats(c)
    if pieces == 1:
        ranking, judging = ranking + judging, Amount()
    found = judged(c, "step size of the search", chosen, workers) + judged(c, "search", judging, workers, pieces)
    return found + [part for model in judges(c) for part in apart("arms", "search: changes", ranking, model, workers)]


def heats(c: ComparisonConfig) -> int:
    """The pieces that students of a heat are judged in; 0 for more than there are processes."""
    one = search(c)
    stacked = one.texts * one.tokens <= STACKED and not c.adapted_layers
    return len(judges(c)) if stacked or c.objective == "matching" else 0


def judged(c: ComparisonConfig, name: str, amount: Amount, workers: int, pieces: int = 0) -> list[Part]:
    """An amount by students of each reader, in so many pieces that processes share; 0: in more than there are."""
    if not any(amount.counts):
        return []
    busy = min(workers, pieces) if pieces else workers
    return [Part("arms", name, amount, model, busy) for model in judges(c)]


def distilled(c: ComparisonConfig, decoder: str, workers: int, again: bool) -> list[Part]:
    """The run behind a decoder, without students of its own."""
    inner = cost.work(distillation(c, decoder, Path(), size(c)), workers)
    wanted = ("distil", "decode") if again else ("experts", "distil", "decode")
    kept = [part for part in inner.parts if part.stage in wanted]
    return [Part("arms", f"{decoder}: {part.name}", part.amount, part.model, part.at_once) for part in kept]


# -- students ---------------------------------------------------------------------------------------------------
def students(c: ComparisonConfig, workers: int) -> list[Part]:
    """Step sizes first, then a student for each seed; processes load everything for each of the two."""
    kinds = kinds_of(c)
    chosen = {name: total(choosing(c, kind) for kind in kinds if kind.student == name) for name in c.students}
    scored = {name: total(scoring(c, kind) for kind in kinds if kind.student == name) for name in c.students}
    if "base" in c.arms:
        scored = {name: amount + asked(c, count(c, TEST, c.test_limit)) for name, amount in scored.items()}
    open_ = len(kinds) if len(c.lrs) > 1 or "matched" in c.regimes else 0
    return [*shared("step sizes", chosen, open_, workers), *shared("students", scored, len(kinds) * c.seeds, workers)]


def shared(name: str, amounts: dict[str, Amount], number: int, workers: int) -> Iterable[Part]:
    """What there is to do for each model, by all workers."""
    busy = max(1, min(workers, number))
    if busy > 1:
        yield Part("students", f"{name}: processes", Amount(starts=busy), at_once=busy)
    for model, amount in amounts.items():
        yield Part("students", name, amount, model, busy)


def rows_of(c: ComparisonConfig, kind: Cell) -> int:
    return count(c, TRAIN, c.train_limit) if kind.arm == "full" else size(c)


def choosing(c: ComparisonConfig, kind: Cell) -> Amount:
    """The step size of an arm, or its step sizes."""
    if kind.regime == "ordinary":
        return validated(c, rows_of(c, kind)) * (tried(c) if len(c.lrs) > 1 else 0)
    inner = distillation(c, DECODERS[0], Path(), size(c))
    read = min(rows_of(c, kind), max(inner.expert_batch, size(c))) * tokens(c)
    return cost.steps(MATCHED, MATCHED_UPDATES * inner.inner_steps, read) if kind.arm != "full" else Amount()


def scoring(c: ComparisonConfig, kind: Cell) -> Amount:
    """The students of an arm, and the test that each is asked."""
    test = asked(c, count(c, TEST, c.test_limit))
    return (trained(c, rows_of(c, kind)) + test) * c.seeds
