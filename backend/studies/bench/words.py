"""Words of the bench: what a run is, in one sentence, and what it is called. Plain values in, plain text out.

Knows the study's settings; no file and no screen.
"""

NOUNS = {"real": "real question", "random": "random question", "distilled": "distilled prompt"}
KINDS = {"distilled": "made", "real": "real", "random": "real", "file": "real"}  # by data: made, real or nothing
METHODS = {
    "lora": "LoRA",
    "rslora": "rsLoRA",
    "dora": "DoRA",
    "pissa": "PiSSA",
    "ba_lora": "BA-LoRA",
    "full": "full fine-tuning",
}


def learned(config: dict) -> str:
    """What the student of this run learned from, with the number where there is one."""
    data, examples = config["data"], config["examples"]
    if data == "file":
        return f"{count(examples, 'example')} of an uploaded file" if examples else "an uploaded file"
    if data in NOUNS:
        return count(examples, NOUNS[data]) if examples else f"all {NOUNS[data]}s"
    return "nothing" if data == "none" else str(data)


def title(config: dict) -> str:
    """A run's name: a preset's would be wrong as soon as a setting is changed."""
    return f"{config['student']} {'as it is' if config['data'] == 'none' else f'after {learned(config)}'}"


def about(config: dict) -> str:
    """The run in one sentence."""
    student, tasks = config["student"], [task_name(task) for task in config["tasks"]]
    tasks += ["your file"] if config["test_file"] else []
    tested = f"tested on {' and '.join(tasks)}"
    if config["data"] == "none":
        return f"{student} as it is, {tested}."
    source = f" of {task_name(config['train_task'])}" if config["data"] in ("real", "random") else ""
    return (
        f"{student} learns {learned(config)}{source} with {METHODS.get(config['method'], config['method'])}, "
        f"{times(config['seeds'])}, and is {tested}."
    )


def kind(config: dict) -> str:
    """Whether the student learned from what was made or from what is real; empty where it learned nothing."""
    return KINDS.get(config["data"], "")


def student_line(values: dict) -> str:
    """The name of a training's line. Of the grid its step size tells; people count students from 1."""
    if values.get("phase") == "grid":
        return f"step size {values['lr']:g}"
    seed = values.get("seed")
    return f"student {seed + 1}" if isinstance(seed, int) else "student"


def scored_line(values: dict) -> str:
    """The name of a scored student's line: `base` is the one before training, `seed-0` the first one after."""
    who = str(values.get("who", ""))
    number = who.removeprefix("seed-")
    return "before" if who == "base" else f"student {int(number) + 1}" if number.isdecimal() else who


def task_name(task: str) -> str:
    return task.replace("_", " ")


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
