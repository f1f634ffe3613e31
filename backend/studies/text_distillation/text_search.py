"""The search as a run's decoder: texts that start as the prompts' real questions and are judged by fresh students.

The soft prompts are learned and decoded as ever, for the arms made of them; the texts come from the search alone. Knows
a setup and the run folder; the search itself is in backend/search.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from backend.core.pool import Workers, kept
from backend.core.text.facts import load_facts
from backend.core.text.tasks import Question
from backend.core.text.text_data import load_questions
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.search.court import Heat, SearchPlan, as_example
from backend.search.moves import Draft
from backend.search.search import Found, Search, Spread
from backend.search.state import STATE, last_round, material_of, search_through
from backend.search.writing import with_written
from backend.search.written import FILE
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.cost import checking_work, search_work
from backend.studies.text_distillation.prompt_facts import tested
from backend.studies.text_distillation.revert import tokens_changed
from backend.studies.text_distillation.setup import Setup

AT_ONCE = 4  # texts that a worker judges at a time: the same however many workers, so that the digits are too


def search_texts(setup: Setup, run_dir: RunDir, workers: Workers) -> None:
    """Search, or go on searching; what it came to stays in the run's artifacts."""
    c = setup.config
    starts = zip(setup.init_examples, setup.init_rows, strict=True)
    drafts = [Draft(setup.train[row].question, example.answer, setup.train[row].id) for example, row in starts]
    last = last_round(run_dir.artifacts / STATE)
    rounds, begun = search_work(c, workers.count), last.round if last else -1
    repair_snapshots(setup, last, run_dir)
    work = sum(rounds[begun + 1 :])
    with Progress(run_dir, "decode", c.search_rounds, max(0, begun), work, checking_work(c, workers.count)) as progress:
        judged = 0

        def say(found: Found) -> None:
            said = f"Search, round {found.round}: validation loss {found.best_loss:.3f}"
            write_snapshot(setup, found, run_dir)
            progress.advance(said, by=found.round - progress.done, work=rounds[found.round])

        def spread(heats: Sequence[Heat]) -> Iterator[tuple[Heat, list[float]]]:
            nonlocal judged
            for heat, values in workers.each(partial(heat_worker, c), heats, progress.check_stop):
                judged += len(heat.texts) * heat.students
                progress.advance(f"Search: {judged} students trained and judged", by=0, work=0.0)
                yield heat, values

        searching = spread if workers.count > 1 else None
        written = run_dir.artifacts / FILE
        search_through(
            run_dir, drafts, lambda: step_sizes(c), lambda lrs: make_search(setup, lrs, searching, written), say
        )


def step_sizes(config: DistillConfig) -> list[float]:
    """One for each reader, those of the students to come."""
    return [config.finetune_lr] * (2 if config.other_model and config.search_readers == "both" else 1)


def heat_worker(config: DistillConfig) -> Callable[[Heat], list[float]]:
    """Load everything once, in a process of its own, and return what to do with a heat."""
    return make_search(kept(Setup, config), tuple(step_sizes(config))).heat


def repair_snapshots(setup: Setup, last: Found | None, run_dir: RunDir) -> None:
    """The texts on file are those of the rounds that are saved: a kill may have come between a round and its texts."""
    begun = last.round if last else -1
    run_dir.keep_rows("prompts", lambda row: row.get("round", -1) <= begun)
    if last and not any(row.get("round") == begun for row in run_dir.rows("prompts")):
        write_snapshot(setup, last, run_dir)


def write_snapshot(setup: Setup, found: Found, run_dir: RunDir) -> None:
    """The texts after a round, behind those of the last update. Text has no distance to the nearest tokens: it is 0."""
    rows = [
        {
            "slot": slot,
            "text": draft.question,
            "answer": draft.answer,
            "changed": tokens_changed(setup.own.tokenizer, [start], [as_example(draft, setup.spec)]),
            "distance": 0.0,
        }
        for slot, (draft, start) in enumerate(zip(found.best, setup.init_examples, strict=True))
    ]
    step = setup.config.outer_steps + found.round
    run_dir.append("prompts", {"step": step, "round": found.round, "prompts": rows})


def make_search(
    setup: Setup, lrs: tuple[float, ...], spread: Spread | None = None, written: Path | None = None
) -> Search:
    """Students of the search are those of the ordinary regime: the same steps, batch and step size. `written` is the
    file of a writer's texts, which only who draws changes needs."""
    c = setup.config
    readers = setup.readers()[: len(lrs)]
    plan = SearchPlan(
        task=c.task,
        rounds=c.search_rounds,
        lrs=lrs,
        steps=c.finetune_steps,
        batch=c.finetune_batch,
        moves=c.search_moves,
        questions=c.search_questions,
        objective=c.search_objective,
        starts=c.search_starts,
        restarts=c.search_restarts,
        geometry=c.search_geometry,
        at_once=AT_ONCE,
        seed=c.seed,
    )
    validation = load_questions(c.task, "validation", c.own_data, answers_from=c.counted_from)
    material = material_of(setup.train, setup.train_examples, setup.own, setup.spec)
    if written and "written" in c.search_moves:
        kept_out = partial(kept_out_of, setup, validation)
        facts = load_facts(c.task, c.own_data)
        material = with_written(material, setup.own, setup.spec, written, kept_out, c.seed, facts)
    return Search(readers, setup.train, validation, material, plan, spread)


def kept_out_of(setup: Setup, validation: Sequence[Question]) -> list[Question]:
    """The questions of validation and test, which no written text may be like."""
    return [*validation, *tested(setup)]
