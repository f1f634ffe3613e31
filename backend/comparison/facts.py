"""Facts of the texts themselves: what changed, what was copied, and how they read.

Knows data sets and the test questions (only here, only to look for copies); no student.
"""

from difflib import SequenceMatcher
from statistics import fmean

from backend.comparison.datasets import arm_file, rows_of
from backend.comparison.materials import Materials
from backend.core.backbones import prompt_ids
from backend.core.leaks import find_leaks
from backend.runs import RunDir

TEXTS = ("text", "nearest", "straight_through", "guided")


def facts_of_texts(materials: Materials, run: RunDir) -> dict[str, dict]:
    """For each arm of texts: the share of tokens changed from the start, and how many prompts are copies of what."""
    found = {}
    for arm in TEXTS:
        if arm in materials.config.arms and arm_file(run, arm).is_file() and arm_file(run, "init").is_file():
            found[arm] = _facts(materials, rows_of(run, arm), rows_of(run, "init"))
    return found


def _facts(materials: Materials, rows: list[dict], start: list[dict]) -> dict:
    tokenizer, prompts = materials.own.tokenizer, [row["prompt"] for row in rows]
    now, before = ([prompt_ids(tokenizer, row["prompt"]) for row in part] for part in (rows, start))
    real = {example.prompt for example in materials.examples}
    return {
        "prompts": len(rows),
        "tokens_changed": fmean(changed(a, b) for a, b in zip(before, now, strict=True)),
        "answers_changed": fmean(a["answer"] != b["answer"] for a, b in zip(rows, start, strict=True)),
        "verbatim_real": sum(prompt in real for prompt in prompts),
        "near_copies_of_training": len({leak.prompt for leak in find_leaks(prompts, materials.train)}),
        "near_copies_of_test": len({leak.prompt for leak in find_leaks(prompts, materials.test)}),
    }


def changed(before: list[int], now: list[int]) -> float:
    """Share of the new prompt's tokens that are not taken over from the old one, by alignment."""
    same = sum(block.size for block in SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks())
    return 1 - same / max(1, len(now))
