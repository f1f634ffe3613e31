"""The text arm: the search with its log, resumable after any round.

Knows the run folder and the materials; the search itself is the study's.
"""

import json
from dataclasses import asdict
from pathlib import Path

from backend.comparison.materials import Materials
from backend.comparison.students import Trainee
from backend.core.progress import Progress
from backend.core.prompts import ANSWER_SUFFIX, QUESTION_PREFIX
from backend.runs import RunDir, write_atomically
from backend.studies.text_distillation.moves import Draft, Material
from backend.studies.text_distillation.search import Found, Search, SearchPlan, as_example


def search_text(materials: Materials, run: RunDir, start: list[dict], progress: Progress) -> list[dict]:
    """The best validated texts as a data set. Goes on where a stopped search ended."""
    saved = state_file(run)
    drafts = [draft_of(row) for row in start]
    state = json.loads(saved.read_text(encoding="utf-8")) if saved.is_file() else {"lrs": step_sizes(materials, drafts)}
    after = found_of(state["found"]) if "found" in state else None
    trainings = state.get("trainings", 0)
    search = make_search(materials, tuple(state["lrs"]))
    run.keep_rows(
        "metrics", lambda row: row["stage"] != "search" or (after is not None and row["round"] <= after.round)
    )
    for found in search.run(drafts, after):
        trainings += found.row["trainings"]
        run.append("metrics", {"stage": "search", **found.row})
        state |= {"found": asdict(found), "trainings": trainings}
        write_atomically(saved, json.dumps(state, ensure_ascii=False))
        after = found
        progress.advance(f"Search, round {found.round}: validation loss {found.best_loss:.3f}", by=0)
    about = {"arm": "text", "trainings": trainings, "lrs": state["lrs"]}
    real = {draft.question for draft in search.material.drafts}
    return [
        data_row(first, draft, draft.question in real, about) for first, draft in zip(start, after.best, strict=True)
    ]


def make_search(materials: Materials, lrs: tuple[float, ...]) -> Search:
    """The search over the materials' readers, with a step size for each."""
    c = materials.config
    plan = SearchPlan(
        task=c.task,
        rounds=c.rounds,
        lrs=lrs,
        steps=c.steps,
        batch=c.batch,
        candidates=c.candidates,
        questions=c.judged_by,
        seeds=c.judges,
        moves=c.moves,
        objective=c.objective,
        seed=c.seed,
    )
    drafts = [
        Draft(question.question, example.answer, question.id)
        for question, example in zip(materials.train, materials.examples, strict=True)
    ]
    lengths = [len(example.answer) for example in materials.own.train.examples]
    return Search(materials.judges(), materials.train, materials.validation, Material.of(drafts, lengths), plan)


def step_sizes(materials: Materials, drafts: list[Draft]) -> list[float]:
    """The step size of each reader's students, chosen by validation on the texts it begins with."""
    found = []
    for reader in materials.judges():
        rows = reader.rows([as_example(draft) for draft in drafts])
        found.append(Trainee(materials, reader).choose_step_size(rows))
    return found


def draft_of(row: dict) -> Draft:
    """A row of a data set as a draft: the frame is taken off the prompt."""
    return Draft(
        row["prompt"].removeprefix(QUESTION_PREFIX).removesuffix(ANSWER_SUFFIX), row["answer"], row["provenance"]["id"]
    )


def data_row(first: dict, draft: Draft, verbatim: bool, about: dict) -> dict:
    """One text with where it began, whose words it has, and whether it is a real question word for word."""
    example = as_example(draft)
    told = {"started_from": first["provenance"]["id"], "id": draft.origin, "verbatim": verbatim}
    return {"prompt": example.prompt, "answer": example.answer, "provenance": about | told}


def found_of(saved: dict) -> Found:
    """A round as it was saved."""
    return Found(**saved | {name: tuple(Draft(**one) for one in saved[name]) for name in ("drafts", "best")})


def state_file(run: RunDir) -> Path:
    return run.artifacts / "search.json"
