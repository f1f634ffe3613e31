"""Words of the study: what a run is, in one sentence, and what its nets, families and settings are called. Plain values
in, plain text out.

Knows the study's settings; no file and no screen.
"""

from backend.studies.a_sdm.arms import FULL
from backend.studies.a_sdm.recipes import Inheritance, Recipe

TITLES = {
    "full": "Full model",
    "base": "Base",
    "base_task": "Base, without distillation",
    "scratch_task": "Scratch",
    "scratch_distil": "Scratch, distilled",
    "incubated": "Base, incubated first",
    "experts": "Base with experts",
    "small": "Small",
    "tiny": "Tiny",
    "narrow": "Narrow",
    "tiny_narrow": "Tiny and narrow",
}
ABOUT = {
    "full": "the UNet as it is",
    "base": "assembled of the full model's parts, one layer of two, and distilled",
    "base_task": "assembled likewise, trained on pictures alone",
    "scratch_task": "Base's shape, random weights, trained on pictures alone",
    "scratch_distil": "Base's shape, random weights, distilled",
    "incubated": "its blocks first learn one by one inside the full model",
    "experts": "convolutions that mix the kept kernel with the pruned ones beside it",
    "small": "Base without its middle block",
    "tiny": "Small without its innermost level",
    "narrow": "Base with half of the channels",
    "tiny_narrow": "Tiny with half of the channels",
}
FAMILIES = {
    "full": "Full model",
    "fewer_steps": "Fewer steps",
    "inherit": "Inheritance",
    "light": "Light net",
    "switch": "Switch",
    "combined": "Several at once",
}
LEVELS = {
    "mid": "middle block",
    "deep2": "innermost level",
    "deep1": "two inner levels",
    "encoder": "encoder",
    "decoder": "decoder",
    "whole": "whole answer",
    "resnets": "resnets",
    "attentions": "attention layers",
    "cross": "cross-attention",
    "self": "self-attention",
    "ff": "feed-forward units",
    "conv2": "second convolutions",
    "convs": "convolutions",
    "deepcache": "DeepCache",
    "faster": "Faster Diffusion",
    "tgate": "T-GATE",
    "broadcast": "attention broadcast",
}
SETS = {
    "uniform": "{} steps computed, evenly",
    "start": "{} steps computed, dense at the start",
    "middle": "{} steps computed, dense in the middle",
    "end": "{} steps computed, dense at the end",
    "every": "computed every {} steps",
    "warmup": "the first {} steps, then every {}",
    "gate": "computed until step {}",
    "change": "computed where the first block changed by {}",
    "hand": "computed at steps {}",
}


def title(config: dict) -> str:
    """A run's name: a preset's would be wrong as soon as a setting is changed."""
    light = f", {count(len(config['arms']), 'arm')}" if config["arms"] else ""
    return f"{model(config)}, {config['steps']} steps{light}"


def about(config: dict) -> str:
    """The run in one sentence."""
    light = (
        f"; {count(len(config['arms']), 'light net')} of it learn {count(config['updates'], 'update')}, "
        f"{times(config['seeds'])} each"
        if config["arms"]
        else ""
    )
    return (
        f"{model(config)} draws {count(config['prompts'], 'picture')} in {config['steps']} steps, and again with "
        f"{count(len(config['plans']), 'plan')} of feature inheritance and in fewer steps{light}."
    )


def model(config: dict) -> str:
    """Who draws."""
    if config["size"] == "16":
        return "A model taught here"
    return config["teacher"].rstrip("/").rpartition("/")[2] or "The bundled model"


def setting_title(recipe: Recipe) -> str:
    """A setting as people read it."""
    parts = []
    if recipe.then is not None:
        parts.append(f"{net_title(recipe.first)} for {count(recipe.until, 'step')}, then {net_title(recipe.then)}")
    elif recipe.first != FULL:
        parts.append(net_title(recipe.first))
    if recipe.inherit is not None:
        parts.append(inherit_title(recipe.inherit))
    if recipe.steps is not None:
        parts.append(count(recipe.steps, "step"))
    return "; ".join(parts) or TITLES[FULL]


def inherit_title(one: Inheritance) -> str:
    """What is inherited, and when it is computed."""
    numbers = [f"{number:g}" for number in one.numbers]
    what = LEVELS[one.level] + (f" at branch {one.branch}" if one.level == "deepcache" else "")
    reading = {"": "", "output": " as output", "branch": " as branch"}[one.reading]
    when = SETS[one.set].format(", ".join(numbers)) if one.set == "hand" else SETS[one.set].format(*numbers)
    return f"{what[0].upper()}{what[1:]}{reading}, {when}"


def net_title(name: str) -> str:
    """A net's name; of one from a folder or the hub its last part."""
    return TITLES.get(name, name.rstrip("/").rpartition("/")[2])


def net_line(values: dict) -> str:
    """The name of a training's line. Of the grid its step size tells; people count nets from 1."""
    if values.get("phase") == "grid":
        return f"step size {values['lr']:g}"
    seed = values.get("seed")
    return f"net {seed + 1}" if isinstance(seed, int) else "net"


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign, a true minus; what rounds to 0 has no minus."""
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float, digits: int = 1) -> str:
    """'88.5 %'."""
    return f"{100 * share:.{digits}f} %"


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
