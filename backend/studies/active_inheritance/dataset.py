"""What a run leaves to learn from: each set of chosen texts as a data set, by the name of its arm.

Every student of an arm but random reads the same set; of random the first student's is given. Knows a copy of a run;
the layouts are the export's. Loads without torch.
"""

from backend.export.contract import check_rows
from backend.export.copy import RunCopy
from backend.export.samples import Sets, no_examples, samples
from backend.export.travel import entry_of
from backend.studies.active_inheritance.cells import texts_of
from backend.studies.active_inheritance.prompts import Prompt

LAYOUT_OF = "pocket_science"  # a task whose prompts have the same words around them


def examples_of(copy: RunCopy) -> Sets:
    """Name -> samples, of the largest choice. UserError before anything was chosen."""
    if not copy.files.get("chosen.jsonl"):
        raise no_examples("chosen texts", "Let the run reach its students, then take its data set.")
    for file in ("pool.jsonl", "chosen.jsonl"):
        check_rows(file, copy.files[file], entry_of(copy.study, file).shape)
    pool, found = copy.rows("pool"), {}
    for row in copy.rows("chosen"):
        name = "-".join(part for part in (row["arm"], row["objective"]) if part)
        if row["seed"] == 0 and row["k"] == copy.config["k"]:
            found[name] = samples(taught_rows(pool, row["chosen"]), LAYOUT_OF)
    return found


def taught_rows(pool: list[dict], picked: list[list]) -> list[dict]:
    """Rows of prompt and answer of what was chosen."""
    return [
        Prompt(row["prompt"], row["text"], row["entity"]).taught(text["text"]).row
        for row, text in texts_of(pool, [tuple(one) for one in picked])
    ]
