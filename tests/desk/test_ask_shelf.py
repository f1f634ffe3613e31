"""The shelf of loaded students: which it keeps, and when it loads again. What they answer is asked elsewhere."""

import os

from backend.core.models.backbones import load_backbone
from backend.desk import ask as asking
from backend.desk.ask import Shelf, ask
from tests import tiny, tiny_students
from tests.tiny_students import ASKED, told

folder = tiny_students.folder
loads = tiny_students.loads


def test_the_shelf_keeps_two_and_the_longest_unused_goes_first(tiny_models, loads):
    shelf, names = Shelf(), [str(tiny_models[name]) for name in ("opt", "llama", "gpt2")]
    for name in (names[0], names[1], names[0], names[2], names[0], names[1]):
        shelf.put(name, shelf.take(name))
    assert loads == [names[0], names[1], names[2], names[1]]


def test_the_shelf_keeps_one_of_two_large_ones(tiny_models, loads, monkeypatch):
    monkeypatch.setattr(asking, "MOST_BYTES", 1000)
    shelf, names = Shelf(), [str(tiny_models[name]) for name in ("opt", "llama")]
    for name in (names[0], names[0], names[1], names[0]):
        shelf.put(name, shelf.take(name))
    assert loads == [names[0], names[1], names[0]]


def test_a_folder_that_was_written_again_is_loaded_again(tmp_path, loads):
    folder = tiny.save_model(tmp_path / "model")
    first = ask(Shelf(), str(folder), None, ASKED)
    shelf = Shelf()
    ask(shelf, str(folder), None, ASKED)
    tiny.save_model(folder, seed=7)
    weights = folder / "model.safetensors"
    os.utime(weights, ns=(0, weights.stat().st_mtime_ns + 10**9))
    assert told(ask(shelf, str(folder), None, ASKED)["base"]) != told(first["base"])


def test_the_tokenizer_of_a_student_needs_none_of_its_weights(folder, loads, tmp_path):
    (tmp_path / "bare").mkdir()
    for file in tiny.save_model(tmp_path / "whole").iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / "bare" / file.name).write_bytes(file.read_bytes())
    shelf = Shelf()
    assert shelf.tokenizer(str(tmp_path / "bare"))("a").input_ids == load_backbone(folder).tokenizer("a").input_ids
    kept = shelf.take(folder)
    shelf.put(folder, kept)
    assert shelf.tokenizer(folder) is kept.tokenizer
    assert loads == [folder]
