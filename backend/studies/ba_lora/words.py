"""Words of the study: what a run is, in one sentence, and what its lines are called. Plain values in, plain text out.

Knows the study's settings; no file and no screen.
"""

TITLES = {
    "base": "Before training",
    "clean": "Clean twin",
    "lora": "LoRA",
    "rslora": "rsLoRA",
    "dora": "DoRA",
    "pissa": "PiSSA",
    "label_smoothing": "PiSSA, label smoothing",
    "early_stopping": "PiSSA, early stopping",
    "ba_lora": "BA-LoRA",
    "ba_lora_strong": "BA-LoRA, strong",
    "no_consistency": "Strong, no consistency",
    "no_diversity": "Strong, no diversity",
    "no_spectrum": "Strong, no spectrum",
    "lora_terms": "LoRA with strong terms",
}


def title(config: dict) -> str:
    """A run's name: a preset's would be wrong as soon as a setting is changed."""
    return f"{model(config)}, {count(len(config['arms']), 'arm')}"


def about(config: dict) -> str:
    """The run in one sentence."""
    taught = f"{count(config['examples'], 'question')} of {task_name(config['train_task'])}"
    wrong = round(config["wrong_share"] * config["examples"])
    labels = f", {wrong:,} of them with a wrong answer," if wrong else ""
    return (
        f"{model(config)} learns {taught}{labels} in {count(len(config['arms']), 'way')}, "
        f"{times(config['seeds'])} each, and is asked what it kept."
    )


def model(config: dict) -> str:
    """What is tuned."""
    return config["model"] if config["plant"] == "bundled" else f"a twin planted at {config['strength']:.0%}"


def student_line(values: dict) -> str:
    """The name of a training's line. Of the grid its step size tells; people count students from 1."""
    if values.get("phase") == "grid":
        return f"step size {values['lr']:g}"
    seed = values.get("seed")
    return f"student {seed + 1}" if isinstance(seed, int) else "student"


def arm_title(name: str) -> str:
    """An arm's name as people read it."""
    return TITLES.get(name, name.replace("_", " "))


def task_name(task: str) -> str:
    return task.replace("_", " ")


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
