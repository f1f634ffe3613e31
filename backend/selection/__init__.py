"""Selection: ways to choose real training questions as training data, all under one table of names.

Knows the names and where each lives; loads nothing until a selector is called, so a form can list them without torch.
Does not know what the chosen rows are used for: studies call it, never the other way round.
"""

from collections.abc import Callable
from importlib import import_module

HOMES = {
    "random": ("plain", "random_rows"),
    "balanced": ("plain", "balanced"),
    "k_center": ("geometry", "k_center"),
    "herding": ("geometry", "herding"),
    "bm25": ("bm25", "bm25"),
    "embedding": ("geometry", "similar"),
    "rds_plus": ("rds_plus", "rds_plus"),
    "less": ("less", "less"),
    "gist": ("gist", "gist"),
    "target_path": ("target_path", "target_path"),
    "kernel_matching": ("kernel_matching", "kernel_matching"),
    "select": ("select", "select"),
}
NAMES = tuple(HOMES)


def _selector(home: str, function: str) -> Callable[..., list[int]]:
    def choose(pool, size: int) -> list[int]:
        return getattr(import_module(f"backend.selection.{home}"), function)(pool, size)

    return choose


# name -> function(pool, size): `size` different rows of the pool whose answers have the lengths of pool.quota(size)
SELECTORS: dict[str, Callable[..., list[int]]] = {name: _selector(*home) for name, home in HOMES.items()}
