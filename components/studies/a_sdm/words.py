"""What A-SDM's page calls modules, families of settings and figures, and how it writes their numbers. No widget."""

import re
from collections.abc import Mapping

from components.frame.words import minus

FULL, FEWER = "full", "fewer_steps"
FAMILIES = {  # in the order of the table
    "full": "Full model",
    "fewer_steps": "Fewer steps",
    "inherit": "Inheritance",
    "light": "Light nets",
    "switch": "Switches",
    "combined": "Several at once",
}
METRICS = {  # what is above the axis of the front, and the column with its standard error
    "psnr": ("Likeness to the full picture, PSNR in dB", "psnr_se"),
    "right": ("Pictures read right in every slot", "right_se"),
    "frechet": ("Fréchet distance in the judge's features", ""),
    "distance": ("Distance in the judge's features", ""),
}
READINGS = ("output", "branch")
PARTS = {
    "conv_in": "way in",
    "conv_out": "answer",
    "down_blocks": "down",
    "mid_block": "middle",
    "up_blocks": "up",
    "resnets": "resnet",
    "attentions": "attention",
    "downsamplers": "halve",
    "upsamplers": "double",
    "attn1": "self-attention",
    "attn2": "cross-attention",
    "ff": "feed-forward",
    "proj_in": "projection in",
    "proj_out": "projection out",
    "conv1": "first convolution",
    "conv2": "second convolution",
}
LEVELS = {  # of an older run's bars
    "mid": "middle block",
    "deep2": "innermost level",
    "deep1": "two inner levels",
    "deepcache0": "DeepCache at branch 0",
    "whole": "whole answer",
    "attentions": "attention layers",
}
SILENT = ("transformer_blocks",)  # where there is one, it says nothing


def module_title(name: str) -> str:
    """An id of diffusers as people read it: 'up 2, attention 1, self-attention'. They count from 1."""
    said: list[str] = []
    for part in name.split("."):
        if re.fullmatch(r"[0-9]{1,4}", part) and said:
            number = int(part) + 1
            said[-1] = f"{said[-1]} {number}" if said[-1] not in SILENT else f"transformer {number}"
        else:
            said.append(PARTS.get(part, part if part in SILENT else part.replace("_", " ")))
    shown = [part for part in said if part != "transformer 1" and part not in SILENT]
    alone = {"halve 1": "halve", "double 1": "double"}
    return ", ".join(alone.get(part, part) for part in shown)


def family_title(name: str) -> str:
    return FAMILIES.get(name, name.replace("_", " "))


def with_titles(said: str, titles: Mapping[str, str]) -> str:
    """The engine's sentence with settings called by their titles; an id that is a plain word stays.

    Numbers are written as everywhere on the page: a minus sign, a space before a percent sign.
    """
    for name in sorted((one for one in titles if re.search(r"[@:+>]", one)), key=len, reverse=True):
        said = re.sub(rf"(?<![\w@:+>.]){re.escape(name)}(?![\w@+>]|:\d)", lambda _, name=name: titles[name], said)
    return minus(re.sub(r"(?<=\d)%", " %", said))


def with_levels(said: str) -> str:
    """The engine's sentence with levels called by their titles, its parts set apart by semicolons: a bar of an older
    run has their ids, and commas."""
    named = re.sub(rf"\b({'|'.join(LEVELS)})\b(?! answer)", lambda one: LEVELS[one[0]], said)
    return re.sub(r"(?<=[\d)]), (?=[A-Za-z])", "; ", named)


def times(value: float) -> str:
    """A speed: '1.62 ×'."""
    return f"{value:.2f} ×"


def decibels(value: float) -> str:
    return minus(f"{value:.1f} dB")


def share(value: float) -> str:
    """'58.3 %'."""
    return minus(f"{100 * value:.1f} %")


def points(value: float) -> str:
    """A difference of shares with its sign: '+5.1'."""
    return minus(f"{100 * value:+.1f}")


def half_width(error: float) -> float:
    """Half of a 95 % interval, of a standard error over many pictures."""
    return 1.96 * error
