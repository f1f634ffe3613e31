"""The second test of kept comparisons: their own data sets and step sizes, questions that the first test left out."""

import json

import pytest

from backend.comparison.bars import SECOND
from backend.core.text.text_data import load_questions
from backend.pocket.files import write_second_test
from benchmarks.second_test import KEPT, judged, kept_names

SOFT = "pocket-1-opt-decoders"  # has arms that are no files


def test_students_learn_from_the_very_questions_and_are_asked_others(tmp_path):
    write_second_test(tmp_path)
    for split in ("train", "validation"):
        assert load_questions("pocket_science", split, str(tmp_path)) == load_questions("pocket_science", split)
    first, second = (load_questions("pocket_science", "test", folder) for folder in (None, str(tmp_path)))
    assert not {one.question for one in first} & {one.question for one in second}


def test_every_kept_comparison_of_the_bundled_world_is_judged():
    assert set(kept_names()) == {path.name for path in KEPT.glob("pocket-*")} - {SOFT}
    for name in kept_names():
        told = json.loads((KEPT / name / SECOND / "summary.json").read_text("utf-8"))
        assert {row["n"] for row in told["table"]} == {834}, name


def test_no_step_size_is_chosen_by_looking_again(tmp_path):
    name = kept_names()[0]
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "config.json").write_text((KEPT / name / "config.json").read_text("utf-8"), "utf-8")
    (kept / "arms").symlink_to(KEPT / name / "arms")
    rows = [json.loads(line) for line in (KEPT / name / "step_sizes.jsonl").read_text("utf-8").splitlines()]
    without = [json.dumps(row) for row in rows if (row["arm"], row["student"]) != ("text", "opt-pocket")]
    (kept / "step_sizes.jsonl").write_text("\n".join(without) + "\n", "utf-8")
    write_second_test(tmp_path / "data")
    with pytest.raises(RuntimeError, match="no step size for \\('text', 'opt-pocket'\\)"):
        judged(kept, tmp_path / "run", tmp_path / "data")
