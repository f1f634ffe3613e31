"""A run of the study on few pictures: its files fit their shapes, and a killed one goes on to the same numbers."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from backend.core.vision.clip_files import load_clip
from backend.desk.ask import Shelf
from backend.errors import UserError
from backend.runs.carry_out import run_to_the_end
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.light_clip import questions
from backend.studies.light_clip.arms import RULES
from backend.studies.light_clip.config import LightClipConfig
from backend.studies.light_clip.study import STUDY
from backend.studies.light_clip.training import LOGGED_EVERY, SAVED_EVERY, moments
from backend.study import resolve
from tests.light_clip_run import CONFIG, start, told
from tests.marks import SLOW


@pytest.fixture(scope="module", autouse=True)
def one_process_that_looks_seldom():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILLOSCOPE_WORKERS", "1")
        for name, count in {"EXAMINED": 2, "LOOKED_AT": 3, "MATCHED": 2, "SAVED_EVERY": LOGGED_EVERY}.items():
            patch.setattr(f"backend.studies.light_clip.training.{name}", count)
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> RunDir:
    run = start(CONFIG, tmp_path_factory.mktemp("light") / "whole")
    assert run_to_the_end(CONFIG, run) == "finished"
    return run


def test_its_files_fit_their_shapes(finished):
    for file in STUDY.files:
        [path] = finished.path.glob(file.name)
        shape = TypeAdapter(resolve(file.shape))
        for line in path.read_text(encoding="utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text()]:
            shape.validate_json(line)
    files = {path.name: path.read_bytes() for path in finished.path.glob("*.jsonl")}
    resolve(STUDY.checks)(files, as_json(CONFIG))
    with pytest.raises(UserError, match="not among the arms"):
        resolve(STUDY.checks)(files, as_json(replace(CONFIG, arms=("base",))))
    with pytest.raises(UserError, match="there is no picture"):
        resolve(STUDY.checks)(files | {"pictures.jsonl": b""}, as_json(CONFIG))
    assert finished.status()["stage"] == "conclude"


def test_every_arm_chooses_its_own_step_size_by_validation_and_every_seed_is_tested(finished):
    summary = finished.summary()
    assert summary["chosen"].keys() == summary["grids"].keys() == set(CONFIG.arms)
    for arm, grid in summary["grids"].items():
        assert len(grid) == 2 and grid[str(summary["chosen"][arm])] == max(grid.values())
    results = {(row["arm"], row["seed"]) for row in finished.rows("results")}
    assert results == {(arm, seed) for arm in CONFIG.arms for seed in range(2)}


def test_curves_have_a_row_for_each_student(finished):
    depth = finished.rows("depth")
    assert [(row["depth"], row["seed"]) for row in depth] == [(layers, seed) for layers in (1, 2) for seed in range(2)]
    assert depth[2]["blocks"] == 2 * depth[0]["blocks"] < depth[2]["parameters"]
    noise = {(row["loose"], row["arm"]): row["false_negatives"] for row in finished.rows("noise")}
    assert set(noise) == {(loose, arm) for loose in CONFIG.looses for arm in ("base", "softened")}
    assert noise[0.4, "base"] == noise[0.4, "softened"] == finished.summary()["false_negatives"]


def test_labels_give_away_what_the_schedule_says_and_most_to_the_nearest(finished):
    rows = finished.rows("labels")
    assert {row["arm"] for row in rows} == {"softened", "all"} and {row["seed"] for row in rows} == {0}
    for row in rows:
        assert row["lr"] == finished.summary()["chosen"][row["arm"]]
        weights = [other["weight"] for other in row["others"]]
        assert weights == sorted(weights, reverse=True) and len(weights) == CONFIG.batch - 1
        assert sum(weights) == pytest.approx(row["softness"], abs=1e-5)
        assert row["picture"] not in {other["id"] for other in row["others"]}
    by_step = {row["step"]: row["softness"] for row in rows}
    assert by_step[0] == 0 and by_step[CONFIG.steps] == pytest.approx(CONFIG.softness)


def test_matches_hold_the_truth_and_what_each_rule_chooses(finished):
    pictures = {row["id"]: row for row in finished.rows("pictures")}
    for row in finished.rows("matches"):
        assert row["words"] == pictures[row["picture"]]["text"].split() and set(row["chosen"]) == set(RULES)
        assert len(row["cosines"][0]) == 16 and any(row["truth"])
        for word, chosen in zip(row["cosines"], row["chosen"]["row_max"], strict=True):
            assert word[chosen] == max(word)
        assert len(set(row["chosen"]["one_to_one"])) == min(16, len(row["words"]))


def test_hidden_words_are_those_about_things_with_five_guesses_each_way(finished):
    rows = finished.rows("masked")
    assert {row["arm"] for row in rows} == {"all"}
    for row in rows:
        assert row["text"].split()[row["place"]] == row["word"]
        for side in ("with", "without"):
            shares = [share for _, share in row[side]]
            assert len(shares) == 5 and shares == sorted(shares, reverse=True)


def test_what_remains_of_every_arm_is_the_model_of_the_base(finished):
    """Every arm has the base's modules and parameters, and nothing that was trained beside them."""
    folder = finished.artifacts / "students"
    models = {arm: load_clip(str(folder / arm)).model for arm in CONFIG.arms}
    shapes = {arm: {name: p.shape for name, p in model.named_parameters()} for arm, model in models.items()}
    assert all(str(model) == str(models["base"]) and shapes[arm] == shapes["base"] for arm, model in models.items())
    summary = finished.summary()
    assert set(summary["parameters"].values()) == {sum(p.numel() for p in models["base"].parameters())}
    assert summary["extra"]["base"] == summary["extra"]["tokens"] == 0 < summary["extra"]["all"]


def test_moments_end_with_the_last_update_and_checkpoints_fall_on_rows():
    assert moments(12, 4) == {3, 6, 9, 12} and moments(2, 8) == {1, 2}
    assert SAVED_EVERY % LOGGED_EVERY == 0


class Killed(BaseException):
    """What a run leaves is what a kill leaves: nothing in between gets to tidy up."""


@pytest.mark.parametrize(
    ("name", "after"), [("metrics", 7), SLOW("labels", 20), SLOW("matches", 60), SLOW("masked", 3), SLOW("metrics", 50)]
)
def test_a_killed_run_goes_on_to_the_same_numbers(finished, tmp_path, monkeypatch, name, after):
    run, plain, counted = start(CONFIG, tmp_path / "run"), RunDir.append, []

    def append(self: RunDir, to: str, row: dict) -> None:
        plain(self, to, row)
        counted.append(to)
        if counted.count(name) == after:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(RunDir, "append", append)
        resolve(STUDY.run)(CONFIG, run)
    assert not run.summary()
    assert run_to_the_end(CONFIG, run) == "finished"
    assert told(run) == told(finished)


def test_a_word_is_guessed_and_words_are_matched_beside_a_stored_picture(finished):
    path = str(finished.path)
    guess = questions.hidden_word(Shelf(), path, 0, "a red _ on qwertz")
    assert guess["words"] == ["a", "red", "_", "on", "qwertz"] and guess["place"] == 2
    assert len(guess["with"]) == len(guess["without"]) == 5 and guess["unknown"] == ["qwertz"]
    match = questions.own_match(Shelf(), path, 3, "A red qwertz.")
    assert set(match["arms"]) == {"base", "tokens", "all"} and match["unknown"] == ["qwertz"]
    assert match["arms"]["base"]["words"] == ["a", "red", "qwertz"]


def test_what_the_page_is_told_of_a_stored_match_is_what_a_question_finds(finished):
    """Up to the half precision in which students are kept."""
    row = [row for row in finished.rows("matches") if row["arm"] == "tokens" and row["step"] == CONFIG.steps][2]
    asked = questions.own_match(Shelf(), str(finished.path), row["picture"], " ".join(row["words"]))["arms"]["tokens"]
    for mine, its in zip(asked["cosines"], row["cosines"], strict=True):
        assert mine == pytest.approx(its, abs=5e-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a red dog", "no hole"), ("a _ and a _", "2 holes"), ("", "empty"), ("_ dog" * 100, "at most 300"),
     ("a _ " + "dog " * 40, "at most 32")],
)  # fmt: skip
def test_captions_that_cannot_be_asked_are_refused_with_a_sentence(finished, text, said):
    with pytest.raises(UserError, match=said):
        questions.hidden_word(Shelf(), str(finished.path), 0, text)


def test_a_picture_that_is_not_there_and_a_run_without_students_are_refused(finished, tmp_path):
    with pytest.raises(UserError, match="no picture 99"):
        questions.own_match(Shelf(), str(finished.path), 99, "a dog")
    run = start(LightClipConfig(), tmp_path / "run")
    run.append("pictures", finished.rows("pictures")[0])
    with pytest.raises(UserError, match="kept no student"):
        questions.own_match(Shelf(), str(run.path), 0, "a dog")
