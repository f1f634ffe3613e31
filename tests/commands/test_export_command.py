"""`python -m backend export` and `import`: the same files as the page's, and words for what is wrong."""

import zipfile

import pytest
from datasets import load_dataset

from backend.__main__ import main
from backend.export.run_file import pack
from backend.runs.folder import RunDir
from tests.exported import SAMPLES, sample


def test_a_run_goes_out_and_comes_back(tmp_path, capsys):
    file, again = tmp_path / "a.distilloscope.zip", tmp_path / "b.zip"
    assert main(["export", str(SAMPLES / "quick"), "--to", str(file)]) == 0
    assert file.read_bytes() == pack(sample("quick"))
    assert main(["import", str(file), "--out", str(tmp_path / "runs" / "back")]) == 0
    assert "finished" in capsys.readouterr().out
    assert main(["export", str(tmp_path / "runs" / "back"), "--to", str(again)]) == 0
    assert again.read_bytes() == file.read_bytes()
    assert main(["results", str(tmp_path / "runs" / "back")]) == 0


@pytest.mark.parametrize(
    ("name", "kind"), [("quick", "dataset"), ("quick", "csv"), ("quick", "jsonl"), ("distilled_text", "csv")]
)
def test_the_other_kinds_are_written_too(tmp_path, name, kind):
    assert main(["export", str(SAMPLES / name), "--to", str(tmp_path / "x.zip"), "--as", kind]) == 0
    assert (tmp_path / "x.zip").stat().st_size > 1000


def test_several_files_make_a_folder_where_the_name_has_no_ending(tmp_path, capsys):
    for name in ("data", "data.zip"):
        assert main(["export", str(SAMPLES / "quick"), "--to", str(tmp_path / "new" / name), "--as", "dataset"]) == 0
    assert "a folder of" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "new" / "data.zip") as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    folder = tmp_path / "new" / "data"
    assert {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()} == files
    assert [path.name for path in sorted((tmp_path / "new").iterdir())] == ["data", "data.zip"]
    assert load_dataset(str(folder), split="train").num_rows == len(RunDir(SAMPLES / "quick").rows("distilled"))


def test_what_is_wrong_is_said_and_changes_nothing(tmp_path, capsys):
    (tmp_path / "there").write_text("mine")
    (tmp_path / "bad.zip").write_bytes(b"PK no")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    wrong = [
        (["export", str(tmp_path), "--to", str(tmp_path / "x")], "not a run folder"),
        (["export", str(SAMPLES / "quick"), "--to", str(tmp_path / "there")], "is there already"),
        (
            ["export", str(SAMPLES / "distilled_text"), "--to", str(tmp_path / "x"), "--as", "jsonl"],
            "A run of Bench has no 'jsonl'. Expected one of run, csv.",
        ),
        (["import", str(tmp_path / "bad.zip"), "--out", str(tmp_path / "new")], "not a zip"),
        (["import", str(tmp_path / "gone.zip"), "--out", str(tmp_path / "new")], "not there"),
        (["import", str(tmp_path / "bad.zip"), "--out", str(tmp_path / "full")], "not empty"),
    ]
    for words, said in wrong:
        assert main(words) == 2
        assert said in capsys.readouterr().err
    assert (tmp_path / "there").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"there", "bad.zip", "full"}
