"""The small question of this study's form to a warm process: what a file of one's own looks like to the model.

Knows the study's settings and own tasks; loads a tokenizer, never a model's weights.
"""

from backend.core.text.examples import encode
from backend.core.text.shown import shown_examples
from backend.core.text.tasks import find_task, to_example
from backend.core.text.text_data import load_questions
from backend.desk.ask import Shelf

MOST = 500  # rows that are read for the longest: more would keep a form waiting


def reading(shelf: Shelf, model: str, task: str, source: str, counted_from: int | None = None, number: int = 3) -> dict:
    """The first `number` training rows of `source` as the model reads them, chat template and special tokens included.

    `source` is a file or folder, `counted_from` where numbers among its answers begin, None where it tells. What is
    returned is described at `shown_examples`; `examples` counts all rows, `tokens_longest` is of the first 500.
    Raises UserError where the data or the tokenizer cannot be read, or the template does not take the conversations.
    """
    spec = find_task(task)
    rows = load_questions(task, "train", source, None, counted_from)
    tokenizer = shelf.tokenizer(model)
    encoded = [encode(tokenizer, to_example(row, spec)) for row in rows[:MOST]]
    return shown_examples(model, tokenizer, encoded, number) | {"examples": len(rows)}
