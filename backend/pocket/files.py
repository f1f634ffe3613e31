"""The bundled data as files: a JSON object a line, the relation each question asks, and all facts with the phrasings
that ask them. The same bytes every time.

Knows rows and where they lie. Does not know how questions are made, tokens or models. Costs well under a second.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from backend.core.text.facts import BLANK
from backend.core.text.facts import FILE as FACTS
from backend.pocket.questions import mmlu_questions, mmlu_row, question_id, science_questions, science_row, second_test
from backend.pocket.world import all_facts, all_relations

SCIENCE_FOLDER = "pocket_science"
MMLU_FOLDER = "pocket_mmlu"
RELATIONS = "relations.json"


def write_data(assets: Path) -> list[Path]:
    """Write both data sets below `assets`, which relation each science question asks, and the facts of the world;
    returns the files."""
    written, relations = [], {}
    for split, questions in science_questions().items():
        rows = [science_row(split, index, question) for index, question in enumerate(questions)]
        written.append(_write_rows(assets / SCIENCE_FOLDER / f"{split}.jsonl", rows))
        relations |= {question_id(split, index): q.fact.relation.key for index, q in enumerate(questions)}
    written.append(_write_text(assets / SCIENCE_FOLDER / RELATIONS, json.dumps(relations, indent=0) + "\n"))
    written.append(_write_facts(assets / SCIENCE_FOLDER))
    for split, questions in mmlu_questions().items():
        written.append(_write_rows(assets / MMLU_FOLDER / f"{split}.jsonl", map(mmlu_row, questions)))
    return written


def write_second_test(folder: Path) -> None:
    """Pocket Science as a data folder, with the second test in the place of its own."""
    for split, questions in (science_questions() | {"test": second_test()}).items():
        named = "second" if split == "test" else split
        rows = [science_row(named, index, question) for index, question in enumerate(questions)]
        _write_rows(folder / f"{split}.jsonl", rows)
    _write_facts(folder)


def _write_facts(folder: Path) -> Path:
    """Every fact of the world as core.text.facts reads it; its own answer is the first."""
    kinds: dict[str, dict] = {}
    for relation in all_relations():
        asks = [re.sub(r"\{[xe]\}", BLANK, ask) for ask in relation.asks]
        kinds[relation.key] = {"asks": asks, "answers": {}}
    for fact in all_facts():
        others = sorted(fact.right() - {fact.value})
        kinds[fact.relation.key]["answers"][fact.entity] = [fact.value, *others]
    lines = [f"{json.dumps(key)}: {json.dumps(told)}" for key, told in kinds.items()]  # a kind a line
    return _write_text(folder / FACTS, "{\n" + ",\n".join(lines) + "\n}\n")


def _write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    return _write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path
