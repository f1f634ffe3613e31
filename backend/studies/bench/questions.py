"""The bench's small questions to a warm process: what training examples look like to a student.

Knows the bench's settings and its data; loads a tokenizer, never a model's weights.
"""

from backend.core.text.examples import encode
from backend.core.text.shown import shown_examples
from backend.core.text.token_ids import with_bos
from backend.desk.ask import Shelf
from backend.studies.bench.config import BenchConfig
from backend.studies.bench.data import training_examples


def example(shelf: Shelf, student: str, number: int = 3, **choices) -> dict:
    """What example.json holds: `student`, `examples`, `tokens_longest` and `number` examples as `shown`.

    `choices` are fields of a BenchConfig, such as data, train_task, data_dir, data_path, examples, seed; those that are
    None keep their defaults. Raises UserError as BenchConfig and the data do.
    """
    given = {name: value for name, value in choices.items() if value is not None}
    config = BenchConfig(student=student, **given)
    examples = [] if config.data == "none" else training_examples(config, 0)
    tokenizer = with_bos(shelf.tokenizer(student), config.bos)
    return shown_examples(student, tokenizer, [encode(tokenizer, each) for each in examples], number)
