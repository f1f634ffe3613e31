"""A run of the study on a tiny teacher: its files fit their shapes, and a killed one goes on to the same numbers."""

import json
import shutil
from base64 import b64decode
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from pydantic import TypeAdapter
from transformers import CLIPModel

from backend.__main__ import main
from backend.core.vision.cut_files import load_student
from backend.core.vision.parts import blocks_of, shapes_of
from backend.errors import UserError
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.tiny_clip import heads, notes, training
from backend.studies.tiny_clip.config import TinyClipConfig
from backend.studies.tiny_clip.data import load_teacher
from backend.studies.tiny_clip.study import STUDY
from backend.study import resolve
from tests.marks import SLOW
from tests.pocket_clip import pocket_clip, quick_config

FILES = ("metrics", "pictures", "attention", "affinities", "maps", "ladder", "results")
MEASURED = ("seconds", "peak_memory_mb", "training_seconds")


@pytest.fixture(scope="module", autouse=True)
def one_process_with_a_state_after_every_other_update():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        patch.setattr(training, "SAVED_EVERY", 2)
        patch.setattr(training, "LOOKED_AT", 4)
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> TinyClipConfig:
    return quick_config(pocket_clip(tmp_path_factory.mktemp("tiny_clip") / "teacher"))


def start(config: TinyClipConfig, folder: Path, like: RunDir | None = None) -> RunDir:
    """A run; its pictures are those of another one, which saves drawing them."""
    run = RunDir.create(folder, STUDY.name, None, as_json(config))
    if like:
        shutil.copytree(like.artifacts / "prepared", run.artifacts / "prepared")
    run.claim()
    return run


@pytest.fixture(scope="module")
def finished(config, tmp_path_factory) -> RunDir:
    run = start(config, tmp_path_factory.mktemp("tiny_clip") / "whole")
    assert run_to_the_end(config, run) == "finished"
    return run


def told(run: RunDir) -> dict:
    """Everything a run says, without times and memory, in an order that does not depend on who was first."""
    found: dict = {"summary": {name: value for name, value in run.summary().items() if name not in MEASURED}}
    for row in found["summary"].get("reach", []):
        row.pop("seconds")
    for name in FILES:
        rows = [{key: value for key, value in row.items() if key != "seconds"} for row in run.rows(name)]
        found[name] = sorted(map(json.dumps, rows))
    return found


def test_its_files_fit_their_shapes(finished, config):
    files = {}
    for file in STUDY.files:
        found = sorted(finished.path.glob(file.name))
        assert found, file.name
        shape = TypeAdapter(resolve(file.shape))
        for path in found:
            lines = path.read_text(encoding="utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text()]
            for line in lines:
                shape.validate_json(line)
            files[file.name] = path.read_bytes()
    resolve(STUDY.checks)(files, as_json(config))
    with pytest.raises(UserError, match="not among the arms"):
        resolve(STUDY.checks)(files, as_json(replace(config, arms=("scratch",))))
    assert finished.status()["stage"] == "conclude"


def test_every_arm_has_its_own_step_size_and_every_student_ends_after_equal_updates(finished, config):
    summary = finished.summary()
    assert summary["lrs"].keys() == set(config.arms)
    assert sum(row["chosen"] for row in summary["grids"]) == len(config.arms)
    best = {arm: max(r["score"] for r in summary["grids"] if r["arm"] == arm) for arm in config.arms}
    assert all(row["score"] == best[row["arm"]] for row in summary["grids"] if row["chosen"])
    ends = [row for row in finished.rows("metrics") if row["stage"] == "evaluate" and row["step"] == config.steps]
    chosen = {(r["arm"], r["seed"]) for r in ends if r["lr"] == summary["lrs"][r["arm"]]}
    assert chosen == {(arm, seed) for arm in config.arms for seed in range(config.seeds)}
    assert not [row for row in finished.rows("metrics") if row["stage"] == "validate" and row["seed"]]


def test_sizes_are_never_above_the_asked_ones_and_masks_meet_that_of_slices(finished, config):
    sizes = {row["arm"]: row for row in finished.summary()["sizes"]}
    assert all(row["blocks"] <= row["asked"] for row in sizes.values())
    assert sizes["one_leap"]["blocks"] == sizes["progressive"]["blocks"] < sizes["both"]["blocks"]
    assert sizes["both"]["blocks"] == sizes["scratch"]["blocks"]
    neuron = 2 * 32 / blocks_of(shapes_of(load_teacher(config).model))
    assert 0 <= sizes["both"]["blocks"] - sizes["auto"]["blocks"] <= neuron


def test_a_ladder_has_a_row_a_cut_and_its_shares_fall(finished, config):
    rows = [row for row in finished.rows("ladder") if row["seed"] == 1]
    leaps = {arm: [row["leap"] for row in rows if row["arm"] == arm] for arm in config.arms}
    assert leaps == {"scratch": [], "affinity": [], "inherit": [1], "both": [1], "auto": [1], "one_leap": [1],
                     "progressive": [1, 2, 3]}  # fmt: skip
    progressive = [row for row in rows if row["arm"] == "progressive"]
    reached = [row["reached"] for row in progressive]
    assert reached == sorted(reached, reverse=True) and [row["step"] for row in progressive] == [0, 4, 8]
    assert next(row for row in rows if row["arm"] == "auto")["step"] == config.mask_steps


def test_maps_count_what_the_ladder_says(finished, config):
    teacher = shapes_of(load_teacher(config).model)
    for row in finished.rows("ladder"):
        where = {key: row[key] for key in ("arm", "lr", "seed", "step")}
        [kept] = [r["units"] for r in finished.rows("maps") if r["kind"] == "kept" and where.items() <= r.items()]
        total = 0
        for name, shape in teacher.items():
            heads = sum(sum(kept[f"{name}.{layer}.heads"]) for layer in range(shape.depth))
            neurons = sum(sum(kept[f"{name}.{layer}.neurons"]) for layer in range(shape.depth))
            total += sum(kept[f"{name}.hidden"]) * (4 * shape.head_width * heads + 2 * neurons)
        assert total == row["blocks"]
    falling = [row for row in finished.rows("maps") if row["kind"] == "falling"]
    assert falling and {row["seed"] for row in falling} == {0} and {row["arm"] for row in falling} == {"auto"}


def test_the_students_of_one_seed_see_one_order_and_scratch_and_affinity_one_start(finished):
    start = {
        (row["arm"], row["seed"]): (row["top5"], row["t2i5"])
        for row in finished.rows("metrics")
        if row["stage"] == "evaluate" and row["step"] == 0
    }
    assert all(start["scratch", seed] == start["affinity", seed] for seed in range(2))
    rows = [row for row in finished.rows("affinities") if row["step"] == 0 and row["who"] in ("scratch", "affinity")]
    assert rows[0]["cosines"] == rows[1]["cosines"]


def test_seed_0s_students_stay_as_folders_that_transformers_loads_where_they_fit(finished, config):
    students = finished.artifacts / "students"
    assert {path.name for path in students.iterdir()} == set(config.arms)
    ours = load_student(students / "both")
    theirs = CLIPModel.from_pretrained(students / "both", dtype=torch.float32)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    size = next(row for row in finished.summary()["sizes"] if row["arm"] == "auto" and row["seed"] in (0, None))
    assert sum(p.numel() for p in load_student(students / "auto").parameters()) == size["parameters"]
    assert not list((finished.artifacts / "training").rglob("state-*"))


def test_heads_of_a_run_that_was_recorded_without_them_are_the_same(finished, tmp_path, capsys):
    file = finished.path / heads.FILE
    rows, pictures = finished.rows("attention"), min(heads.LOOKED_ON, len(finished.rows("pictures")))
    image, text = [[row for row in rows if name in row] for name in ("seen", "read")]
    assert len(image) == len(text) == 2 * pictures and len(rows) == 4 * pictures
    assert all(max(b64decode(head)) == 255 for row in image for head in row["seen"])
    for row in text:  # every token gives all it has, but for rounding
        assert row["words"][0] == "<s>" and row["words"][-1] == "</s>"
        starts = [place * (place + 1) // 2 for place in range(len(row["words"]) + 1)]
        for given in (b64decode(head) for head in row["read"]):
            assert len(given) == starts[-1]
            assert all(abs(sum(given[a:b]) - 255) <= (b - a) / 2 for a, b in pairwise(starts))
    old = shutil.copytree(finished.path, tmp_path / "old")
    (old / heads.FILE).unlink()
    assert main(["heads", "--run", str(old)]) == 0 and str(old / heads.FILE) in capsys.readouterr().out
    assert (old / heads.FILE).read_bytes() == file.read_bytes()
    (old / heads.FILE).write_text("".join(f"{json.dumps(row)}\n" for row in image))  # as runs before had it
    assert main(["heads", "--run", str(old)]) == 0 and (old / heads.FILE).read_bytes() == file.read_bytes()
    assert main(["heads", "--run", str(tmp_path)]) != 0 and "has no pictures" in capsys.readouterr().err


def test_a_cut_is_compared_with_slices_of_a_copy_and_of_the_same_weights(finished, config):
    cuts = finished.summary()["cut"]
    assert [row["seed"] for row in cuts] == list(range(config.seeds))
    ladder = {row["seed"]: row["top5_after_cut"] for row in finished.rows("ladder") if row["arm"] == "auto"}
    assert all(row["after_cut"] == ladder[row["seed"]] for row in cuts)


class Killed(BaseException):
    """What a run leaves is what a kill leaves: nothing in between gets to tidy up."""


def killed_in(monkeypatch, config, run: RunDir, name: str, after: int) -> None:
    """Die right after the `after`-th row of a file, or the `after`-th call of a function of notes.py."""
    count = []

    def dying(plain, mine):
        def act(*given):
            found = plain(*given)
            if mine(given):
                count.append(1)
                if len(count) == after:
                    raise Killed
            return found

        return act

    with monkeypatch.context() as patch, pytest.raises(Killed):
        if name == "save_start":
            patch.setattr(notes, name, dying(notes.save_start, lambda given: True))
        else:
            patch.setattr(RunDir, "append", dying(RunDir.append, lambda given: _is_of(name, given[1], given[2])))
        resolve(STUDY.run)(config, run)
    assert not run.summary()


def _is_of(name: str, file: str, row: dict) -> bool:
    return name in (file, row.get("stage"))


@pytest.fixture(scope="module")
def shorter(config) -> TinyClipConfig:
    return replace(config, arms=("scratch", "auto", "progressive"), lrs=(0.003,), seeds=1)


@pytest.fixture(scope="module")
def unbroken(shorter, finished, tmp_path_factory) -> RunDir:
    run = start(shorter, tmp_path_factory.mktemp("tiny_clip") / "shorter", finished)
    assert run_to_the_end(shorter, run) == "finished"
    return run


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("train", 1),
        ("masks", 1),
        ("save_start", 1),  # at the masks' cut
        ("ladder", 1),
        ("save_start", 3),  # between two stages
        ("maps", 5),
        SLOW("ladder", 4),
        SLOW("evaluate", 7),
        SLOW("train", 11),
    ],
)
def test_a_killed_run_goes_on_to_the_same_numbers(unbroken, shorter, tmp_path, monkeypatch, name, after):
    run = start(shorter, tmp_path / "run", unbroken)
    killed_in(monkeypatch, shorter, run, name, after)
    assert run_to_the_end(shorter, run) == "finished"
    assert told(run) == told(unbroken)


def test_a_size_that_no_student_has_is_said_before_anything_is_trained(config, tmp_path, finished):
    bad = replace(config, small=0.02)
    run = start(bad, tmp_path / "run", finished)
    with pytest.raises(UserError, match="No student of this teacher"):
        resolve(STUDY.run)(bad, run)
    assert not run.rows("metrics")
