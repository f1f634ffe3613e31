"""Words of the study: what a run is, in one sentence, and what its lines are called. Plain values in, plain text out.

Knows the study's settings; no file and no screen.
"""

TITLES = {
    "teacher": "Teacher",
    "scratch": "Scratch",
    "affinity": "Affinity mimicking",
    "inherit": "Inheritance",
    "both": "Inheritance and affinity",
    "uniform": "Both, layers evenly spaced",
    "auto": "Learned masks and affinity",
    "one_leap": "Small, in one cut",
    "progressive": "Small, in several cuts",
}
ABOUT = {
    "teacher": "the model that everybody learns from",
    "scratch": "random weights, CLIP's own loss",
    "affinity": "random weights, the teacher's affinities as targets",
    "inherit": "leading slices of the teacher's weights, CLIP's own loss",
    "both": "leading slices, the teacher's affinities as targets",
    "uniform": "as both, with layers taken at even distances",
    "auto": "masks over the whole teacher choose what is kept",
    "one_leap": "the smaller size, sliced at once",
    "progressive": "the smaller size, sliced in stages, each with the first teacher",
}
WORLDS = {"pocket": "drawn scenes", "emoji": "emoji", "own": "pictures of your own"}


def title(config: dict) -> str:
    """A run's name: a preset's would be wrong as soon as a setting is changed."""
    name = model(config)
    return f"{name[0].upper()}{name[1:]} at {percent(config['keep'])}, {count(len(config['arms']), 'arm')}"


def about(config: dict) -> str:
    """The run in one sentence."""
    faults = [
        f"{percent(config[name])} of them {said}"
        for name, said in (("loose", "loose"), ("wrong", "wrong"))
        if config[name] and (name != "loose" or config["world"] != "own")
    ]
    told = f" with captions, {' and '.join(faults)}," if faults else ""
    return (
        f"Students that keep {percent(config['keep'])} of the blocks of {model(config)} learn from "
        f"{count(config['pairs'], 'picture')} of {WORLDS.get(config['world'], config['world'])}{told} in "
        f"{count(len(config['arms']), 'way')}, {times(config['seeds'])} each."
    )


def model(config: dict) -> str:
    """Who teaches."""
    return config["teacher"].rstrip("/").rpartition("/")[2] or "the pocket CLIP"


def percent(share: float) -> str:
    """A share as people read it: 28.5 %."""
    return f"{round(100 * share, 1):g} %"


def student_line(values: dict) -> str:
    """The name of a training's line. Of the grid its step size tells; people count students from 1."""
    if values.get("phase") == "grid":
        return f"step size {values['lr']:g}"
    if values.get("phase") == "control":
        return "copy without masks"
    seed = values.get("seed")
    return f"student {seed + 1}" if isinstance(seed, int) else "student"


def arm_title(name: str) -> str:
    """An arm's name as people read it."""
    return TITLES.get(name, name.replace("_", " "))


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
