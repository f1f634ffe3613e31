"""The bundled data as files: one JSON object a line, the same bytes every time.

Knows rows and where they lie. Does not know how questions are made, tokens or models. Costs well under a second.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from backend.pocket.questions import mmlu_questions, mmlu_row, science_questions, science_row

SCIENCE_FOLDER = "pocket_science"
MMLU_FOLDER = "pocket_mmlu"


def write_data(assets: Path) -> list[Path]:
    """Write both data sets below `assets`; returns the files."""
    written = []
    for split, questions in science_questions().items():
        rows = [science_row(split, index, question) for index, question in enumerate(questions)]
        written.append(_write_rows(assets / SCIENCE_FOLDER / f"{split}.jsonl", rows))
    for split, questions in mmlu_questions().items():
        written.append(_write_rows(assets / MMLU_FOLDER / f"{split}.jsonl", map(mmlu_row, questions)))
    return written


def _write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(text.encode("utf-8"))
    return path
