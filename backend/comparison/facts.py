"""Facts of the texts themselves: what changed, what was copied, and how they read.

Knows data sets and the test questions (only here, only to look for copies); no student.
"""

from statistics import fmean

from backend.comparison.datasets import arm_file, rows_of
from backend.comparison.materials import Materials
from backend.comparison.names import DECODERS
from backend.core.models.backbones import load_backbone
from backend.core.models.perplexity import perplexity
from backend.core.text.leaks import find_leaks
from backend.core.text.prompts import Example
from backend.runs.folder import RunDir
from backend.studies.text_distillation.revert import tokens_changed

TEXTS = ("init", "text", *DECODERS)


def facts_of_texts(materials: Materials, run: RunDir) -> dict[str, dict]:
    """For each arm of texts: the share of question tokens changed from the start, how many prompts are copies, and
    the perplexity of all prompts under the outsider, where there is one."""
    there = [arm for arm in TEXTS if arm in materials.config.arms and arm_file(run, arm).is_file()]
    if not there or not arm_file(run, "init").is_file():
        return {}
    outsider = load_backbone(materials.config.outsider) if materials.config.outsider else None
    found = {}
    for arm in there:
        found[arm] = _facts(materials, rows_of(run, arm), rows_of(run, "init"))
        if outsider is not None:
            found[arm]["perplexity"] = perplexity(outsider, [row["prompt"] for row in rows_of(run, arm)])
    return found


def _facts(materials: Materials, rows: list[dict], start: list[dict]) -> dict:
    prompts = [row["prompt"] for row in rows]
    now, before = ([Example.of(row) for row in part] for part in (rows, start))
    real = {example.prompt for example in materials.examples}
    return {
        "prompts": len(rows),
        "tokens_changed": tokens_changed(materials.own.tokenizer, before, now),
        "answers_changed": fmean(a.answer != b.answer for a, b in zip(now, before, strict=True)),
        "verbatim_real": sum(prompt in real for prompt in prompts),
        "near_copies_of_training": len({leak.prompt for leak in find_leaks(prompts, materials.train)}),
        "near_copies_of_test": len({leak.prompt for leak in find_leaks(prompts, materials.test)}),
    }
