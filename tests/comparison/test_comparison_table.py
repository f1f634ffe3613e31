"""The table of a comparison, against differences by hand; no model answers here."""

import math
from pathlib import Path

import pytest

from backend.comparison import cells
from backend.comparison.config import ComparisonConfig
from backend.comparison.table import as_text, table, transfer
from backend.core.scoring.scored import Scored
from backend.runs.folder import RunDir
from tests import tiny_comparison

one_process = tiny_comparison.one_process


def made_up(folder: Path, right: dict[tuple[str, str], list[str]]) -> RunDir:
    """Results by hand: (student, arm) -> a word of 0s and 1s for each seed."""
    run = RunDir.create(folder, "comparison", None, {})
    for (student, arm), seeds in right.items():
        for seed, word in enumerate(seeds):
            seen = {"1": (-1.0, -2.0), "0": (-2.0, -1.0)}
            scored = [Scored(f"q{i}", None, 0, seen[c], (1, 1)) for i, c in enumerate(word)]
            cell = cells.Cell(arm, student, "ordinary", seed, (0.01,))
            (run.path / "artifacts" / "scores").mkdir(exist_ok=True)
            cells.write_scores(ComparisonConfig(), cell, scored, run)
    return run


OWN, OTHER = "opt-pocket", "llama-pocket"


def test_the_tables_differences_are_those_by_hand(tmp_path):
    run = made_up(tmp_path / "run", {
        (OWN, "random"): ["1000000000", "1100000000"], (OWN, "bm25"): ["1110000000"], (OWN, "text"): ["1111110000"],
        (OTHER, "random"): ["1000000000"], (OTHER, "text"): ["1100000000"], (OTHER, "bm25"): ["0000000000"],
    })  # fmt: skip
    rows = table(ComparisonConfig(arms=("text", "random", "bm25")), run)
    found = {(row["student"], row["arm"]): row for row in rows}
    assert [row["arm"] for row in rows] == ["text", "random", "bm25"] * 2  # in the config's order
    assert found[OWN, "random"]["mean"] == pytest.approx(0.15) and found[OWN, "random"]["seeds"] == 2
    text = found[OWN, "text"]
    assert text["best_baseline"] == "bm25" and found[OTHER, "text"]["best_baseline"] == "random"
    assert set(text["against"]) == {"best baseline", "random"}
    assert text["against"]["best baseline"]["arm"] == "bm25"
    assert text["against"]["best baseline"]["difference"] == pytest.approx(0.3)
    assert text["against"]["random"]["difference"] == pytest.approx(0.45)
    low, high = (text["against"]["random"][name] for name in ("low", "high"))
    assert low < 0.45 < high
    assert "best baseline" not in found[OWN, "bm25"]["against"]  # itself
    assert transfer(rows, OWN) == [
        {"arm": "text", "student": OTHER, "ratio": pytest.approx(0.1 / 0.45)},
        {"arm": "bm25", "student": OTHER, "ratio": pytest.approx(-0.1 / 0.15)},
    ]
    printed = as_text(rows)
    assert "bm25 *" in printed and "+30.0" in printed and "+45.0" in printed
    assert as_text([]) == "No results yet."


def test_of_free_answers_fewer_bits_are_better_in_every_column(tmp_path):
    run, config = (
        RunDir.create(tmp_path / "run", "comparison", None, {}),
        ComparisonConfig(arms=("text", "random", "bm25")),
    )
    (run.path / "artifacts" / "scores").mkdir(exist_ok=True)
    bits = {(OWN, "random"): 4, (OWN, "bm25"): 3, (OWN, "text"): 2, (OTHER, "random"): 6, (OTHER, "text"): 5}
    for (student, arm), each in bits.items():
        scored = [
            Scored(f"q{i}", None, 0, (-each * math.log(2) * 10,), (10,), False, "x", 0.5, False) for i in range(8)
        ]
        cells.write_scores(config, cells.Cell(arm, student, "ordinary", 0, (0.01,)), scored, run)
    rows = table(config, run)
    found = {(row["student"], row["arm"]): row for row in rows}
    assert {row["metric"] for row in rows} == {"bits"} and found[OWN, "text"]["best_baseline"] == "bm25"
    assert found[OWN, "text"]["mean"] == pytest.approx(2)
    assert found[OWN, "text"]["against"]["random"]["difference"] == pytest.approx(-2)
    assert transfer(rows, OWN)[0] == {"arm": "text", "student": OTHER, "ratio": pytest.approx(0.5)}
    assert "-2.000" in as_text(rows) and as_text(rows).endswith("fewer is better.")
    assert {row["metric"] for row in table(config, run, "rouge_l")} == {"rouge_l"}


def test_there_is_no_ratio_where_nothing_was_gained(tmp_path):
    run = made_up(tmp_path / "run", {
        (OWN, "random"): ["1100"], (OWN, "text"): ["1000"], (OTHER, "random"): ["1000"], (OTHER, "text"): ["1111"],
    })  # fmt: skip
    rows = table(ComparisonConfig(arms=("text", "random")), run)
    assert transfer(rows, OWN) == []


def test_a_table_without_baselines_compares_with_none(tmp_path):
    rows = table(ComparisonConfig(arms=("text",)), made_up(tmp_path / "run", {(OWN, "text"): ["10"]}))
    assert rows[0]["best_baseline"] is None and rows[0]["against"] == {}
    assert " - " in as_text(rows)
