"""Scores: everything that is measured of one text, by name. The row of a pool, and what every choice is made by.

Knows the measures, the list of rude phrases and a world that tells what is true; no model, no prompt file. Loads
without torch.
"""

from backend.studies.active_inheritance.measures import fog, mattr, mtld, rix, sentences_of, words_of
from backend.studies.active_inheritance.rude import rude
from backend.studies.active_inheritance.truth import World

WINDOW = 20  # words that MATTR looks at together
METRICS = ("length", "mtld", "mattr", "fog", "rix", "rude", "truth")  # what a profile tells, in its order
Scores = dict[str, float | int | None]


def scores_of(text: str, entity: str, world: World | None, equal_words: int) -> Scores:
    """The scores of a text about an entity. `truth` is None without a world, or where nobody is told about.

    MTLD and MATTR are of the first `equal_words` words, since both move with length; 0 for all of them.
    """
    words, sentences = words_of(text), len(sentences_of(text))
    first = words[:equal_words] if equal_words else words
    return {
        "length": len(words),
        "mtld": round(mtld(first), 4),
        "mattr": round(mattr(first, WINDOW), 4),
        "fog": round(fog(words, sentences), 4),
        "rix": round(rix(words, sentences), 4),
        "rude": int(rude(text) > 0),
        "truth": round(world.truth(entity, text), 4) if world is not None and entity else None,
        "words": len(words),
        "sentences": sentences,
    }
