"""The sentences of the bench: what a run is, what its bars and lines are called. Plain values in, plain text out.

Knows the settings and the run folder's words of a bench run. Knows no widget and no markup.
"""

from components.frame.words import count

STAGES = {"tune": "Fine-tune", "score": "Score"}
STAGE_NOTES = {"tune": "the student learns", "score": "before and after, same questions"}
DATA = {  # as the form offers it
    "real": "Real questions",
    "random": "A random handful",
    "distilled": "Distilled prompts",
    "file": "Your own file",
    "none": "Nothing, only score",
}
NOUNS = {"real": "real question", "random": "random question", "distilled": "distilled prompt"}
KINDS = {"distilled": "made", "real": "real", "random": "real", "file": "real"}  # the colours of assets/style.css
METHODS = {
    "lora": "LoRA",
    "rslora": "rsLoRA",
    "dora": "DoRA",
    "pissa": "PiSSA",
    "full": "full fine-tuning",
}
METRICS = {"acc": "accuracy", "acc_norm": "accuracy, answers weighed by their length"}
LETTERS = "ABCDEFGHIJKLMNOP"


def task_name(task: str) -> str:
    return task.replace("_", " ")


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
    tested = f"asked about {' and '.join(tasks)}"
    if config["data"] == "none":
        return f"{student} as it is, {tested}."
    source = f" of {task_name(config['train_task'])}" if config["data"] in ("real", "random") else ""
    return (
        f"{student} learns {learned(config)}{source} with {METHODS.get(config['method'], config['method'])}, "
        f"{times(config['seeds'])}, and is {tested}."
    )


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def who(name: str) -> str:
    """`base` or `seed-0`, for people."""
    if name == "base":
        return "before"
    number = name.removeprefix("seed-")
    return f"student {int(number) + 1}" if number.isdecimal() else name


def letter(position: int) -> str:
    return LETTERS[position] if 0 <= position < len(LETTERS) else str(position + 1)


def share(value: float) -> str:
    return f"{100 * value:.1f} %"
