"""`python -m backend.comparison.bars`: write what kept comparisons came to into docs/method.md, between its markers.

So the figures that people read are those of the files beside them. A marker names the folders below docs/comparisons
that its table shows; NAME/second is the second test of NAME (`python -m benchmarks.second_test`). Knows summaries, the
bars and a page of words; no model. Standard library only.
"""

import json
import re
from pathlib import Path
from statistics import fmean, stdev

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "method.md"
MARKED = re.compile(r"(<!-- bars: ([^>]*?) -->\n).*?(<!-- end of bars -->)", re.DOTALL)
BARS = {"best baseline": (5.0, 3.0), "init": (0.0, 0.0), "select": None}  # points on the own model, on the other family
TRANSFER = 0.7
SECOND = "second"
HEAD = ["chosen by, budget, rounds", "students", "over the best baseline, own", "other", "over its beginning, own"]
HEAD += ["other", "over `select`, own", "other", "transfer", "made", "tokens changed"]


def written(text: str) -> str:
    """The page with the tables between its markers."""
    return MARKED.sub(lambda found: f"{found[1]}{table(found[2].split())}\n{found[3]}", text)


def table(names: list[str]) -> str:
    """A Markdown table, a row for each folder; bold where a bar is met. The last row is their mean."""
    kept = [Kept(name) for name in names]
    rows = [HEAD, ["---"] * len(HEAD), *(row(one) for one in kept), mean_row(kept)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


class Kept:
    """A kept comparison: what was asked, what its `text` came to on the own model and on the other, and the texts."""

    def __init__(self, name: str):
        place = DOCS / "comparisons" / name
        folder = place.parent if place.name == SECOND else place
        self.summary = json.loads((place / "summary.json").read_text("utf-8"))
        config = json.loads((folder / "config.json").read_text("utf-8"))
        self.name, self.config = name, config["config"]
        first = (folder / "arms" / "text.jsonl").read_text("utf-8").splitlines()[0]
        self.trainings: int = json.loads(first)["provenance"]["trainings"]
        scores = {one["student"]: one["against"] for one in self.summary["table"] if one["arm"] == "text"}
        own = self.config["model"]
        self.against = [scores[own], *(found for student, found in scores.items() if student != own)]


def row(kept: Kept) -> list[str]:
    """What `text` is above, in points with 95 % intervals; its transfer ratio; how many texts are no real question."""
    cells = [f"[{label(kept.config)}](comparisons/{kept.name})", f"{kept.trainings:,}"]
    for arm, bars in BARS.items():
        for which, against in enumerate(kept.against):
            cells.append(difference(against[arm], bars and bars[which]))
    ratio = next(one["ratio"] for one in kept.summary["transfer"] if one["arm"] == "text")
    cells.append(bold(f"{ratio:.2f}", ratio >= TRANSFER))
    made = kept.summary["texts"]["text"]
    prompts, changed = made["prompts"], made["tokens_changed"]
    share = bold(f"{100 * changed:.0f} %", 0.1 <= changed <= 0.9)
    return [*cells, f"{prompts - made['verbatim_real']} of {prompts}", share]


def mean_row(kept: list[Kept]) -> list[str]:
    """The mean search, with its standard deviation: what another search may bring."""
    cells = [f"mean of {len(kept)}, standard deviation", ""]
    for arm in BARS:
        for which in range(2):
            found = [100 * one.against[which][arm]["difference"] for one in kept]
            cells.append(f"{fmean(found):+.1f}, {stdev(found):.1f}")
    return cells + [""] * (len(HEAD) - len(cells))


def label(config: dict) -> str:
    """`OPT, 1 %, 24`, and the seed and objective where they are not the usual ones."""
    usual = {"objective": "error", "seed": 0}
    others = [f"{name} {config[name]}" for name, value in usual.items() if config[name] != value]
    family = {"opt-pocket": "OPT", "llama-pocket": "Llama"}[config["model"]]
    return ", ".join([family, f"{config['budget'] * 100:g} %", str(config["rounds"]), *others])


def difference(found: dict, bar: float | None) -> str:
    """Points, with the interval; met where the mean reaches the bar, if there is one, and the interval is above 0."""
    mean, low, high = (100 * found[name] for name in ("difference", "low", "high"))
    return bold(f"{mean:+.1f} ({low:.1f} to {high:.1f})", bar is not None and low > 0 and mean >= bar)


def bold(text: str, met: bool) -> str:
    return f"**{text}**" if met else text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
