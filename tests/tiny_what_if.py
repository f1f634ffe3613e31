"""A small run whose final texts may be changed: tiny models of two families, toy questions, texts written by hand.

Knows the config and the rows that the wall and the edits read; nothing of how texts are distilled.
"""

from pathlib import Path

from backend import settings
from backend.core.text.prompts import question_prompt
from backend.runs.folder import RunDir
from backend.studies.text_distillation.config import DistillConfig

TEXTS = (("Which animal gives milk?", "a cow"), ("What do plants need", "light"), ("bre is ice poin", "water"))


def tiny_run(folder: Path, models: dict, tasks: Path, **changes) -> RunDir:
    """A finished run. `changes` are settings."""
    values = {
        "task": "arc_easy", "data_dir": str(tasks), "model": str(models["opt"]), "other_model": str(models["llama"]),
        "lora_rank": 2, "lora_alpha": 4, "prompts": len(TEXTS), "expert_span": 4, "expert_steps": 6, "max_start": 2,
        "finetune_steps": 4, "finetune_lr": 0.05,
    } | changes  # fmt: skip
    config = settings.as_json(DistillConfig(**values))
    run = RunDir.create(folder, "text_distillation", None, config)
    for question, answer in TEXTS:
        row = {"prompt": question_prompt(question), "answer": answer, "provenance": {"text": question}}
        run.append("distilled", row)
    shown = [
        {"slot": slot, "text": text, "answer": answer, "changed": 0.5, "distance": 0.5}
        for slot, (text, answer) in enumerate(TEXTS)
    ]
    run.append("prompts", {"step": 0, "prompts": shown})
    run.set_status(state="finished")
    return run
