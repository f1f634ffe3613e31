"""Data sets of the hub as numbered rows. The only file that imports `datasets`, and lazily.

Knows names of data sets, their configurations and splits; not what a row means.
"""

import re
from pathlib import Path

from backend.core.text.places import LIMITS, Place, too_many_rows
from backend.core.text.table_formats import READERS
from backend.core.text.tables import filled
from backend.errors import UserError

NAME = re.compile(r"([\w.-]+/[\w.-]+)(?::([\w.-]*))?(?::([\w.-]+))?")


def is_hub_name(source: str | Path) -> bool:
    """Whether this names a data set, as owner/name[:config[:split]], and no file here."""
    path = Path(source)
    return bool(NAME.fullmatch(str(source))) and path.suffix.lower() not in READERS and not path.exists()


def named_rows(source: str) -> list[tuple[Place, object]]:
    """The rows of owner/name[:config[:split]]: without a split those of train, or of the first there is."""
    path, config, split = NAME.fullmatch(source).groups()
    advice = "Check its name, go online once, or give a file."
    return hub_rows(path, config or None, split, source, advice, LIMITS.rows)


def hub_rows(
    path: str, config: str | None, split: str | None, source: str, advice: str, most: int | None = None
) -> list[tuple[Place, object]]:
    """UserError where the data set cannot be had, has no rows, or more than `most`. `source` names it in messages."""
    import datasets  # noqa: PLC0415 - seconds to import, and most runs never need it

    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        found = datasets.load_dataset(path, config, split=split)
        if isinstance(found, dict):
            found = found.get("train") or next(iter(found.values()))
        if most is not None and len(found) > most:
            raise too_many_rows(source)
        rows = found.to_list()
    except (OSError, ValueError, RuntimeError) as error:
        told = f"{source} could not be loaded from the hub ({type(error).__name__})."
        raise UserError(told, "a network connection or a cached copy", advice, kind="data") from error
    finally:
        if shown:
            datasets.enable_progress_bars()
    return filled([(Place(source, number), row) for number, row in enumerate(rows, 1)], source)
