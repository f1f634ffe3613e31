"""The table of studies: name -> module path. A literal, imported lazily; studies never import each other. The bench and
the comparison are run in the same way."""

import importlib
from types import ModuleType

from backend.errors import UserError

STUDIES = {
    "text_distillation": "backend.studies.text_distillation",
    "bench": "backend.studies.bench",
    "comparison": "backend.comparison",
}


def study_module(name: str, part: str) -> ModuleType:
    """A study's `config` or `run` module. Raises UserError for an unknown study."""
    if name not in STUDIES:
        raise UserError(f"There is no study {name!r}.", f"one of {', '.join(STUDIES)}", "Run `python -m backend list`.")
    return importlib.import_module(f"{STUDIES[name]}.{part}")
