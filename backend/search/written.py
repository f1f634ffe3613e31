"""Written: which of a writer's texts the search may take, and the file that keeps them all with what became of each.

A text is taken where it is a question with an answer of a length that the pool has, no copy of one of the pool's
questions, none that was written before, and neither a copy nor nearly one of a question that is kept out: those of
validation and test. Where the task's data tells its facts, it asks no fact of theirs in other words either
(core/text/facts.py). Whether its answer is true is not asked. Knows texts and a file; no model.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from backend.core.text.facts import Fact, KeptOut
from backend.core.text.leaks import find_leaks, words
from backend.core.text.tasks import Question
from backend.disk import write_atomically
from backend.search.moves import Draft

FILE = "written.jsonl"
TAKEN, MALFORMED, COPY, REPEAT, LEAK, FACT = OUTCOMES = ("taken", "malformed", "copy", "repeat", "leak", "fact")
UNREADABLE = "\ufffd"  # what no letters came of


def written_once(
    file: Path,
    write: Callable[[], Sequence[tuple[str, str]]],
    fits: Callable[[Draft], bool],
    pool: Sequence[Draft],
    kept_out: Callable[[], Sequence[Question]],
    facts: Sequence[Fact] = (),
) -> tuple[Draft, ...]:
    """The texts that the search may take, with the number of its row as the origin of each. Written where the file is
    not there; what is there stays, so that a search that goes on has the same texts. `fits`: whether an answer is as
    long as one of the pool."""
    if not file.is_file():
        rows = judged(write(), fits, pool, kept_out(), facts)
        write_atomically(file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    rows = [json.loads(line) for line in file.read_bytes().splitlines()]
    return tuple(_draft(number, row) for number, row in enumerate(rows) if row["outcome"] == TAKEN)


def outcomes(file: Path) -> dict[str, int]:
    """How many texts came to which end, by the names of OUTCOMES."""
    found = Counter(json.loads(line)["outcome"] for line in file.read_bytes().splitlines())
    return {outcome: found[outcome] for outcome in OUTCOMES}


def judged(
    texts: Sequence[tuple[str, str]],
    fits: Callable[[Draft], bool],
    pool: Sequence[Draft],
    kept_out: Sequence[Question],
    facts: Sequence[Fact] = (),
) -> Iterator[dict]:
    """Each text with its outcome: `question`, `answer`, `outcome`, the first of OUTCOMES' reasons that holds; of FACT
    also which `fact`, and the kept-out question that asks it, `asked_by`."""
    fact_of = KeptOut(facts, kept_out)
    real, seen = {words(draft.question) for draft in pool}, set()
    leaked = {leak.prompt for leak in find_leaks([question for question, _ in texts], kept_out)}
    for number, (question, answer) in enumerate(texts):
        draft, same, fact = Draft(question, answer, ""), words(question), fact_of.why(question, answer)
        outcome = LEAK if number in leaked else FACT if fact else TAKEN
        if not well_formed(draft) or not fits(draft):
            outcome = MALFORMED
        elif same in real:
            outcome = COPY
        elif same in seen:
            outcome = REPEAT
        seen.add(same)
        yield {"question": question, "answer": answer, "outcome": outcome} | (fact if fact and outcome == FACT else {})


def well_formed(draft: Draft) -> bool:
    """Whether there is a question and an answer, of whole letters."""
    return bool(words(draft.question) and draft.answer) and UNREADABLE not in draft.question + draft.answer


def _draft(number: int, row: dict) -> Draft:
    return Draft(row["question"], row["answer"], f"written_{number:04d}")
