"""Gradio's stubs: not written, and everything else of the module that writes them is as it was."""

import importlib
import inspect
import sys

from gradio import component_meta

from components.frame import stubs


def test_the_module_is_filled_but_for_the_writer(tmp_path, monkeypatch):
    (tmp_path / "stub_writing.py").write_text("def write(part): raise OSError\ndef other(): return 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(stubs, "WRITER", ("stub_writing", "write"))
    before = list(sys.meta_path)
    stubs.write_no_stubs()
    found = importlib.import_module("stub_writing")
    assert found.write("a part") is None and found.other() == 7
    assert sys.meta_path == before
    stubs.write_no_stubs()  # too late, and harmless
    assert sys.meta_path == before


def test_gradio_still_has_what_is_left_out():
    module, writer = stubs.WRITER
    assert component_meta.__name__ == module
    assert f"def {writer}(" in inspect.getsource(component_meta)
