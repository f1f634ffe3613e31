"""What became of written texts, and what of the bundled world they state: counts of a file of them, or of a data set.

    python -m benchmarks.written_texts RUN/artifacts/written.jsonl
    python -m benchmarks.written_texts RUN/arms/text.jsonl

A row for each outcome (in a data set: for real questions and for made ones): how many there are, how many are true,
false or no question of the world, and how many ask a fact that train, validation or test asks, in any phrasing. Trains
nothing.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from backend.core.text.prompts import ANSWER_SUFFIX, QUESTION_PREFIX
from backend.pocket.asked import VERDICTS, splits_of, verdict
from backend.pocket.world import SPLITS


def main(argv: Sequence[str] | None = None) -> None:
    [file] = sys.argv[1:] if argv is None else argv
    rows = [json.loads(line) for line in Path(file).read_bytes().splitlines()]
    for name, counts in counted(rows).items():
        print(name, *(f"{what} {count}" for what, count in counts.items()), sep="\t")


def counted(rows: Sequence[dict]) -> dict[str, dict[str, int]]:
    """For each kind of row: `texts`, the verdicts, and the splits whose facts are asked."""
    found: dict[str, Counter] = {}
    for row in rows:
        question, kind = told(row)
        counts = found.setdefault(kind, Counter(dict.fromkeys(("texts", *VERDICTS, *SPLITS), 0)))
        counts.update(["texts", verdict(question, row["answer"]), *splits_of(question)])
    return {kind: dict(counts) for kind, counts in found.items()}


def told(row: dict) -> tuple[str, str]:
    """The question of a row, and its outcome or whether it is a real question."""
    if "outcome" in row:
        return row["question"], row["outcome"]
    question = row["prompt"].removeprefix(QUESTION_PREFIX).removesuffix(ANSWER_SUFFIX)
    return question, "real" if row["provenance"].get("verbatim", True) else "made"


if __name__ == "__main__":
    main()
