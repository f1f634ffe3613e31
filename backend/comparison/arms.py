"""The arms' data sets: real questions by every selector, the texts of the search, and the controls made of them.

Each is made once for its recipe and left as a file (datasets.py). Knows selectors and the search; trains no student of
the comparison and sees no test question, but to keep written texts from being like one.
"""

import random
from dataclasses import asdict
from pathlib import Path
from statistics import median_high

from backend.comparison.beginning import best_start, best_written
from backend.comparison.datasets import keep, kept, kept_rows, put_into, rows_of
from backend.comparison.distilling import distilled_rows
from backend.comparison.judging import evolve_rows
from backend.comparison.materials import Materials, digest_of
from backend.comparison.names import DECODERS, FINAL, FINAL_SEEDS, SELECTED, SETS, WRITTEN
from backend.comparison.needed import BEGUN, OF_SEARCH, parts
from backend.comparison.searching import material_in, search_text
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.search.court import as_example
from backend.search.state import VERSION
from backend.search.writing import WRITING
from backend.selection import SELECTORS
from backend.selection.select import SelectSettings, select


def make_arms(materials: Materials, run: RunDir) -> None:
    """Write arms/<arm>.jsonl for every arm of the config; what is there or kept is not made again."""
    wanted = list(parts(materials.config))
    with Progress(run, "arms", len(wanted)) as progress:
        for arm, seed in wanted:
            progress.advance(f"Choosing {arm}", by=0)
            put_into(run, file_name(arm, seed), made(materials, run, arm, seed, progress))
            progress.advance(f"{arm} is chosen")


def made(materials: Materials, run: RunDir, arm: str, seed: int, progress: Progress) -> Path:
    """The kept file of a data set, made where there is none."""
    recipe = recipe_of(materials, arm, seed)
    return kept(recipe) if kept(recipe).is_file() else keep(recipe, make(materials, run, arm, seed, progress))


def file_name(arm: str, seed: int) -> str:
    return f"{arm}-{seed}" if arm == "random" else arm


def recipe_of(materials: Materials, arm: str, seed: int) -> dict:
    """Everything the data set depends on."""
    c = materials.config
    recipe = {
        "arm": arm,
        "task": c.task,
        "data": materials.digest(),
        "size": materials.size,
        "model": materials.own.fingerprint,
        "lora": [c.lora_rank, c.lora_alpha],
        "seed": [c.seed, seed],
    }
    recipe |= c.adapted_elsewhere()
    by = arm if arm in SELECTORS else c.start  # the selector behind it, or the writer
    if by in (*TRAINED, "best"):
        recipe |= {"mixed_precision": c.mixed_precision}
    if by in ("select", "best"):
        recipe |= {"expert_lr": median_high(c.lrs)}
    if by == "best":
        recipe |= {"among": list(SELECTED)}
        recipe |= {name: getattr(c, name) for name in VALIDATED} | {"readers": judges_of(materials)}
    if arm in BEGUN:
        recipe |= {"start": c.start}
    if by == WRITTEN or (arm in OF_SEARCH and WRITTEN in c.moves):
        recipe |= {"writing": asdict(WRITING), "kept_out": digest_of(materials.kept_out())}
        recipe |= {"facts": digest_of(materials.facts)} if materials.facts else {}
    if by == WRITTEN:
        recipe |= {"sets": [SETS, FINAL, FINAL_SEEDS], "lr": median_high(c.lrs), "readers": judges_of(materials)}
        recipe |= {name: getattr(c, name) for name in ("steps", "batch", "mixed_precision")}
    if arm in DECODERS:
        recipe |= {name: getattr(c, name) for name in ("distillation", "outer_steps", "prompt_tokens")}
    if arm in OF_SEARCH:
        recipe |= {name: getattr(c, name) for name in SEARCHED} | {
            "readers": judges_of(materials),
            "search": VERSION,
        }
        # left out where they are as ever, so that what was made before there was a choice is found
        recipe |= {name: getattr(c, name) for name, usual in CHOICES.items() if getattr(c, name) != usual}
    return recipe


TRAINED = ("less", "gist", "target_path", "kernel_matching", "select")  # selectors that train a student first
VALIDATED = ("steps", "batch", "lrs", "lr_seeds")
SEARCHED = (
    "objective",
    "moves",
    "rounds",
    "candidates",
    "judged_by",
    "judges",
    "mixed_precision",
    *VALIDATED,
)


CHOICES = {"restarts": 1, "geometry": "adam"}


def judges_of(materials: Materials) -> list[str]:
    return [reader.fingerprint for reader in materials.judges()]


def make(materials: Materials, run: RunDir, arm: str, seed: int, progress: Progress) -> list[dict]:
    """The rows of one data set."""
    c = materials.config
    if arm == "init":
        return start_rows(materials, run, progress)
    if arm == "select":
        expert = SelectSettings(lr=median_high(c.lrs))
        return real_rows(materials, arm, select(materials.pool(c.seed), materials.size, expert))
    if arm in SELECTORS:
        rows = SELECTORS[arm](materials.pool(c.seed + seed), materials.size)
        return real_rows(materials, arm, rows)
    if arm == "text":
        return search_text(materials, run, rows_of(run, "init"), progress)
    if arm == "text_shuffled":
        return shuffled(rows_of(run, "text"), c.seed)
    if arm == "evolve":
        start = [row["provenance"]["row"] for row in rows_of(run, "init")]
        search = rows_of(run, "text")[0]["provenance"]
        rows = evolve_rows(materials, run, start, search["trainings"], tuple(search["lrs"]), progress)
        return real_rows(materials, arm, rows)
    return distilled_rows(materials, arm, rows_of(run, "init"), progress)


def start_rows(materials: Materials, run: RunDir, progress: Progress) -> list[dict]:
    """The questions that texts begin with: real ones, or the best set that a writer wrote."""
    start = materials.config.start
    if start == WRITTEN:
        progress.advance("Choosing among written sets", by=0)
        drafts = best_written(materials, material_in(materials, run).written)
        told = [{"arm": "init", "id": draft.origin, "question": draft.question} for draft in drafts]
        rows = [as_example(draft, materials.spec).row for draft in drafts]
        return [row | {"provenance": about} for row, about in zip(rows, told, strict=True)]
    arms = SELECTED if start == "best" else (start,)
    sets = {arm: kept_rows(made(materials, run, arm, 0, progress)) for arm in arms}
    if start != "best":
        return sets[start]
    progress.advance("Choosing what to begin with", by=0)
    return sets[best_start(materials, sets)]


def real_rows(materials: Materials, arm: str, rows: list[int]) -> list[dict]:
    """Training questions by number, as a data set."""
    return [
        materials.examples[i].row | {"provenance": {"arm": arm, "row": i, "id": materials.train[i].id}} for i in rows
    ]


def shuffled(rows: list[dict], seed: int) -> list[dict]:
    """The control: the same prompts with each other's answers. No prompt keeps its answer where that can be helped."""
    dealt = moved_away([row["answer"] for row in rows], random.Random(f"{seed} shuffled answers"))
    return [
        row | {"answer": answer, "provenance": row["provenance"] | {"arm": "text_shuffled"}}
        for row, answer in zip(rows, dealt, strict=True)
    ]


def moved_away(answers: list[str], rng: random.Random) -> list[str]:
    """The answers in another order, as few as can be where they were.

    A place that drew its own answer swaps with one for which that helps. Where there is none, more than half of the
    answers are that one, and no order is better.
    """
    dealt = rng.sample(answers, len(answers))
    for i, own in enumerate(answers):
        helps = [j for j, other in enumerate(answers) if own not in (dealt[j], other)]
        if dealt[i] == own and helps:
            j = rng.choice(helps)
            dealt[i], dealt[j] = dealt[j], dealt[i]
    return dealt
