"""What stands on the page of a chart's numbers, and tables that a phone can show: markup, no browser."""

import json
import re
from html import unescape

from components.panels import saving, tables
from components.panels.results import results_markup
from components.studies.bench import pictures
from tests.page.panels.test_figures import CONFIG, STUDY, result


def saved(markup: str) -> list[dict]:
    """What each chart of a markup would save."""
    return [json.loads(unescape(found)) for found in re.findall(r'data-saves="([^"]*)"', markup)]


def test_a_chart_carries_its_numbers_and_the_menu_whatever_they_are():
    said = saving.saves("one", ("a", "b"), [('<b>&"', 0.5)])
    [found] = saved(f"<figure {said}></figure>")
    assert found == {"name": "one", "rows": [["a", "b"], ['<b>&"', 0.5]]}
    assert re.findall(r'data-save="(\w+)"', saving.MENU) == ["png", "svg", "csv"]
    assert re.findall(r'data-copy-as="(\w+)"', saving.MENU) == ["markdown", "latex"]


def test_the_bars_save_every_mean_with_its_interval():
    rows = [result("text", 0.5), result("random", 0.25), result("text", 0.75, metric="acc")]
    [found] = saved(results_markup(STUDY, rows, CONFIG))
    heads, *lines = found["rows"]
    taught = {line[heads.index("mean")] for line in lines if line[heads.index("trained on")] == "Distilled text"}
    assert taught == {0.5, 0.75}
    assert len(lines) == 3 and all(len(line) == len(heads) for line in lines)


def quality() -> dict:
    bins = [{"n": 0, "confidence": 0, "accuracy": 0}, {"n": 4, "confidence": 0.75, "accuracy": 0.5}]
    return {"calibration": {"ece": 0.25, "bins": bins}, "letters": {"chosen": [3, 1], "right": [2, 2]}}


def test_the_small_pictures_have_numbers_on_both_axes_and_save_them():
    calibration, letters = pictures.reliability({"base": quality()}), pictures.letters({"base": quality()})
    assert re.findall(r'text-anchor="end">([\d.]+)<', calibration) == ["0", "0.5", "1"]
    assert re.findall(r'"bottom:\d+%">(\d+%)<', letters) == ["0%", "40%", "80%"]
    assert 'class="ds-key-side ds-side-base">before' in letters, "the colours are named"
    assert saved(calibration)[0]["rows"][1:] == [["before", 0.75, 0.5, 4]]
    assert saved(letters)[0]["rows"][1:] == [["A", 0.75, 0.5], ["B", 0.25, 0.5]]
    sizes = pictures.step_sizes([{"lr": 0.1, "acc": 0.5, "n": 10}], 0.1)
    assert saved(sizes)[0]["rows"][1:] == [[0.1, 0.5, 10]]


def test_every_cell_of_a_table_stands_behind_the_name_of_its_column():
    found = tables.table(("Mean", "A & B"), [("0.5", "<i>x</i>"), ("0.6", "")])
    assert re.findall(r'<td data-column="([^"]*)">(.*?)</td>', found) == [
        ("Mean", "0.5"),
        ("A &amp; B", "<i>x</i>"),
        ("Mean", "0.6"),
        ("A &amp; B", ""),
    ]
