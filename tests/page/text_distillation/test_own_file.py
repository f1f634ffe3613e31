"""A file of one's own on the Distil page: read at once, named in the run, and never more than its owner's."""

import json
from types import SimpleNamespace

import gradio as gr
import pytest

from backend.runs.folder import RunDir
from components.run.own_file import OwnFile
from components.run.shares import Shares
from components.run.shelf import new_owner
from components.run.upload_store import UploadStore
from components.studies.bench.sources import TRAIN
from tests.pages import Recorder, make_page

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return make_page("text_distillation", tmp_path_factory.mktemp("distil"))


@pytest.fixture
def page(built, tmp_path):
    built.shelf.samples, built.shelf.root, built.shelf.shares = tmp_path / "s", tmp_path / "r", Shares(tmp_path / "c")
    built.own_file.store.root = tmp_path / "r"
    built.runner = built.view.runner = Recorder()
    return built


def alpaca(folder, count: int = 30, **more):
    file = folder / "mine.json"
    file.write_text(json.dumps([{"instruction": f"Say {i}", "output": f"{i}"} | more for i in range(count)]))
    return str(file)


def upload(page, owner: str, file: str) -> tuple[str, dict]:
    found = page.filled_in.upload(owner, file)
    return found[page.own_file.pick]["value"], found


def held(page, owner: str, key: str, **changes) -> list:
    values = page.form.values(page.form._preset("quick"))
    names = [item.name for item in page.form.items]
    values = [changes.get(name, value) for name, value in zip(names, values, strict=True)]
    return [*(True for _ in page.form.toggles), *values, owner, key]


def test_an_upload_is_described_picked_and_sets_its_task(page, tmp_path):
    owner = new_owner()
    key, found = upload(page, owner, alpaca(tmp_path, note="why"))
    said = found[page.own_file.told]
    assert "Read as alpaca." in said and 'data-task="own_text"' in said and 'data-count="30"' in said
    assert "note" in said, "what is not used is named"
    assert said.count("<li>") == 3
    assert found[page.filled_in.by_name["task"]] == "own_text"
    assert ("mine.json (30 examples)", key) in found[page.own_file.pick]["choices"]


def test_a_run_of_it_names_the_file_and_the_command_its_own_name(page, tmp_path):
    owner = new_owner()
    key, _ = upload(page, owner, alpaca(tmp_path))
    told = page.begin(owner, "quick", *held(page, owner, key, task="own_text"))
    assert told[page.form.message] == ""
    [run] = [RunDir(folder.parent) for folder in page.shelf.root.glob(f"{owner}/*/config.json")]
    assert run.config()["config"]["data_file"] == str(page.shelf.root / owner / "uploads" / key)
    box = page.form.follow("quick", *held(page, owner, key, task="own_text"))[2]
    assert "data_file=mine.json" in box["texts"]["command"] and str(tmp_path) not in json.dumps(box)
    filled = page.as_run(owner, run.config(), True)
    assert filled[page.own_file.pick]["value"] == key and "Read as alpaca." in filled[page.own_file.told]


def test_a_task_of_the_table_needs_no_file_and_an_own_task_says_so_without_one(page, tmp_path):
    owner = new_owner()
    key, _ = upload(page, owner, alpaca(tmp_path))
    assert page.form.follow("quick", *held(page, owner, key))[0] == "", "another task leaves the file aside"
    assert "No file is chosen" in page.form.follow("quick", *held(page, owner, "", task="own_text"))[0]
    assert "No file is chosen" in page.begin(owner, "quick", *held(page, owner, "", task="own_text"))[page.form.message]


def test_another_preset_leaves_a_picked_file_its_task(page, tmp_path):
    owner = new_owner()
    key, _ = upload(page, owner, alpaca(tmp_path))
    assert page.filled_in.keep_task(owner, key) == "own_text"
    assert page.filled_in.keep_task(owner, "") == {"__type__": "update"}


def test_the_form_asks_once_how_the_model_reads_a_picked_file(page, tmp_path, monkeypatch):
    asked, owner = [], new_owner()
    shown = {"examples": 30, "tokens_longest": 9, "shown": [{"tokens": [{"text": "<b>Say", "taught": False}]}]}
    desk = SimpleNamespace(request=lambda kind, **fields: asked.append((kind, fields)) or shown)
    monkeypatch.setattr(page.filled_in.reading, "desk", desk)
    key, _ = upload(page, owner, alpaca(tmp_path))

    def read(seen, **changes):
        values = held(page, owner, key, **changes)[len(page.form.toggles) :]
        return list(page.filled_in.read(seen, *values))

    (waiting, _), (ready, seen) = read("", task="own_text")
    assert "waiting" in waiting and "What the model reads" in ready and "&lt;b&gt;Say" in ready
    [(kind, fields)] = asked
    assert (kind, fields["model"], fields["task"]) == ("reading", "opt-pocket", "own_text")
    assert fields["source"] == str(page.shelf.root / owner / "uploads" / key)
    assert read(seen, task="own_text") == [(gr.skip(), gr.skip())]
    assert read("") == [("", "")], "a task of the table has no file to show"
    assert len(asked) == 1


def test_nobody_learns_from_the_file_of_somebody_else(page, tmp_path):
    key, _ = upload(page, new_owner(), alpaca(tmp_path))
    stranger = new_owner()
    for given in (key, f"../{key}", "uploads", 7, None):
        message = page.begin(stranger, "quick", *held(page, stranger, given, task="own_text"))[page.form.message]
        assert "No file is chosen" in message
    assert page.filled_in.choose(stranger, key)[page.own_file.told] == ""


@pytest.mark.parametrize("file", [None, 7, "/no/such", ["a"]])
def test_what_is_no_file_changes_nothing(page, file):
    owner = new_owner()
    found = page.filled_in.upload(owner, file)
    assert set(found) == {page.owner, page.own_file.told} and "No file arrived" in found[page.own_file.told]


def test_a_file_that_cannot_be_read_says_why_and_what_it_holds_is_escaped(page, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('[{"colour": "red"}]')
    said = page.filled_in.upload(new_owner(), str(bad))[page.own_file.told]
    assert "alert" in said and "colour" in said
    file = tmp_path / f"{HOSTILE[:8]}.json"
    file.write_text(json.dumps([{"instruction": HOSTILE, "output": HOSTILE, HOSTILE: 1}] * 3))
    said = page.filled_in.upload(new_owner(), str(file))[page.own_file.told]
    assert "<img" not in said


def test_questions_for_letters_are_asked_with_their_options_texts(page, tmp_path):
    rows = [{"question": f"q{i}", "choices": ["a", "b"], "answer": 0, "subject": "law"} for i in range(20)]
    file = tmp_path / "exam.json"
    file.write_text(json.dumps(rows))
    found = page.filled_in.upload(new_owner(), str(file))
    assert found[page.filled_in.by_name["task"]] == "own_options"


def test_files_of_the_bench_are_not_offered_here(tmp_path):
    store, owner, file = UploadStore(tmp_path), new_owner(), tmp_path / "x.json"
    file.write_text('[{"prompt": "a", "answer": "b"}]')
    store.keep(owner, TRAIN, file, "x.json")
    assert OwnFile(store).choices(owner) == [("none", "")]
    assert OwnFile(store).offer(owner) == {"__type__": "update"}, "nothing that could come late"
