"""The tables of docs/method.md: written from the files beside them, so that no figure is copied by hand."""

import json
import re

import pytest

from backend.comparison import bars


def test_the_page_of_the_method_holds_what_the_kept_comparisons_came_to():
    page = bars.PAGE.read_text(encoding="utf-8")
    assert page == bars.written(page), "run python -m backend.comparison.bars"


def test_every_kept_comparison_of_the_bundled_world_with_a_text_stands_on_the_page():
    page = bars.PAGE.read_text(encoding="utf-8")
    named = [name for found in bars.MARKED.finditer(page) for name in found[3].split()]
    both = [name for found in bars.MARKED.finditer(page) if found[2] == "ablation" for name in found[3].split()]
    named += [f"{name}/{bars.SECOND}" for name in both]
    place = bars.DOCS / "comparisons"
    kept = sorted([*place.glob("*/summary.json"), *place.glob(f"*/{bars.SECOND}/summary.json")])
    texts = [str(path.parent.relative_to(place)) for path in kept if "text" in json.loads(path.read_text())["texts"]]
    assert set(named) == set(texts)


def test_a_table_that_was_edited_by_hand_is_found():
    page = bars.PAGE.read_text(encoding="utf-8")
    figure = re.search(r"[+]\d+[.]\d [(]", page)[0]
    assert bars.written(page.replace(figure, "+99.9 (")) == page


def test_what_has_no_bar_is_never_bold_and_the_last_row_is_the_mean():
    assert bars.difference({"difference": 0.5, "low": 0.4, "high": 0.6}, None) == "+50.0 (40.0 to 60.0)"
    two = [bars.Kept(name) for name in ("pocket-1-opt", "pocket-1-opt/second")]
    first, second = (one.against[0]["best baseline"]["difference"] for one in two)
    assert bars.mean_row(two, ["best baseline"])[2].startswith(f"{50 * (first + second):+.1f}, ")
    assert "mean of" not in bars.table(["pocket-1-opt"])


@pytest.mark.parametrize(
    ("mean", "low", "said"),
    [
        (0.051, 0.002, "**+5.1 (0.2 to 9.0)**"),
        (0.051, -0.001, "+5.1 (-0.1 to 9.0)"),
        (0.0499, 0.002, "+5.0 (0.2 to 9.0)"),
    ],
)
def test_a_bar_is_met_by_the_mean_and_the_interval_together(mean, low, said):
    assert bars.difference({"difference": mean, "low": low, "high": 0.09}, 5.0) == said


def test_an_arm_that_was_not_asked_has_an_empty_cell():
    kept = bars.Kept("pocket-1-opt-decoders")
    *own, other = bars.accuracies(kept, "soft")
    assert other == "" and all(re.match(r"0[.]\d{3} ±|[+-]", cell) for cell in own)
    assert bars.accuracies(kept, "init")[1] == ""  # it has no beginning but itself
    assert bars.wording(kept.summary["texts"].get("soft")) == [""] * 3


def test_an_ablation_says_what_is_otherwise():
    usual = bars.Kept("pocket-1-opt-v5").config
    assert bars.otherwise(usual) == ""
    changed = usual | {"moves": ["phrase", "word"], "readers": "own"}
    assert bars.otherwise(changed) == "readers own, moves phrase and word"


def table(*names: str) -> list[str]:
    return bars.table(list(names)).splitlines()


def test_a_table_has_columns_for_what_one_of_its_searches_was_compared_with():
    def compared(*names):
        return [cell.strip() for cell in table(*names)[0].split("|") if "over" in cell]

    always = ["over the best baseline, own", "over its beginning, own"]
    assert compared("pocket-1-opt-raced") == [*always, "over `select`, own"]
    assert compared("pocket-1-opt-raced", "pocket-1-opt-v5") == [*always, "over `select`, own", "over `evolve`, own"]
    assert compared("pocket-1-opt-target-1") == always
    one = table("pocket-1-opt-raced", "pocket-1-opt-v5")
    assert len({line.count("|") for line in one}) == 1


def test_cells_are_where_their_heads_say():
    """Read off from the summaries by hand, so that nothing is swapped unseen."""
    head, _, row = ([cell.strip() for cell in line.split("|")[1:-1]] for line in table("pocket-1-opt-raced/second"))
    raced = dict(zip(head[:4], row, strict=False))
    assert raced["chosen by, budget, rounds"] == "[OPT, 1 %, 24](comparisons/pocket-1-opt-raced/second)"
    assert raced["students"] == "2,026"
    assert raced["over the best baseline, own"] == "**+12.1 (8.3 to 16.0)**"
    assert raced["other"] == "**+7.6 (3.8 to 11.2)**"
    assert row[-3:] == ["**0.86**", "5 of 12", "**76 %**"]
    own = bars.ablation(["pocket-1-opt-own"]).splitlines()[-1].split(" | ")
    assert own[2:6] == [
        "**+14.0 (10.8 to 17.3)**",
        "-6.6 (-10.0 to -3.0)",
        "**+6.8 (3.6 to 10.0)**",
        "-2.3 (-5.4 to 1.0)",
    ]
    soft = bars.accuracies(bars.Kept("pocket-1-opt-decoders"), "soft")
    assert [cell[:5] for cell in soft[:4]] == ["0.649", "+2.3 ", "0.589", "+20.6"]


def test_a_comparison_of_one_model_has_a_row_for_each_arm_and_two_cells_for_each_test():
    names = ["pocket-1-smollm2", "pocket-1-smollm2/second"]
    head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in bars.alone(names).splitlines())
    assert head == ["arm", "600 questions", "over `random`", "834 questions", "over `random`"]
    found = {row[0].strip("`"): row[1:] for row in rows}
    assert len(found) == 15 and found["random"][1] == found["random"][3] == ""
    for place, name in zip((0, 2), names, strict=True):
        table = {one["arm"]: one for one in bars.Kept(name).summary["table"]}
        assert found["text"][place].startswith(f"{table['text']['mean']:.3f} ± ")
        over = 100 * (table["text"]["mean"] - table["random"]["mean"])
        assert float(found["text"][place + 1].split(" (")[0]) == pytest.approx(over, abs=0.06)
