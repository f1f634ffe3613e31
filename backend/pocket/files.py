"""The bundled data as files: a JSON object a line, and the relation each question asks. The same bytes every time.

Knows rows and where they lie. Does not know how questions are made, tokens or models. Costs well under a second.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from backend.pocket.questions import mmlu_questions, mmlu_row, question_id, science_questions, science_row, second_test

SCIENCE_FOLDER = "pocket_science"
MMLU_FOLDER = "pocket_mmlu"
RELATIONS = "relations.json"


def write_data(assets: Path) -> list[Path]:
    """Write both data sets below `assets`, and which relation each science question asks; returns the files."""
    written, relations = [], {}
    for split, questions in science_questions().items():
        rows = [science_row(split, index, question) for index, question in enumerate(questions)]
        written.append(_write_rows(assets / SCIENCE_FOLDER / f"{split}.jsonl", rows))
        relations |= {question_id(split, index): q.fact.relation.key for index, q in enumerate(questions)}
    written.append(_write_text(assets / SCIENCE_FOLDER / RELATIONS, json.dumps(relations, indent=0) + "\n"))
    for split, questions in mmlu_questions().items():
        written.append(_write_rows(assets / MMLU_FOLDER / f"{split}.jsonl", map(mmlu_row, questions)))
    return written


def write_second_test(folder: Path) -> None:
    """Pocket Science as a data folder, with the second test in the place of its own."""
    for split, questions in (science_questions() | {"test": second_test()}).items():
        named = "second" if split == "test" else split
        rows = [science_row(named, index, question) for index, question in enumerate(questions)]
        _write_rows(folder / f"{split}.jsonl", rows)


def _write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    return _write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path
