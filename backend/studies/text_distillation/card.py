"""The README of a distilled data set: front matter for the hub, how it was made, what it is worth, how to load it.

Every number is taken from the run's files and stands with its n. What the files do not say is not said. Knows a copy of
a run; no hub and no zip.
"""

import json
import re
import statistics
from pathlib import PurePath

from huggingface_hub import DatasetCardData

from backend.core.text.tasks import OWN_TASKS
from backend.export.copy import RunCopy
from backend.runs.results import summarise_results

ARMS = {
    "text": "this data set",
    "random": "as many random real questions",
    "decoded": "the learned embeddings, read off token by token",
    "init": "the real questions it started from",
    "full": "all the real questions",
    "base": "nothing (untrained)",
    "projected": "embeddings of the nearest tokens",
    "soft": "the learned embeddings, which no text can express",
}
MADE = {
    "nearest": "each learned embedding became its nearest token",
    "straight_through": "learned through the nearest tokens, which are the text",
    "guided": "near tokens, chosen by the language model itself",
    "search": "searched for among real questions, phrases and words",
}
TRAIN, INFO = "data/train.parquet", "dataset_info.json"
LOAD = """```python
from datasets import load_dataset

data = load_dataset("path/or/name", split="train")
```

TRL's SFTTrainer learns the exact text from `prompt` and `completion`:

```python
taught = data.map(lambda row: {{"completion": {between} + row["answer"]}}, remove_columns=["answer"])
```

LLaMA-Factory has templates of its own, so it learns {learns}. Point it at this folder, which has a
`{info}`: `dataset_dir: path`, `dataset: {name}`."""


def card(copy: RunCopy) -> str:
    """The whole README."""
    rows = copy.rows("distilled")
    parts = [front_matter(copy, len(rows)), f"# {title(copy)}", intro(copy, rows), example(rows), how(copy, rows)]
    parts += [matching(copy), scores(copy), loading(copy, rows), licence(copy), settings(copy)]
    return "\n\n".join(part for part in parts if part) + "\n"


def title(copy: RunCopy) -> str:
    return f"{source(copy)}, distilled"


def source(copy: RunCopy) -> str:
    """What was distilled: the user's own file or folder where there was one, else a task."""
    return plain(own_data(copy) or copy.config["task"])


def own_data(copy: RunCopy) -> str:
    """The name of a user's own file or folder; empty where a benchmark was distilled."""
    folder = copy.config["data_dir"] if copy.config["task"] in OWN_TASKS else ""
    return copy.config.get("data_file") or folder


def listed_as(copy: RunCopy) -> str:
    """The data set's name in a list of others."""
    return re.sub(r"\W+", "_", f"{PurePath(source(copy)).stem}_distilled", flags=re.ASCII)


def plain(name: str) -> str:
    """A name without what means something in Markdown."""
    return re.sub(r"[^\w ./:+-]", "_", name)


def front_matter(copy: RunCopy, count: int) -> str:
    """The front matter, which the hub reads. It names no licence, which is not ours to choose, nor an own file's
    language, which nobody asked for."""
    own = bool(own_data(copy))
    sizes = (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")
    size = next((name for limit, name in sizes if count < limit), "n>100K")
    data = DatasetCardData(
        pretty_name=title(copy),
        license="unknown",
        language=None if own else ["en"],
        task_categories=["text-generation"] if own else ["question-answering"],
        size_categories=[size],
        tags=["dataset-distillation", "trajectory-matching", "synthetic", "distilloscope"],
        configs=[{"config_name": "default", "data_files": [{"split": "train", "path": TRAIN}]}],
    )
    return f"---\n{data.to_yaml()}\n---"


def intro(copy: RunCopy, rows: list[dict]) -> str:
    return (
        f"{len(rows):,} prompts with answers, found by dataset distillation: made so that a language model which is "
        f"fine-tuned on them learns what the whole training set of `{source(copy)}` teaches.\n\n"
        "Each row has `prompt` and `answer`, the exact text that was taught; `question`, which is the prompt without "
        "the words of a template around it; and `provenance`: the model, seed and update it was learned with, the real "
        "question its place started from, and whether its text was refused (`reverted`) so that this question stayed."
    )


def example(rows: list[dict]) -> str:
    """The first two rows as they are in the file; a row is one line, so nothing in it can end the block."""
    shown = "\n".join(json.dumps({k: row[k] for k in ("prompt", "answer")}, ensure_ascii=False) for row in rows[:2])
    return f"```json\n{shown}\n```"


def how(copy: RunCopy, rows: list[dict]) -> str:
    config, summary = copy.config, copy.document("summary.json")
    experts = f"{config['experts']} expert{'s' if config['experts'] > 1 else ''}"
    lines = [
        f"`{plain(config['model'])}` was trained by LoRA on the real questions: {experts} of {config['expert_steps']} "
        "steps.",
        f"{config['prompts']} prompts of at most {config['prompt_tokens']} tokens were learned so that a student "
        f"retraces such a trajectory ({summary.get('steps', config['outer_steps'])} updates, trajectory matching).",
        f"Their text: {MADE.get(config.get('decoder', 'nearest'), config.get('decoder'))}.",
    ]
    kept = sum(bool(row["provenance"].get("reverted")) for row in rows)
    if kept:
        lines.append(f"{kept} of {len(rows)} texts were refused and are the untouched real questions.")
    if isinstance(summary.get("tokens_changed"), float):
        lines.append(f"{summary['tokens_changed']:.0%} of the question tokens differ from the start's.")
    return "## How it was made\n\n" + "\n".join(f"- {line}" for line in lines)


def matching(copy: RunCopy) -> str:
    """Matching losses on experts that were never followed, each with how many segments it is the mean of."""
    lines = []
    for name, rows in (copy.document("summary.json").get("heldout") or {}).items():
        losses = [row["matching_loss"] for row in rows if row["matching_loss"] is not None]
        if losses and len(losses) == len(rows):
            lines.append(f"| {ARMS.get(name, name)} | {statistics.fmean(losses):.3f} | {len(losses)} |")
    if not lines:
        return ""
    head = "| trained on | matching loss | n segments |\n|---|---|---|\n"
    told = "On experts the prompts never followed (1 = learned nothing, 0 = perfect match):"
    return f"## Does it steer a student?\n\n{told}\n\n{head}" + "\n".join(lines)


def scores(copy: RunCopy) -> str:
    """Accuracy of fresh students on test questions."""
    table = [row for row in summarise_results(copy.rows("results")) if row["metric"] == "acc"]
    if not table:
        return "## Does it teach?\n\nNot measured: this run scored no students."
    head = "| student | training | trained on | accuracy | ± 95 % | n questions | n students |\n" + "|---" * 7 + "|\n"
    order = sorted(table, key=lambda row: (row["student"], row["regime"], list(ARMS).index(row["arm"])))
    body = "\n".join(
        f"| {plain(row['student'])} | {row['regime']} | {ARMS[row['arm']]} | {row['mean']:.3f} "
        f"| {row['interval']:.3f} | {row['n']:,} | {row['seeds']} |"
        for row in order
    )
    told = (
        "Fresh students, trained and then asked the task's test questions. `ordinary` is AdamW, `matched` the learned "
        "step sizes. The interval joins the luck of the questions and of the students."
    )
    return f"## Does it teach?\n\n{told}\n\n{head}{body}"


def loading(copy: RunCopy, rows: list[dict]) -> str:
    """How programs read the folder."""
    said = any("between" in row for row in rows)
    learns = "`messages`" if any(row.get("turns") for row in rows) else "`question` and `answer`"
    between = 'row["between"]' if said else '" "'
    return "## How to load it\n\n" + LOAD.format(between=between, learns=learns, info=INFO, name=listed_as(copy))


def licence(copy: RunCopy) -> str:
    return (
        "## Licence\n\nNot stated (`unknown`): whoever publishes this chooses it. The prompts are made from questions "
        f"of `{source(copy)}` and by `{plain(copy.config['model'])}`; mind the licences of both."
    )


def settings(copy: RunCopy) -> str:
    """The part with all that is needed to make the data set again."""
    listed = json.dumps(copy.config, indent=1, ensure_ascii=False)
    return f"## Settings\n\n```json\n{listed}\n```\n\nMade with Distilloscope."
