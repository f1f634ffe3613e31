"""A reader: one model that reads examples, as the student to train and the tokenizer it reads with.

Knows how a name becomes a student and how examples become its rows; trains nothing.
"""

import logging

from backend.core.models.adapted import EVERYWHERE, Adapted
from backend.core.models.backbones import context_length, fingerprint, load_backbone, tokenizer_warnings
from backend.core.models.lora import LoraStudent
from backend.core.text.examples import Rows, check_lengths, encode
from backend.core.text.prompts import Example

LOG = logging.getLogger(__name__)


class Reader:
    """A LoRA student with its tokenizer; `train` are the real training rows in its own tokens."""

    def __init__(self, name: str, rank: int, alpha: int, train: list[Example], adapted: Adapted = EVERYWHERE):
        for said in tokenizer_warnings(name):
            LOG.warning(said)
        backbone = load_backbone(name)
        self.name, self.tokenizer = name, backbone.tokenizer
        self.context = context_length(backbone)
        self.fingerprint = fingerprint(backbone)
        self.student = LoraStudent(backbone, rank, alpha, adapted)
        self.train = self.rows(train)

    def rows(self, examples: list[Example]) -> Rows:
        """Any examples, in this reader's tokens. Raises UserError where one does not fit its context."""
        encoded = [encode(self.tokenizer, example) for example in examples]
        check_lengths(encoded, self.context)
        return Rows(encoded, self.student.table)
