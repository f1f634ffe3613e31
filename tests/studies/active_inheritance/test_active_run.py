"""A run of active inheritance from the pool to the summary, with tiny talkers: what it leaves, and how it resumes."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from backend.core.models.backbones import load_backbone
from backend.core.text.batches import IGNORED
from backend.errors import UserError
from backend.export.copy import RunCopy
from backend.export.run_file import pack, unpack
from backend.export.samples import sets_of
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.active_inheritance import run as engine
from backend.studies.active_inheritance.cells import Cell, cells, chosen
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.objectives import rechoose
from backend.studies.active_inheritance.sitters import sitters
from backend.studies.active_inheritance.students import Trainer, taught

SMALL = {
    "prompts": 5,
    "k": 3,
    "ks": (2, 3),
    "tokens": 7,
    "objectives": ("length",),
    "arms": ("best", "best_of_two", "passive_second"),
    "equal_words": 2,
    "rank": 2,
    "steps": 11,
    "batch": 3,
    "seeds": 2,
    "test_prompts": 3,
    "samples": 2,
    "test_limit": 4,
}


@pytest.fixture(scope="module")
def config(tiny_models, tmp_path_factory) -> ActiveConfig:
    prompts = tmp_path_factory.mktemp("prompts") / "mine.txt"
    prompts.write_text("".join(f"What is thing {number} made of?\n" for number in range(8)))
    opt, llama = str(tiny_models["opt"]), str(tiny_models["llama"])
    models = {"talker": opt, "second_talker": llama, "student": opt, "passive_student": llama}
    return ActiveConfig(**models, prompts_file=str(prompts), **SMALL)


def start(folder: Path, config: ActiveConfig) -> RunDir:
    run_dir = RunDir.create(folder, "active_inheritance", None, as_json(config))
    run_dir.claim()
    return run_dir


@pytest.fixture(scope="module")
def finished(config, tmp_path_factory) -> RunDir:
    """The run as it is when nothing disturbs it."""
    run_dir = start(tmp_path_factory.mktemp("active") / "whole", config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        assert run_to_the_end(config, run_dir) == "finished"
    return run_dir


def told(run_dir: RunDir) -> dict:
    """Everything a run says, without times and memory."""
    files = sorted(run_dir.path.glob("*.jsonl")) + sorted(run_dir.artifacts.glob("*/*.jsonl"))
    rows = {str(file.relative_to(run_dir.path)): file.read_text().splitlines() for file in files}
    kept = {name: value for name, value in run_dir.summary().items() if name not in ("seconds", "peak_memory_mb")}
    return {name: sorted(found) for name, found in rows.items()} | {"summary": kept}


def test_a_run_killed_again_and_again_goes_on_to_the_same_rows(config, finished, tmp_path, monkeypatch):
    """The process is gone after so many more rows, with half of the next one on the disk: in the middle of a pool,
    between a row and its point of the curve, behind a student's checkpoint, among profiles, before a result."""
    monkeypatch.setenv("DISTILLOSCOPE_WORKERS", "1")
    run_dir, plain, left = start(tmp_path / "run", config), RunDir.append, [3, 8, 36, 60, 40, 30]

    def append(self: RunDir, name: str, row: dict) -> None:
        if left and not left[0]:
            with (self.path / f"{name}.jsonl").open("a") as file:
                file.write(json.dumps(row)[:5])
            raise KeyboardInterrupt
        plain(self, name, row)
        left[:1] = [one - 1 for one in left[:1]]

    monkeypatch.setattr(RunDir, "append", append)
    reached = []
    while left:
        with pytest.raises(KeyboardInterrupt):
            engine.run(config, run_dir)
        reached.append(run_dir.status()["stage"])
        del left[0]
        run_dir.claim()
    assert dict.fromkeys(reached) == dict.fromkeys(["pool", "tune", "profile"])
    assert run_to_the_end(config, run_dir) == "finished"
    assert told(run_dir) == told(finished)


def test_every_student_and_everybody_before_has_a_profile(config, finished):
    rows = finished.rows("profiles")
    assert {row["items"] for row in rows} == {sitter.items for sitter in sitters(config)}
    assert {row["who"] for row in rows} >= {"before", "before_passive", "opt", "llama", "random", "best_of_two"}
    for row in rows:
        items = finished.rows(row["items"].removesuffix(".jsonl"))
        assert len(items) == SMALL["test_prompts"] * SMALL["samples"]
        if row["metric"] == "length":
            assert row["mean"] == pytest.approx(fmean(item["scores"]["length"] for item in items))
            assert row["low"] <= row["mean"] <= row["high"]


def test_students_start_alike_and_read_the_same_prompts(config, finished):
    rows = finished.rows("chosen")
    assert (
        len(rows)
        == len(cells(config))
        == len({tuple(row[n] for n in ("arm", "objective", "k", "seed")) for row in rows})
    )
    for row in rows:
        assert [one[0] for one in row["chosen"]] == list(range(SMALL["prompts"]))
    random = [row["chosen"] for row in rows if row["arm"] == "random"]
    assert random[0] != random[1]
    best = [row["chosen"] for row in rows if (row["arm"], row["objective"], row["k"]) == ("best", "length", 3)]
    mine = [row for row in finished.rows("pool") if row["talker"] == "opt"]
    assert best[0] == best[1] == [list(one) for one in rechoose(mine, "length", k=3)]


def test_a_move_is_the_difference_from_random_students_of_the_same_seeds(config, finished):
    found = finished.summary()["inherited"]
    [row] = [r for r in found if (r["arm"], r["objective"], r["k"], r["metric"]) == ("best", "length", 3, "length")]
    means = {
        (r["who"], r["seed"]): r["mean"]
        for r in finished.rows("profiles")
        if r["metric"] == "length" and r["k"] == 3 and r["objective"] in (None, "length")
    }
    moves = [means["best", seed] - means["random", seed] for seed in (0, 1)]
    assert row["student_move"] == pytest.approx(fmean(moves))
    assert row["over"] == "seeds"
    assert (row["high"] - row["low"]) / 2 == pytest.approx(12.706 * abs(moves[0] - moves[1]) / 2, rel=1e-3)
    assert row["share"] == pytest.approx(row["student_move"] / row["data_move"])
    assert {r["arm"] for r in found} == {"best", "best_of_two", "passive_second"}


def test_a_text_that_the_cap_cut_off_does_not_teach_to_end(config):
    backbone = load_backbone(config.talker)
    row, end = {"prompt": 0, "text": "What?", "entity": ""}, backbone.tokenizer.eos_token_id
    whole = taught(backbone.tokenizer, row, {"text": "water and", "ended": True})
    cut = taught(backbone.tokenizer, row, {"text": "water and", "ended": False})
    assert whole.answer == (*cut.answer, end)
    assert IGNORED not in cut.answer


def test_equal_tokens_give_longer_texts_fewer_to_an_update(config, finished):
    short = {"text": "a", "tokens": 1, "ended": True, "scores": {"length": 1, "words": 1}}
    long = short | {"text": "a b c d e f g h i j k l m n o p", "scores": {"length": 16, "words": 16}}
    row = {"text": "What?", "entity": "", "talker": "opt"}
    pool = [row | {"prompt": number, "texts": [short, short, long]} for number in range(5)]
    three = [Cell("random", None, 3, 0), Cell("best", "length", 3, 0), Cell("worst", "length", 3, 0)]
    batches = {}
    for equal in (False, True):
        trainer = Trainer(replace(config, batch=12, equal_tokens=equal), finished, pool, None)
        student = trainer.student(config.student)
        batches[equal] = [trainer.lesson(cell, student)[1] for cell in three]
        student.remove()
    assert batches[False] == [12, 12, 12]
    random, best, worst = batches[True]
    assert 1 <= best < random == 12 < worst


def test_a_run_travels_and_leaves_its_sets_as_data(config, finished):
    copy = RunCopy.of(finished)
    again = unpack(pack(copy))
    assert again.files.keys() == copy.files.keys()
    sets = sets_of(copy)
    assert sets.keys() == {"random", "best-length", "best_of_two-length", "passive_second"}
    picked = chosen(config, finished.rows("pool"), ["opt", "llama"], Cell("best", "length", 3, 0))
    texts = {row["prompt"]: row["texts"] for row in finished.rows("pool") if row["talker"] == "opt"}
    assert [one.answer for one in sets["best-length"]] == [texts[prompt][index]["text"] for prompt, _, index in picked]


def test_texts_that_were_not_chosen_from_the_pool_are_no_run(finished):
    files = dict(RunCopy.of(finished).files)
    rows = files["chosen.jsonl"].decode().splitlines()
    first = json.loads(rows[0])
    first["chosen"][0][2] = 9
    files["chosen.jsonl"] = "\n".join([json.dumps(first), *rows[1:], ""]).encode()
    with pytest.raises(UserError, match="not in the pool"):
        unpack(pack(RunCopy(files)))
