"""What a visitor asks of the models: words, a sentence, a picture. Checked here, before it is put to the desk.

Anyone may send anything: what cannot be asked is said in a UserError, and nothing of it is shown as markup. Knows no
model and no widget.
"""

import re
from collections.abc import Iterable, Mapping

from backend.errors import UserError

MOST_WORDS, LONGEST_WORD, LONGEST_TEXT = 200, 60, 300
LONGEST_TEMPLATE, LONGEST_IMAGE = 120, 40_000  # letters
IMAGE = re.compile(r"[A-Za-z0-9+/]+={0,2}")
PLACE = "{}"


def words_of(text: object) -> list[str]:
    """The words of a list that is separated by commas or lines, each once.

    Raises UserError where there are fewer than two, too many, or one is too long.
    """
    parts = re.split(r"[,\n]", text) if isinstance(text, str) else []
    found = list(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
    if len(found) < 2:
        said = f"There {'is 1 word' if found else 'are no words'}."
        raise UserError(said, "two or more", "Write words with commas between them.")
    if len(found) > MOST_WORDS:
        raise UserError(f"There are {len(found):,} words.", f"at most {MOST_WORDS}", "Ask some of them first.")
    if too_long := next((word for word in found if len(word) > LONGEST_WORD), ""):
        said = f'"{too_long[:LONGEST_WORD]}…" is too long.'
        raise UserError(said, f"words of at most {LONGEST_WORD} letters", "Put commas between the words.")
    return found


def template_of(text: object) -> str:
    """A template with a place for the word. Raises UserError where it has none."""
    if not isinstance(text, str) or PLACE not in text:
        expected = "both curly brackets where the word stands"
        raise UserError("The template has no place for the word.", expected, "Write them.")
    if len(text) > LONGEST_TEMPLATE:
        raise UserError("The template is too long.", f"at most {LONGEST_TEMPLATE} letters", "Shorten it.")
    return text


def sentence_of(text: object) -> str:
    """A sentence. Raises UserError for an empty or a long one."""
    said = " ".join(text.split()) if isinstance(text, str) else ""
    if not said:
        raise UserError("There is no sentence.", "some words", "Describe a picture.")
    if len(said) > LONGEST_TEXT:
        raise UserError("The sentence is too long.", f"at most {LONGEST_TEXT} letters", "Shorten it.")
    return said


def picture_of(picture: object, image: object) -> dict:
    """`{"picture", "image"}` of a question: the id of one of the run's pictures, or a visitor's own in base64.

    Raises UserError where there is neither.
    """
    if isinstance(image, str) and len(image) <= LONGEST_IMAGE and IMAGE.fullmatch(image):
        return {"picture": None, "image": image}
    if type(picture) is int and picture >= 0:
        return {"picture": picture, "image": None}
    raise UserError("No picture is chosen.", "one of the pictures, or a file of yours", "Click a picture.")


def shares_of(found: object, words: Iterable[str]) -> dict[str, list[float]]:
    """Model -> a share for each word, of those that have one for all of them."""
    many, rows = len(list(words)), found.items() if isinstance(found, Mapping) else ()
    return {who: list(shares) for who, shares in rows if isinstance(shares, list) and len(shares) == many}
