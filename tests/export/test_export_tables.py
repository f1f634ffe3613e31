"""Tables as CSV: what is read is what was written, and no spreadsheet finds a formula in a prompt."""

import csv
import io

import hypothesis
import pandas
import pytest
from hypothesis import strategies as st

from backend.export.copy import RunCopy
from backend.export.tables import RISKY, as_csv, cell
from backend.studies.text_distillation.tables import tables_of
from tests.exported import sample


def text_in(found: str) -> str:
    """The text of a cell that `cell` made."""
    return found.removeprefix("'")


def read(data: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


@pytest.fixture(scope="module")
def tables() -> dict[str, bytes]:
    return tables_of(sample())


def test_there_is_a_table_for_every_file_and_stage(tables):
    names = {"prompts", "distilled", "facts", "results", "summary", "heldout", "settings"}
    names |= {f"metrics-{row['stage']}" for row in sample().rows("metrics")}
    assert {"metrics-experts", "metrics-distil"} < names
    assert {name.removesuffix(".csv") for name in tables if name.endswith(".csv")} == names
    for name in names:
        assert f"{name.split('-')[0]}" in tables["README.txt"].decode()


def test_the_rows_are_the_runs_rows(tables):
    copy = sample()
    results = read(tables["results.csv"])
    assert [(r["arm"], float(r["value"]), int(r["n"])) for r in results] == [
        (r["arm"], r["value"], r["n"]) for r in copy.rows("results")
    ]
    distil = [row for row in copy.rows("metrics") if row["stage"] == "distil"]
    assert [float(r["matching_loss"]) for r in read(tables["metrics-distil.csv"])] == [
        r["matching_loss"] for r in distil
    ]
    prompts = [(str(row["step"]), p["text"]) for row in copy.rows("prompts") for p in row["prompts"]]
    assert [(r["step"], text_in(r["text"])) for r in read(tables["prompts.csv"])] == prompts
    assert len(read(tables["settings.csv"])) == len(copy.config)


def test_pandas_reads_them_too(tables):
    found = pandas.read_csv(io.BytesIO(tables["metrics-distil.csv"]))
    rows = [row for row in sample().rows("metrics") if row["stage"] == "distil"]
    assert found["matching_loss"].tolist() == [row["matching_loss"] for row in rows]
    assert found["step"].dtype == "int64"


def test_there_is_no_mark_at_the_beginning_and_it_is_utf_8(tables):
    for content in tables.values():
        assert not content.startswith(b"\xef\xbb\xbf")
        content.decode("utf-8")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "'=1"])
def test_no_text_begins_as_a_formula(text):
    (row,) = read(as_csv([{"text": text}]))
    assert row["text"].startswith("'")
    assert text_in(row["text"]) == text


def test_a_formula_in_the_name_of_a_setting_or_a_list_is_guarded_too():
    assert cell(["=1"]) == '["=1"]'  # a list begins with its bracket
    assert b"'=x" in as_csv([{"=x": 1}])


def test_negative_numbers_stay_numbers():
    assert as_csv([{"gain": -0.5, "left": None, "on": True}]) == b"gain,left,on\r\n-0.5,,true\r\n"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@hypothesis.given(st.lists(st.tuples(TEXTS, st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=5))
def test_any_text_and_any_number_comes_back(rows):
    found = read(as_csv([{"text": text, "value": value} for text, value in rows]))
    assert [(text_in(row["text"]), float(row["value"])) for row in found] == rows
    assert not any(row["text"].startswith(RISKY[:-1]) for row in found)
    by_pandas = pandas.read_csv(
        io.BytesIO(as_csv([{"text": text, "n": 1} for text, _ in rows])), dtype=str, keep_default_na=False
    )
    assert [text_in(text) for text in by_pandas["text"]] == [text for text, _ in rows]


def test_a_run_that_has_only_begun_has_only_its_settings():
    copy = RunCopy({name: sample().files[name] for name in ("config.json", "status.json")})
    assert tables_of(copy).keys() == {"settings.csv", "README.txt"}
