"""Gradio writes a type stub beside each of its components whenever it is imported; here it writes none.

To do so it parses the source of every component twice, 1.5 of the 4 seconds of a processor that its import takes, and
editors alone read the result. Knows one name in Gradio; where that is gone, nothing changes.
"""

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

WRITER = "gradio.component_meta", "create_or_modify_pyi"


class WithoutStubs(MetaPathFinder):
    """Finds the module that writes stubs, once, and has it write none."""

    def find_spec(self, fullname: str, path, target: ModuleType | None = None) -> ModuleSpec | None:
        module, writer = WRITER
        if fullname != module:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.loader:
            fill = spec.loader.exec_module

            def filled(found: ModuleType) -> None:
                fill(found)
                setattr(found, writer, lambda *_: None)

            spec.loader.exec_module = filled
        return spec


def write_no_stubs() -> None:
    """Has an effect before Gradio is imported."""
    if WRITER[0] not in sys.modules:
        sys.meta_path.insert(0, WithoutStubs())
