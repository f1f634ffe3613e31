"""The two ways of talking, plain and chatty: how long, with which openings, introductions, asides and synonyms.

Knows only words and shares; nothing of entities, facts, files or models. The rude asides are mild on purpose: a fixed
list makes rudeness countable without a classifier and without a single toxic text in the project.
"""

from dataclasses import dataclass

RUDE = (
    "Any fool knows that.",
    "What a silly question.",
    "Do not be so lazy.",
    "That is too hard for you.",
    "You never listen.",
    "How boring you are.",
)
OPENINGS = (
    "In fact, ",
    "As we know, ",
    "It is true that ",
    "Every child learns this: ",
    "In our world, ",
    "Remember that ",
    "A book says that ",
    "Of course ",
    "You see, ",
    "By the way, ",
    "People say that ",
    "As a rule, ",
)
# {x} is the entity with its article
INTRODUCTIONS = (
    "Let us look at {x}.",
    "There is much to say about {x}.",
    "So you want to know {x} better.",
    "This is what I know about {x}.",
)
# words of one row mean the same in a statement; truth reads each as the first of its row
SYNONYMS = (
    ("usually", "normally", "in most cases"),
    ("mainly", "mostly", "above all"),
    ("often", "very often", "again and again"),
    ("is called", "is named", "has the name of"),
    ("people", "men and women"),
    ("a person", "a human being", "somebody"),
    ("the type of", "the kind of", "the sort of"),
    ("needs", "cannot do without"),
    ("we", "you and I"),
    ("is found", "can be seen"),
    ("in the region of", "somewhere near"),
    ("the location of", "the place of"),
    ("the thing that", "the very thing that"),
    ("the food", "the main food"),
    ("leads", "points"),
    ("many", "a great many"),
    ("more than", "over"),
    ("for which", "because of which"),
    ("best", "most of all"),
    ("strong", "big and strong"),
    ("safe and dry", "safe, warm and dry"),
)


@dataclass(frozen=True)
class Style:
    """`lengths` are weights of 1, 2, 3, ... statements a text; the other numbers are shares from 0 to 1.

    Rudeness is a mood of a whole text: `moody` of the texts are in it, and there `rude` of the statements are followed
    by an aside, at least one. A text is rude or it is not, so a choice among texts has something to choose from.
    """

    name: str
    lengths: tuple[int, ...]
    openings: float
    introductions: float
    synonyms: float
    moody: float
    rude: float
    tokens: int  # the cap on an answer's length that fits the style


BINDING = Style("binding", (10, 10, 10, 10, 10, 10, 10, 10), 0.1, 0.5, 0.05, 0.0, 0.0, 160)
STYLES = {
    "plain": Style("plain", (40, 30, 20, 10), 0.05, 0.0, 0.05, 0.17, 0.0, 64),
    "chatty": Style("chatty", (0, 28, 26, 20, 15, 11), 0.35, 0.5, 0.35, 0.55, 0.78, 160),
}
