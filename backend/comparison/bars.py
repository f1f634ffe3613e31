"""`python -m backend.comparison.bars`: write what kept comparisons came to into docs/method.md, between its markers.

So the figures that people read are those of the files beside them. A marker names the folders below docs/comparisons
that its table shows; NAME/second is the second test of NAME (`python -m benchmarks.second_test`). `bars` judges each
against every bar, `ablation` shows what differs from the first, on the second test, `decoders` all arms of one, `alone`
the arms of one model by the tests they stood in. Knows summaries, the bars and a page of words; no model. Standard
library only.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean, stdev

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "method.md"
MARKED = re.compile(r"(<!-- (bars|ablation|decoders|alone): ([^>]*?) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
# points that `text` should be above an arm, on the own model and on the other family
BARS = {"best baseline": (5.0, 3.0), "init": (0.0, 0.0), "select": None, "evolve": (0.0, 0.0)}
CALLED = {"best baseline": "the best baseline", "init": "its beginning", "select": "`select`", "evolve": "`evolve`"}
LAST = ["transfer", "made", "tokens changed"]
TRANSFER = 0.7
SECOND = "second"
ARMS = ["arm", "own model", "over its beginning", "own, matched regime", "over its beginning", "other", "made"]
ARMS += ["tokens changed", "perplexity"]
USUAL = {"objective": "error", "readers": "both", "moves": ["question", "phrase", "word"], "style": "texts", "seed": 0}


def written(text: str) -> str:
    """The page with the tables between its markers."""
    tables = {"bars": table, "ablation": ablation, "decoders": decoders, "alone": alone}
    return MARKED.sub(lambda found: f"{found[1]}{tables[found[2]](found[3].split())}\n{found[4]}", text)


def table(names: list[str]) -> str:
    """A Markdown table, a row for each folder; bold where a bar is met. The last row of several is their mean."""
    kept = [Kept(name) for name in names]
    arms = [arm for arm in BARS if any(arm in one.against[0] for one in kept)]
    rows = [row(one, arms) for one in kept]
    columns = ["chosen by, budget, rounds", "students", *over(arms), *LAST]
    return markdown(columns, [*rows, mean_row(kept, arms)] if len(kept) > 1 else rows)


def over(arms: Iterable[str]) -> list[str]:
    """The heads of the two columns of each arm that `text` is compared with."""
    return [head for arm in arms for head in (f"over {CALLED[arm]}, own", "other")]


def ablation(names: list[str]) -> str:
    """A row for each folder: what its search does otherwise, and what came of it on the second test."""
    rows = []
    for name in names:
        kept = Kept(f"{name}/{SECOND}")
        cells = [f"[{otherwise(kept.config) or 'as it is'}](comparisons/{name})", f"{kept.trainings:,}"]
        rows.append([*cells, *differences(kept, "best baseline"), *differences(kept, "init"), *changes(kept)])
    columns = ["the search", "students", *over(("best baseline", "init")), *LAST[1:]]
    return markdown(columns, rows)


def decoders(names: list[str]) -> str:
    """A row for each arm of the comparison: accuracy in either regime, and what became of the text."""
    rows = []
    for name in names:
        kept = Kept(name)
        for arm in dict.fromkeys(one["arm"] for one in kept.summary["table"]):
            rows.append([f"`{arm}`", *accuracies(kept, arm), *wording(kept.summary["texts"].get(arm))])
    return markdown(ARMS, rows)


def alone(names: list[str]) -> str:
    """A row for each arm of a comparison of a single model: what it came to on each of the tests, and over `random`."""
    tests = [{one["arm"]: one for one in Kept(name).summary["table"]} for name in names]
    head, rows = ["arm"], []
    for test in tests:
        head += [f"{test['random']['n']} questions", "over `random`"]
    for arm in tests[0]:
        cells = [f"`{arm}`"]
        for one in (test[arm] for test in tests):
            against = one["against"].get("random")
            cells += [f"{one['mean']:.3f} ± {one['interval']:.3f}", difference(against, None) if against else ""]
        rows.append(cells)
    return markdown(head, rows)


def markdown(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


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
        texts = [one for one in self.summary["table"] if one["arm"] == "text" and one["regime"] == "ordinary"]
        scores = {one["student"]: one["against"] for one in texts}
        own = self.config["model"]
        self.others = [student for student in self.config["students"] if student != own]
        self.against = [scores[student] for student in (own, *self.others)]


def row(kept: Kept, arms: Iterable[str]) -> list[str]:
    """What `text` is above, in points with 95 % intervals; its transfer ratio; how many texts are no real question."""
    cells = [f"[{label(kept.config)}](comparisons/{kept.name})", f"{kept.trainings:,}"]
    for arm in arms:
        cells += differences(kept, arm)
    ratio = next(one["ratio"] for one in kept.summary["transfer"] if one["arm"] == "text")
    cells.append(bold(f"{ratio:.2f}", ratio >= TRANSFER))
    return cells + changes(kept)


def differences(kept: Kept, arm: str) -> list[str]:
    """Points by which `text` is above the arm, on the own model and on the other; empty where the arm is not there."""
    pairs = zip(kept.against, BARS[arm] or (None, None), strict=True)
    return [difference(against[arm], bar) if arm in against else "" for against, bar in pairs]


def changes(kept: Kept) -> list[str]:
    """How many texts are no real question, and how much of the beginning's tokens is gone."""
    made = kept.summary["texts"]["text"]
    new, share = counts(made)
    return [new, bold(share, 0.1 <= made["tokens_changed"] <= 0.9)]


def counts(made: dict) -> list[str]:
    """Texts that are no real question, of all; share of the beginning's tokens that is gone."""
    new = made["prompts"] - made["verbatim_real"]
    return [f"{new} of {made['prompts']}", f"{100 * made['tokens_changed']:.0f} %"]


def accuracies(kept: Kept, arm: str) -> list[str]:
    """An arm's accuracy on the own model in both regimes, each with what it is over `init`, and on the other model."""
    own = kept.config["model"]
    found = {(one["student"], one["regime"]): one for one in kept.summary["table"] if one["arm"] == arm}
    cells = []
    for key in [(own, "ordinary"), (own, "matched"), *((other, "ordinary") for other in kept.others)]:
        one = found.get(key)
        cells.append(f"{one['mean']:.3f} ± {one['interval']:.3f}" if one else "")
        if key[0] == own:
            against = one and one["against"].get("init")
            cells.append(difference(against, None) if against else "")
    return cells


def wording(made: dict | None) -> list[str]:
    """How many prompts are no real question, how many tokens changed, and the outsider's perplexity."""
    return [*counts(made), f"{made['perplexity']:.0f}"] if made else [""] * 3


def mean_row(kept: list[Kept], arms: Iterable[str]) -> list[str]:
    """The mean search, with its standard deviation: what another search may bring. Empty where one was not compared."""
    cells = [f"mean of {len(kept)}, standard deviation", ""]
    for arm in arms:
        for which in range(2):
            found = [100 * one.against[which][arm]["difference"] for one in kept if arm in one.against[which]]
            cells.append(f"{fmean(found):+.1f}, {stdev(found):.1f}" if len(found) == len(kept) else "")
    return cells + [""] * len(LAST)


def label(config: dict) -> str:
    """`OPT, 1 %, 24`, and what is not as usual."""
    family = {"opt-pocket": "OPT", "llama-pocket": "Llama"}[config["model"]]
    return ", ".join(filter(None, [family, f"{config['budget'] * 100:g} %", str(config["rounds"]), otherwise(config)]))


def otherwise(config: dict) -> str:
    """`objective matching`: the settings that are not the usual ones."""
    others = {name: config[name] for name, value in USUAL.items() if config[name] != value}
    return ", ".join(f"{name} {and_so_on(value)}" for name, value in others.items())


def and_so_on(value: object) -> str:
    return " and ".join(value) if isinstance(value, list) else str(value)


def difference(found: dict, bar: float | None) -> str:
    """Points, with the interval; met where the mean reaches the bar, if there is one, and the interval is above 0."""
    mean, low, high = (100 * found[name] for name in ("difference", "low", "high"))
    return bold(f"{mean:+.1f} ({low:.1f} to {high:.1f})", bar is not None and low > 0 and mean >= bar)


def bold(text: str, met: bool) -> str:
    return f"**{text}**" if met else text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
