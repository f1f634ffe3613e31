"""Readers of published bias tests that the project does not ship: CrowS-Pairs, StereoSet and BBQ, in their own formats.

Knows columns and keys, after the data sets' public descriptions. Does not know models or metrics. Each raises
UserError for a file that is not one of them, and names the row.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from backend.core.text.places import Place, printable
from backend.core.text.tables import read_table
from backend.errors import UserError
from backend.pocket.planted import Pair, Who
from backend.studies.ba_lora.probe_pairs import Triple
from backend.studies.ba_lora.probe_who import AMBIGUOUS, TOLD

LIMIT = 1000  # items of one file that a student is asked; 58,000 of BBQ would take longer than the training
CROWS_PAIRS = ("sent_more", "sent_less", "stereo_antistereo", "bias_type")
STEREOSET = ("intrasentence", "intersentence")
GOLD = ("stereotype", "anti-stereotype", "unrelated")
OPTIONS = ("ans0", "ans1", "ans2")
BBQ = (
    *("context", "question", *OPTIONS, "answer_info", "label"),
    *("context_condition", "question_polarity", "additional_metadata"),
)
CONDITIONS = {"ambig": AMBIGUOUS, "disambig": TOLD}
POLARITIES = ("neg", "nonneg")
UNKNOWN = "unknown"
# groups that BBQ's answers and its stereotyped groups spell differently
SAME = {"woman": "f", "girl": "f", "female": "f", "man": "m", "boy": "m", "male": "m"}


def read_crows_pairs(path: str | Path, limit: int = LIMIT) -> list[Pair]:
    """The pairs of a CrowS-Pairs CSV (Nangia et al. 2020): `sent_more` is the more stereotypical sentence in both
    directions of `stereo_antistereo`. At most `limit` of them, drawn alike each time."""
    pairs = []
    for place, row in _rows(path, "CrowS-Pairs", CROWS_PAIRS):
        more, less, kind = (_text(place, row, column) for column in ("sent_more", "sent_less", "bias_type"))
        if row["stereo_antistereo"] not in ("stereo", "antistereo"):
            raise place.error("stereo_antistereo", f"{str(row['stereo_antistereo'])[:40]!r}", "stereo or antistereo")
        pairs.append(Pair(f"crows_pairs-{place.row}", kind, more, less))
    return _drawn(pairs, limit)


def read_stereoset(path: str | Path, limit: int = LIMIT) -> list[Triple]:
    """The items of StereoSet's JSON (Nadeem et al. 2021), of one sentence and of two. At most `limit` of them."""
    file = printable(Path(path).name, 80)
    data = _stereoset_data(Path(path), file)
    triples = []
    for part in STEREOSET:
        for number, item in enumerate(data[part], start=1):
            triples.append(_triple(Place(f"{file}, data.{part}", number), part, item))
    if not triples:
        raise UserError(f"{file} has no items.", "at least one in data.intrasentence", "Give the whole file.")
    return _drawn(triples, limit)


def read_bbq(path: str | Path, limit: int = LIMIT) -> list[Who]:
    """The questions of a BBQ file in JSON lines (Parrish et al. 2022). The biased answer is the one about a stereotyped
    group where the question is negative, and the other one where it is not; rows whose groups name neither or both are
    left out. At most `limit` of them; UserError where none is left."""
    questions = [
        question for place, row in _rows(path, "BBQ", BBQ) if (question := _bbq_question(place, row)) is not None
    ]
    if not questions:
        found = f"No row of {printable(Path(path).name, 80)} tells which answer the bias would give."
        raise UserError(found, "stereotyped groups that answer_info names", "Give a file as BBQ publishes it.")
    return _drawn(questions, limit)


def _rows(path: str | Path, kind: str, columns: Sequence[str]) -> Iterator[tuple[Place, Mapping]]:
    """The rows of a table that has these columns."""
    for place, row in read_table(path).rows:
        lacking = [column for column in columns if not isinstance(row, dict) or column not in row]
        if lacking:
            found = f"{place.file} is not {kind}: row {place.row} has no column `{lacking[0]}`."
            raise UserError(found, f"the columns {', '.join(columns)}", f"Give the file that {kind} publishes.")
        yield place, row


def _text(place: Place, row: Mapping, column: str) -> str:
    if not isinstance(row[column], str) or not row[column].strip():
        raise place.error(column, "no text", "a text")
    return row[column].strip()


def _drawn(items: list, limit: int) -> list:
    """All of them, or `limit` that are drawn alike each time, in their order."""
    if len(items) <= limit:
        return items
    chosen = random.Random(f"{len(items)} items").sample(range(len(items)), limit)
    return [items[i] for i in sorted(chosen)]


# -- StereoSet ------------------------------------------------------------------------------------------------------
def _stereoset_data(path: Path, file: str) -> dict:
    expected = f"an object with data.{' and data.'.join(STEREOSET)}"
    try:
        data = json.loads(path.expanduser().read_text(encoding="utf-8"))["data"]
        if all(isinstance(data[part], list) for part in STEREOSET):
            return data
        found = f"{file} is not StereoSet: a part of its data is no list."
    except (KeyError, TypeError) as error:
        found = f"{file} is not StereoSet: it lacks {str(error)[:40]}."
    except (OSError, ValueError, RecursionError) as error:
        found = f"{file} cannot be read ({getattr(error, 'strerror', None) or 'it is not JSON'})."
    raise UserError(found, expected, "Give the file that StereoSet publishes.")


def _triple(place: Place, part: str, item: object) -> Triple:
    try:
        by_label = {sentence["gold_label"]: sentence["sentence"].strip() for sentence in item["sentences"]}
        texts = [by_label[label] for label in GOLD]
        context = item["context"].strip() if part == "intersentence" else ""
        return Triple(f"{part}-{place.row}", str(item["bias_type"]), context, *texts)
    except (KeyError, TypeError, AttributeError) as error:
        expected = f"`context`, `bias_type` and `sentences` with the gold labels {', '.join(GOLD)}"
        raise place.error("", f"it lacks {str(error)[:40]}", expected) from None


# -- BBQ ------------------------------------------------------------------------------------------------------------
def _bbq_question(place: Place, row: Mapping) -> Who | None:
    options = tuple(_text(place, row, column) for column in OPTIONS)
    if row["context_condition"] not in CONDITIONS:
        raise place.error("context_condition", f"{str(row['context_condition'])[:40]!r}", " or ".join(CONDITIONS))
    if row["question_polarity"] not in POLARITIES:
        raise place.error("question_polarity", f"{str(row['question_polarity'])[:40]!r}", " or ".join(POLARITIES))
    if type(row["label"]) is not int or row["label"] not in range(len(OPTIONS)):
        raise place.error("label", f"{str(row['label'])[:40]!r}", "0, 1 or 2")
    unknown, stereotyped = _sides(place, row)
    if len(unknown) != 1 or len(stereotyped) != 1:
        return None
    [other] = {0, 1, 2} - unknown - stereotyped
    [target] = stereotyped
    biased = target if row["question_polarity"] == "neg" else other
    text = f"{_text(place, row, 'context')} {_text(place, row, 'question')}"
    condition = CONDITIONS[row["context_condition"]]
    return Who(f"bbq-{place.row}", condition, text, options, row["label"], biased, *unknown)


def _sides(place: Place, row: Mapping) -> tuple[set[int], set[int]]:
    """The places of "unknown" and of the answers about a stereotyped group."""
    try:
        groups = [_words(row["answer_info"][option][1]) for option in OPTIONS]
    except (KeyError, TypeError, IndexError):
        raise place.error("answer_info", "no group of each answer", "a list [answer, group] for each") from None
    try:
        named = set().union(*map(_words, row["additional_metadata"]["stereotyped_groups"]))
    except (KeyError, TypeError):
        raise place.error("additional_metadata", "no `stereotyped_groups`", "a list of groups") from None
    unknown = {i for i, words in enumerate(groups) if UNKNOWN in words}
    return unknown, {i for i, words in enumerate(groups) if words & named} - unknown


def _words(group: object) -> set[str]:
    """A group as its name and the parts of it, such as F-Black: f-black, f and black."""
    whole = re.sub(r"[\s_]+", "", str(group).lower())
    return {SAME.get(word, word) for word in (whole, *whole.split("-"))}
