"""Export knows no study: what travels, what is checked and what is offered is read from one, whichever it is."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from backend import study as studies
from backend.__main__ import main
from backend.errors import UserError
from backend.export import contract, copy, travel
from backend.export.copy import RunCopy
from backend.export.kinds import kinds_of, made
from backend.export.places import is_local, last_name, placeless, short_names
from backend.export.run_file import pack, restore, unpack
from backend.runs.folder import RunDir
from backend.settings import setting
from backend.study import File, Stage, Study, Words
from tests.exported import SAMPLES, own, packed, sample

COMPARISONS = Path(__file__).parents[2] / "docs" / "comparisons"


@dataclasses.dataclass(frozen=True)
class Config:
    steps: int = setting(3, "How many.", "All", low=1, public=9)
    source: str = setting("", "A file.", "All", kind="file")
    model: str = setting("opt-pocket", "The model.", "All", kind="model")


def check_picture(data: bytes, config: dict) -> None:
    if not data.startswith(b"P1") or len(data) > 10 * config["steps"]:
        raise UserError("That is no picture.", "a small PBM", "Draw another.")


def letters(found: RunCopy) -> dict[str, bytes]:
    return {"letters.txt": b"".join(sorted(name.encode() for name in found.files))}


STUDY = Study(
    name="drawing",
    title="Draw",
    question="Can it draw?",
    config=Config,
    presets=Path(),
    leading=(),
    stages=(Stage("draw", "Draw", "it draws"),),
    run="",
    words=Words(about=""),
    files=(
        File("results.jsonl", "backend.export.shapes:ResultsRow"),
        File("pictures/*.pbm", f"{__name__}:check_picture", most=100),
        File("notes.txt"),
        File("secret.json", "backend.export.shapes:ResultsRow", travels=False),
    ),
    exports={"letters": f"{__name__}:letters"},
)
RESULT = {"arm": "a", "student": "s", "task": "t", "regime": "r", "metric": "m", "seed": 0, "value": 0.5, "n": 2}


@pytest.fixture
def drawn(tmp_path, monkeypatch) -> RunDir:
    """A run of a study that is known only here, with files that travel and others that do not."""
    table = studies.STUDIES | {"drawing": "nowhere"}
    for module in (studies, contract):
        monkeypatch.setattr(module, "STUDIES", table)
    found = studies._loaded
    monkeypatch.setattr(studies, "_loaded", lambda name: STUDY if name == "drawing" else found(name))
    config = {"steps": 3, "source": "/home/ada/x.csv", "model": "opt-pocket"}
    run = RunDir.create(tmp_path / "run", "drawing", None, config)
    run.append("results", RESULT)
    run.set_status(state="finished", stage="draw", message="/home/ada")
    (run.path / "pictures").mkdir()
    for name, data in {"pictures/a.pbm": "P1 a", "notes.txt": "", "secret.json": "{}", "pictures/b.png": "P1"}.items():
        (run.path / name).write_text(data)
    return run


def test_what_a_study_lists_travels_and_nothing_else(drawn, tmp_path):
    found = RunCopy.of(drawn)
    assert found.files.keys() == {"config.json", "status.json", "results.jsonl", "pictures/a.pbm"}
    back = restore(unpack(pack(found)), tmp_path / "back")
    assert RunCopy.of(back).files == found.files
    assert found.config["source"] == "x.csv" and b"ada" not in b"".join(found.files.values())


def test_files_that_are_large_together_stay_behind(drawn):
    for number in range(30):
        (drawn.path / "pictures" / f"{number}.pbm").write_text("P1 1")
    assert not [name for name in RunCopy.of(drawn).files if "pictures" in name]


BAD = {
    "a file that stays": {"notes.txt": b"x"},
    "a file that never travels": {"secret.json": b"{}"},
    "another kind of file": {"pictures/b.png": b"P1"},
    "a picture that is none": {"pictures/c.pbm": b"\x80\x04"},
    "a picture too large for its settings": {"pictures/c.pbm": b"P1" + bytes(40)},
    "pictures too large together": {f"pictures/{n}.pbm": b"P1" + bytes(20) for n in range(5)},
    "a picture in a folder more": {"pictures/a/c.pbm": b"P1"},
    "a picture above": {"pictures/../c.pbm": b"P1"},
    "a hidden picture": {"pictures/.pbm": b"P1"},
    "results of another shape": {"results.jsonl": json.dumps(RESULT | {"value": "0.5"}).encode() + b"\n"},
}


@pytest.mark.parametrize("name", BAD)
def test_what_a_study_does_not_list_is_refused(drawn, name):
    with pytest.raises(UserError):
        unpack(packed(RunCopy.of(drawn).files | BAD[name]))


def test_a_study_offers_what_it_adds_between_the_run_and_its_tables(drawn):
    assert kinds_of(STUDY) == ("run", "letters", "csv")
    name, content = made(drawn, "letters")
    assert name.startswith("custom-") and name.endswith("-letters.txt") and b"results" in content
    assert b"results.csv" in made(drawn, "csv")[1]


def test_a_name_is_checked_before_any_study_is_known():
    good = ["config.json", "artifacts/scores/a b+c.jsonl", "a/b/c/d/e"]
    bad = ["", "/a", "../a", "a/../b", "a//b", "a/", ".a", "a/.b", "a\\b", "C:/a", "a\0b", "a\nb", "~a", "a/b/c/d/e/f"]
    assert all(map(travel.plain, good)) and not any(map(travel.plain, bad))


@pytest.mark.parametrize("name", ["pocket-5-opt", "arc-1-smollm2"])
def test_a_comparison_travels_too(name, tmp_path):
    run = RunDir(shutil.copytree(COMPARISONS / name, tmp_path / "run"))
    run.set_status(state="stopped", stage="step sizes")  # between its stages
    back = restore(unpack(pack(RunCopy.of(run))), tmp_path / "back")
    assert back.rows("results") == run.rows("results") and back.summary() == run.summary()
    assert not list(back.path.rglob("*.svg"))


# -- a study that is not known here -----------------------------------------------------------------------------------
@pytest.fixture
def strange(tmp_path) -> RunDir:
    run = own(tmp_path / "strange")
    config = run.config()
    config["config"] |= {"images": "/home/ada/pictures", "deep": {"list": ["~/ada/x", "plain"]}}
    (run.path / "config.json").write_text(json.dumps(config | {"study": "no_such_study"}))
    run.append("results", {"seen": "C:\\ada\\x.png", "loss": 0.5})
    run.set_status(message="/home/ada", state="failed", error={"found": "/home/ada"})
    for name in ("weights.pt", "notes.txt", "worker.log"):
        (run.path / name).write_text("ada")
    return run


def test_its_rows_and_figures_can_be_taken_away_without_a_path(strange):
    name, _ = made(strange, "run")
    assert name.endswith(".distilloscope.zip")
    files = RunCopy.of(strange).files
    rows = {path.name for path in (SAMPLES / "paper").glob("*.jsonl")}
    assert files.keys() == rows | {"config.json", "status.json", "summary.json"}
    assert b"ada" not in b"".join(files.values()).replace(b"adam", b"")
    assert json.loads(files["config.json"])["config"]["deep"] == {"list": ["x", "plain"]}
    assert files["prompts.jsonl"] == sample().files["prompts.jsonl"]
    assert RunCopy.of(strange).rows("results")[-1] == {"seen": "x.png", "loss": 0.5}


def test_it_is_refused_where_it_is_brought_with_what_is_known(strange, tmp_path, capsys):
    file = tmp_path / "x.distilloscope.zip"
    assert main(["export", str(strange.path), "--to", str(file)]) == 0
    assert main(["import", str(file), "--out", str(tmp_path / "back")]) == 2
    said = capsys.readouterr().err
    assert "This copy does not know the study 'no_such_study'." in said and "bench" in said
    assert not (tmp_path / "back").exists()


def test_nothing_else_can_be_made_of_it(strange):
    with pytest.raises(UserError, match="not known here"):
        made(strange, "csv")


def test_a_study_that_cannot_be_loaded_leaves_its_runs_to_be_taken_away(strange, monkeypatch):
    def broken(name):
        raise UserError(f"The study {name} cannot be loaded.", "a module", "See the log.")

    monkeypatch.setattr(copy, "find", broken)
    assert made(RunDir(SAMPLES / "paper"), "run")[1]


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[1]\n{", b"[" * 100_000])
def test_a_file_that_cannot_be_read_is_said(strange, content):
    (strange.path / "results.jsonl").write_bytes(content + b"\n")
    with pytest.raises(UserError, match="cannot be read"):
        RunCopy.of(strange)


# -- places -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/a/b", "C:\\a", "\\\\host\\a", "a/../b", "..", "~", "~ada/x", "C:a"])
def test_a_place_is_seen_as_one(path):
    assert is_local(path)


@pytest.mark.parametrize("name", ["opt-pocket", "facebook/opt-125m", "a..b", "", "a~b"])
def test_a_name_is_none(name):
    assert not is_local(name)


def test_a_last_name_is_one_that_any_system_takes():
    paths = ["/a/b.csv", "C:\\a\\b c.csv", "/", "..", "~", "/a/.env", "a/\u202e"]
    assert [last_name(path) for path in paths] == ["b.csv", "b_c.csv", "local", "local", "_", "env", "_"]


def test_two_paths_never_get_one_name_nor_one_that_is_taken():
    assert short_names(["/a/x", "/b/x", "x"], ["real"]) == {"/a/x": "x", "/b/x": "x-3"}
    assert short_names(["/a/real"], ["real"]) == {"/a/real": "real-2"}


def test_only_settings_that_are_paths_are_shortened():
    found = placeless(Config, {"steps": 3, "source": "runs/first", "model": "facebook/opt"})
    assert found == {"steps": 3, "source": "first", "model": "facebook/opt"}
    assert placeless(Config, {"model": "/home/ada/opt"}) == {"model": "opt"}
