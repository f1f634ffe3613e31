"""The table of room goes on where it was stopped, chooses by validation alone, and parts the variance rightly."""

import json
import random
from statistics import stdev

import pytest

from backend.core.models.adapted import Adapted
from backend.errors import UserError
from benchmarks.room.__main__ import main
from benchmarks.room.cells import Axes, Cell
from benchmarks.room.data import KINDS, drawn, material
from benchmarks.room.kept import Kept, read
from benchmarks.room.measure import beyond, results
from benchmarks.room.student import Workshop
from benchmarks.room.table import gap, parts
from tests import tiny


@pytest.fixture(scope="module")
def words(tiny_models) -> list[str]:
    """A command small enough to run to its end."""
    said = ["--model", str(tiny_models["llama"]), "--data", "pocket_science", "--budgets", "0.01", "--steps", "1"]
    return [*said, "--tops", "1,2", "--modules", "attention", "--tested", "4", "--validated", "3", "--draws", "2"]


@pytest.fixture(scope="module")
def made(words, tmp_path_factory):
    """The folder of a finished table."""
    folder = tmp_path_factory.mktemp("room")
    main([*words, "--out", str(folder)])
    return folder


def told(row: dict) -> dict:
    return {name: value for name, value in row.items() if name not in ("train_s", "judge_s", "machine")}


def test_every_student_is_a_row_with_its_machine(made):
    rows = read(made / "rows.jsonl")
    students = [(row["arm"], row["top"], row["set"], row["seed"]) for row in rows if row["kind"] == "student"]
    sets = [("random", top, draw, seed) for top in (1, 2) for draw in (0, 1) for seed in (0, 1)]
    every = [*sets, *(("full", top, 0, seed) for top in (1, 2) for seed in (0, 1)), ("untrained", 0, 0, 0)]
    assert sorted(students) == sorted(every)
    assert all("torch" in row["machine"] for row in rows)
    assert all(row["lr"] in (0.001, 0.003, 0.01, 0.0003, 0.03, 0.0001, 0.1) for row in rows if row["arm"] == "full")


def test_a_table_that_is_there_is_not_made_again(made, words, monkeypatch):
    before = (made / "rows.jsonl").read_bytes()
    monkeypatch.setattr(Workshop, "taught", lambda *_: pytest.fail("a student was trained again"))
    main([*words, "--out", str(made)])
    assert (made / "rows.jsonl").read_bytes() == before


def test_a_row_that_a_kill_cut_off_is_made_anew_and_the_same(made, words, tmp_path):
    lines = (made / "rows.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "rows.jsonl").write_text("".join(lines[:-1]) + lines[-1][:40])
    main([*words, "--out", str(tmp_path)])
    assert list(map(told, read(tmp_path / "rows.jsonl"))) == list(map(told, map(json.loads, lines)))


def test_the_table_is_printed_at_any_time(made, words, capsys, tmp_path):
    main([*words, "--out", str(made), "--table"])
    whole = capsys.readouterr().out
    assert whole.count("pocket_science, 1 %") == 2 and "4 + 2" in whole
    (tmp_path / "rows.jsonl").write_text("\n".join((made / "rows.jsonl").read_text().splitlines()[:6]) + "\n")
    main([*words, "--out", str(tmp_path), "--table"])
    assert "not complete" in capsys.readouterr().out
    main([*words, "--out", str(tmp_path / "none"), "--table"])
    assert capsys.readouterr().out.startswith("| data, share")


def test_step_sizes_are_chosen_by_validation_and_sets_by_name(made):
    rows = read(made / "rows.jsonl")
    for arm in ("random", "full"):
        tried = {
            row["lr"]: row["error"] for row in rows if row["kind"] == "grid" and (row["arm"], row["top"]) == (arm, 1)
        }
        chosen = {row["lr"] for row in rows if row["kind"] == "student" and (row["arm"], row["top"]) == (arm, 1)}
        assert chosen == {min(tried, key=lambda lr: (tried[lr], lr))}
    first = drawn(material("pocket_science", "", 3, 4).train, 12, "set", 0, 0.01)
    assert first == drawn(material("pocket_science", "", 9, 9).train, 12, "set", 0, 0.01)


def test_the_grid_goes_on_past_the_end_where_the_best_is():
    assert beyond(0.01, [0.001, 0.003, 0.01]) == [0.03]
    assert beyond(0.001, [0.001, 0.003, 0.01]) == [0.0003]
    assert beyond(0.003, [0.001, 0.003, 0.01]) == []
    assert beyond(0.1, [0.03, 0.1]) == beyond(0.0001, [0.0001, 0.001]) == []


def test_parts_of_the_data_do_not_overlap(tmp_path):
    subjects = tuple(f"subject_{i}" for i in range(120))
    tiny.write_rows(tmp_path / "mmlu" / "test.jsonl", tiny.mmlu_rows(subjects))
    for name in ("mmlu_halves", "free_answers", "pocket_science"):
        _, *three = KINDS[name](str(tmp_path))
        ids = [{question.id for question in part} for part in three]
        assert all(ids) and sum(map(len, ids)) == len(set().union(*ids))


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(UserError, match="is not a folder"):
        material("arc_easy", str(tmp_path / "none"), 3, 4)


def test_the_cheapest_cells_come_first_and_all_come():
    cells = Axes().cells()
    assert len(cells) == len(set(cells)) == 4 * 2 * 3 * 3 * 2
    assert cells[:3] == [Cell("arc_easy", 0.01, 20, top, "attention") for top in (6, 15, 30)]
    assert cells[-1] == Cell("free_answers", 0.05, 150, 30, "mlp")


def test_the_variance_is_parted_between_sets_and_seeds():
    rng = random.Random(0)
    sets = [rng.gauss(0, 0.04) for _ in range(400)]
    means = [[one + rng.gauss(0, 0.02) for _ in range(2)] for one in sets]
    found = parts(means)
    assert found.between == pytest.approx(4, abs=0.4) and found.within == pytest.approx(2, abs=0.2)
    assert parts([[0.5, 0.7], [0.7, 0.5]]).between == 0
    one_seed = parts([[0.5], [0.6], [0.55]])
    assert one_seed.between == pytest.approx(100 * stdev([0.5, 0.6, 0.55]))
    assert one_seed.at_most > 5 * one_seed.between  # three sets say little


def test_more_is_better_in_every_metric():
    def student(metric: str, each: list | str) -> dict:
        return {"metric": metric, "each": each, "mean": sum(map(float, each)) / len(each)}

    right, wrong = student("acc", "1110" * 30), student("acc", "1000" * 30)
    room, low, high = gap([right], [[wrong, wrong], [wrong, wrong]])
    assert room == pytest.approx(50) and 0 < low < room < high
    few, many = student("bits", [0.5, 0.7] * 30), student("bits", [0.9, 0.9] * 30)
    room, low, high = gap([few], [[many], [many]])
    assert room == pytest.approx(30) and 0 < low < room < high


def test_a_file_that_is_not_there_has_no_rows(tmp_path):
    kept = Kept(tmp_path / "deep" / "rows.jsonl")
    assert kept.find({"a": 1}) is None
    kept.add({"a": 1}, {"b": 2})
    assert Kept(kept.file).find({"a": 1}) == {"a": 1, "b": 2}


def test_results_hold_what_each_question_adds(tiny_models):
    found = material("free_answers", "", 2, 3)
    workshop = Workshop(str(tiny_models["llama"]))
    params, _ = workshop.taught(Adapted(1), [], found.spec, 0, 0.0, 0)
    scored, _ = workshop.answers(Adapted(1), params, found.test, found.spec)
    free = results(scored, free=True)
    assert free["metric"] == "bits" and sum(free["each"]) / 3 == pytest.approx(free["mean"], abs=1e-4)
