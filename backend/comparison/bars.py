"""`python -m backend.comparison.bars`: write what kept comparisons came to into docs/method.md, between its markers.

So the figures that people read are those of the files beside them. A marker names the folders below docs/comparisons
that its table shows. Knows summaries, the bars and a page of words; no model. Standard library only.
"""

import json
import re
from pathlib import Path

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "method.md"
MARKED = re.compile(r"(<!-- bars: ([^>]*?) -->\n).*?(<!-- end of bars -->)", re.DOTALL)
BARS = {"best baseline": (5.0, 3.0), "init": (0.0, 0.0)}  # points on the own model and on the other family
TRANSFER = 0.7
HEAD = ["chosen by, budget, rounds", "over the best baseline, own", "other", "over its beginning, own", "other"]
HEAD += ["transfer", "made", "tokens changed"]


def written(text: str) -> str:
    """The page with the tables between its markers."""
    return MARKED.sub(lambda found: f"{found[1]}{table(found[2].split())}\n{found[3]}", text)


def table(names: list[str]) -> str:
    """A Markdown table, a row for each folder; bold where a bar is met."""
    rows = [HEAD, ["---"] * len(HEAD), *(row(name) for name in names)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(name: str) -> list[str]:
    """What `text` is above, in points with 95 % intervals; its transfer ratio; how many texts are no real question."""
    folder = DOCS / "comparisons" / name
    config, summary = (json.loads((folder / f"{file}.json").read_text("utf-8")) for file in ("config", "summary"))
    config, made = config["config"], summary["texts"]["text"]
    scores = {one["student"]: one for one in summary["table"] if one["arm"] == "text"}
    own = config["model"]
    other = next(student for student in config["students"] if student != own)
    cells = [f"[{label(config)}](comparisons/{name})"]
    for against, bars in BARS.items():
        for student, bar in zip((own, other), bars, strict=True):
            cells.append(difference(scores[student]["against"][against], bar))
    ratio = next(one["ratio"] for one in summary["transfer"] if one["arm"] == "text")
    cells.append(bold(f"{ratio:.2f}", ratio >= TRANSFER))
    prompts, changed = made["prompts"], made["tokens_changed"]
    share = bold(f"{100 * changed:.0f} %", 0.1 <= changed <= 0.9)
    return [*cells, f"{prompts - made['verbatim_real']} of {prompts}", share]


def label(config: dict) -> str:
    """`OPT, 1 %, 24`, and the seed and objective where they are not the usual ones."""
    usual = {"objective": "error", "seed": 0}
    others = [f"{name} {config[name]}" for name, value in usual.items() if config[name] != value]
    family = {"opt-pocket": "OPT", "llama-pocket": "Llama"}[config["model"]]
    return ", ".join([family, f"{config['budget'] * 100:g} %", str(config["rounds"]), *others])


def difference(found: dict, bar: float) -> str:
    """Points, with the interval; met where the mean reaches the bar and the interval lies above 0."""
    mean, low, high = (100 * found[name] for name in ("difference", "low", "high"))
    return bold(f"{mean:+.1f} ({low:.1f} to {high:.1f})", low > 0 and mean >= bar)


def bold(text: str, met: bool) -> str:
    return f"**{text}**" if met else text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
