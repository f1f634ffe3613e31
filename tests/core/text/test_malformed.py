"""Hostile uploads: whatever the bytes, there is an answer or a UserError, and nothing else has changed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.text import table_formats, unpacker
from backend.core.text.places import LIMITS
from backend.core.text.uploads import read_examples, read_questions
from backend.errors import UserError
from tests import tiny
from tests.core.text.malformed import (
    FIRST,
    HEADER,
    MALFORMED,
    TWO_ROWS,
    lines,
    malformed_file,
    mmlu,
    parquet,
    upload,
    without,
)


@pytest.mark.parametrize(("name", "content", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_file_is_refused_by_row_and_column(tmp_path, name, content, message):
    file = malformed_file(tmp_path, name, content)
    with pytest.raises(UserError) as refused:
        read_questions(file)
    assert message in str(refused.value)
    assert refused.value.found.startswith(name)
    assert refused.value.expected and refused.value.next_step
    assert len(str(refused.value)) < 600 and str(refused.value).isprintable()


SEEDS = {
    ".jsonl": lines(*tiny.arc_rows()[:3]),
    ".json": json.dumps(tiny.mmlu_rows()[:3]).encode(),
    ".csv": HEADER + FIRST * 3,
    ".tsv": (HEADER + FIRST * 3).replace(b",", b"\t"),
}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SEEDS)), st.binary(max_size=60), st.integers(0, 10**6), st.booleans(), st.booleans())
def test_any_bytes_under_any_ending_are_read_or_refused_politely(tmp_path_factory, suffix, noise, place, whole, insert):
    check_polite(tmp_path_factory.getbasetemp(), suffix, SEEDS[suffix], noise, place, whole, insert)


@settings(max_examples=8, deadline=None)  # a process each
@given(st.binary(min_size=1, max_size=9), st.integers(0, 10**6), st.booleans())
def test_any_damage_to_parquet_is_read_or_refused_politely(tmp_path_factory, noise, place, insert):
    check_polite(tmp_path_factory.getbasetemp(), ".parquet", TWO_ROWS, noise, place, False, insert)


def check_polite(folder: Path, suffix: str, seed: bytes, noise: bytes, place: int, whole: bool, insert: bool) -> None:
    cut = place % len(seed)
    content = noise if whole else seed[:cut] + noise + seed[cut + (0 if insert else len(noise)) :]
    file = upload(folder, f"noise{suffix}", content)
    for read in (read_questions, read_examples):
        try:
            found = read(file)
        except UserError as error:
            assert error.found.startswith(file.name) and str(error).isprintable() and len(str(error)) < 600
        else:
            assert found


def test_a_refused_upload_leaves_the_folder_as_it_was(tmp_path):
    for name, content, _ in without(MALFORMED, "too many rows").values():  # seconds
        file = malformed_file(tmp_path, name, content)
        before = (file.stat().st_size, file.stat().st_mtime_ns)
        with pytest.raises(UserError):
            read_questions(file)
        assert (file.stat().st_size, file.stat().st_mtime_ns) == before
        file.unlink()
        assert not list(tmp_path.iterdir())


def test_the_size_is_looked_at_before_the_format(tmp_path):
    file = malformed_file(tmp_path, "a.xlsx", None)
    with pytest.raises(UserError, match="larger than 32 MiB"):
        read_questions(file)


def test_a_parquet_library_that_dies_takes_nothing_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacker, "__file__", str(upload(tmp_path, "child.py", b"import os\nos.abort()\n")))
    with pytest.raises(UserError, match=r"a\.parquet, row 1: from here on the file is damaged"):
        read_questions(upload(tmp_path, "a.parquet", parquet(mmlu())))


def test_a_parquet_file_that_unpacks_for_ever_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(table_formats, "LIMITS", replace(LIMITS, seconds=1))
    monkeypatch.setattr(unpacker, "__file__", str(upload(tmp_path, "child.py", b"import time\ntime.sleep(60)\n")))
    with pytest.raises(UserError, match=r"a\.parquet takes more than 1 s to unpack"):
        read_questions(upload(tmp_path, "a.parquet", parquet(mmlu())))


def test_a_list_that_unpacks_to_more_than_memory_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(table_formats, "LIMITS", replace(LIMITS, seconds=600))  # here it is the memory that ends it
    import pyarrow  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    many = pyarrow.array([[0] * 12_000_000], pyarrow.list_(pyarrow.int8()))
    pyarrow.parquet.write_table(pyarrow.table({"choices": many}), tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 1000
    with pytest.raises(UserError, match=r"a\.parquet unpacked is larger than 32 MiB"):
        read_questions(tmp_path / "a.parquet")


@pytest.mark.parametrize("path", [".", "missing.csv", "nul\0byte.csv", "~nobody-at-all/a.csv", "x" * 300])
def test_a_path_that_is_no_file_is_refused(tmp_path, path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        read_questions(path)
