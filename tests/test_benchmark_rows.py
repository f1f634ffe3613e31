"""Benchmarks say which machine they ran on, print rows as they come, and end in time."""

import ast
import json
from pathlib import Path

import pytest

from benchmarks import outer_step, rows
from benchmarks.picture import picture
from benchmarks.rows import MINUTES, Table, kind, machine, parser, read_rows, row, seconds

FOLDER = Path(rows.__file__).parent
MACHINE = {"processor": "A (R) Processor 9", "level": "AVX2", "cores": 2, "gpus": 0, "torch": "2", "date": "2026-01-01"}


@pytest.fixture
def here(monkeypatch, tmp_path):
    """A made-up machine, and a folder where its rows are kept."""
    monkeypatch.setattr(rows, "machine", lambda: dict(MACHINE))
    monkeypatch.setattr(rows, "KEPT", tmp_path)
    return tmp_path


def test_the_machine_is_said_first_and_every_row_as_it_comes(here, capsys):
    with Table("a") as table:
        assert capsys.readouterr().out == "A (R) Processor 9, AVX2, 2 cores, torch 2, 2026-01-01\n"
        table.add(row("first", 1.23456, "s", "<= 2"))
        assert capsys.readouterr().out.split() == ["first", "1.235", "s", "<=", "2"]


def test_json_has_one_row_a_line(here, capsys):
    with Table("a", as_json=True) as table:
        table.add(row("first", 1.0, "s"), row("second", 2.0, "s"))
    first, *found = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == MACHINE and [one["value"] for one in found] == [1.0, 2.0]


def test_a_part_tells_its_rows_before_it_ends(here, capsys):
    seen = []

    def part():
        yield row("early", 1.0, "s")
        seen.append("early" in capsys.readouterr().out)
        yield row("late", 2.0, "s")

    with Table("a") as table:
        table.within([("part", part)])
    assert seen == [True]


def test_what_has_not_begun_in_time_is_left_out_and_named(here, capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(rows.time, "monotonic", lambda: now[0])

    def slow():
        now[0] += 200
        return [row(f"at {now[0]:g}", now[0], "s")]

    with Table("a", minutes=5) as table:
        table.within((f"part {number}", slow) for number in range(4))
    out = capsys.readouterr().out
    assert len(table.rows) == 2 and "left out after 5 minutes" in out and "part 2; part 3" in out
    with Table("a", minutes=0) as table:
        table.within((f"part {number}", slow) for number in range(4))
    assert len(table.rows) == 4 and "left out" not in capsys.readouterr().out


def test_rows_are_kept_for_each_kind_of_processor_and_read_back(here):
    with Table("outer-step", keep=True) as table:
        table.add(row("a, K = 20, floor: over the floor", 1.0, "x"))
    told, found = read_rows(here / "outer-step" / "a-r-processor-9-avx2-2-cores.jsonl")
    assert told == MACHINE and found == table.rows
    assert "floor" in picture(found, 20)
    assert kind(MACHINE | {"gpus": 1}).endswith("2-cores-gpu") and kind(MACHINE | {"level": "AMX"}) != kind(MACHINE)


def test_rows_that_broke_off_are_not_kept(here):
    with pytest.raises(ValueError), Table("a", keep=True):
        raise ValueError
    assert not (here / "a").exists()


def test_this_machine_has_a_name_cores_and_a_version_of_torch():
    told = machine()
    assert told["processor"] and told["level"] and told["cores"] >= 1 and told["torch"].startswith("2.")


def test_every_way_is_timed_and_the_best_round_counts():
    found = seconds({"a": lambda: sum(range(1000)), "b": lambda: None}, 2)
    assert set(found) == {"a", "b"} and found["a"] >= 0


def test_five_minutes_are_the_default_and_the_full_table_has_no_end(here, monkeypatch):
    assert parser("A.").parse_args([]).minutes == MINUTES == 5.0
    asked = []
    monkeypatch.setattr(outer_step, "measured", lambda *given: asked.append(given) or [])
    outer_step.main([])
    assert [one[:2] for one in asked] == [("opt-pocket", 20), ("llama-pocket", 20)]
    assert asked[0][2] == ["floor", "naive", "detached", "recompute", "exact"] and asked[0][4] is False
    asked.clear()
    outer_step.main(["--full"])
    assert len(asked) == 8 and asked[0][2] == list(outer_step.WAYS) and asked[0][4] is True


def says_its_machine(file: Path) -> bool:
    """Whether a benchmark that measures prints its machine: through a table, or by itself."""
    names = {alias.name for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)
             for alias in node.names if node.module == "benchmarks.rows"}  # fmt: skip
    return bool(names & {"Table", "machine_line"})


# what measures no time: it draws, is measured, or judges what is kept
PARTS = {"__init__", "rows", "picture", "case", "kill_case", "dying", "long_worker", "three_nodes", "three_namespaces"}
SILENT = {*PARTS, "through_adamw", "second_test", "written_texts"}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_every_benchmark_says_its_machine(file):
    assert says_its_machine(file) or file.stem in SILENT


@pytest.mark.parametrize("file", sorted(rows.KEPT.rglob("*.jsonl")), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_kept_set_begins_with_its_machine(file):
    told, found = read_rows(file)
    assert set(MACHINE) <= set(told) and found and all({"name", "value", "unit", "bar"} == set(one) for one in found)
