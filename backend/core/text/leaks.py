"""Leaks: test questions that stand in the training prompts, word for word or nearly.

Compares words: case, punctuation, spacing and the template's `Question:` and `Answer:` do not count; the signs of
formulas and code do. Knows texts only: it cannot see a paraphrase, a translation, or what the base model read before;
and it says nothing of the answers.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from backend.core.text.prompts import LETTERS
from backend.core.text.tasks import Question

Words = tuple[str, ...]

# Chosen by reading what they flag, see test_leaks.py: pocket_science asks about other facts in the same templates, so
# train against test must flag nothing; ARC-Easy and MMLU have true copies.
RUN = 3  # words that are looked up at once
CONTAINED_WORDS = 5  # a shorter question counts only together with its options
JUDGED_RUNS = 4  # a question with fewer runs of its own is never called nearly the same
NEARLY = 0.6  # of the question's own runs
MISSING = 20  # of so many words, one may be missing: a template with another noun in it misses that noun
STEM = 5  # letters that make two words the same, so that an ending is no difference
AROUND = 8  # words on either side of the runs that were found, where the others are looked for
ARTICLES = {"a", "an", "the"}  # may be missing

SAME, CONTAINS, NEAR = "same text", "contains", "nearly the same"
# a word of any script, and the signs that tell one formula or line of code from another
WORD = re.compile(r"[^\W_]+|[+*/^=<>|~&%]+|::|(?<!\w)-(?=\d)")
TEMPLATE = re.compile(r"\b(?:question|answer)\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Leak:
    """The prompt with this index holds the question with this id. `share` of the question's own runs are in it."""

    prompt: int
    question: str
    how: str
    share: float


def find_leaks(prompts: Sequence[str], questions: Sequence[Question]) -> list[Leak]:
    """Every pair of a prompt and a question it gives away, by prompt and then by question."""
    read = [words(prompt) for prompt in prompts]
    wanted = _Wanted(questions)
    found = {text: wanted.inside(text) for text in set(read)}
    return [
        Leak(number, questions[position].id, how, share)
        for number, text in enumerate(read)
        for position, (how, share) in sorted(found[text].items())
    ]


def warning(leaks: Sequence[Leak], total: int) -> dict[str, str] | None:
    """What to tell people, or None. `total` is how many questions were asked."""
    if not leaks:
        return None
    exact = {leak.question for leak in leaks if leak.how != NEAR}
    near = {leak.question for leak in leaks} - exact
    parts = [f"{len(exact)} word for word"] * bool(exact) + [f"{len(near)} nearly"] * bool(near)
    many = len(exact) + len(near)
    first = min(leaks, key=lambda leak: (leak.how == NEAR, leak.prompt))
    return {
        "found": f"{many} of the {total} test questions {'appears' if many == 1 else 'appear'} in the training prompts "
        f"({', '.join(parts)}), for example {first.question!r} in prompt {first.prompt + 1}.",
        "expected": "training prompts without test questions",
        "next_step": "Remove these prompts and train again: scores on questions seen in training are inflated.",
    }


def words(text: str) -> Words:
    plain = TEMPLATE.sub(" ", unicodedata.normalize("NFKC", text))
    return tuple(WORD.findall(plain.casefold()))


def runs(text: Words) -> set[Words]:
    """Every run of RUN words."""
    return {text[i : i + RUN] for i in range(len(text) - RUN + 1)}


class _Wanted:
    """The questions, by what gives each of them away."""

    def __init__(self, questions: Sequence[Question]):
        self.texts = [words(question.question) for question in questions]
        told = Counter(run for text in set(self.texts) for run in runs(text))
        # a run that another question has as well is a phrase, and does not tell this question from others
        self.own = [{run for run in runs(text) if told[run] == 1} for text in self.texts]
        self.whole: dict[Words, list[int]] = defaultdict(list)
        self.anchored: dict[Words, list[tuple[int, int, Words]]] = defaultdict(list)
        self.having: dict[Words, list[int]] = defaultdict(list)
        for position, (text, own) in enumerate(zip(self.texts, self.own, strict=True)):
            lettered = text + _options(questions[position])
            for form in {text, lettered} - {()}:
                self.whole[form].append(position)
            form = text if own and len(text) >= CONTAINED_WORDS else lettered
            if len(form) >= CONTAINED_WORDS:
                at = min(range(len(form) - RUN + 1), key=lambda i: told[form[i : i + RUN]])
                self.anchored[form[at : at + RUN]].append((position, at, form))
            for run in own if len(own) >= JUDGED_RUNS else ():
                self.having[run].append(position)

    def inside(self, prompt: Words) -> dict[int, tuple[str, float]]:
        """The questions that this prompt gives away, by position: how, and how much of each."""
        found = self._near(prompt)
        found |= {position: (CONTAINS, 1.0) for position in self._contained(prompt)}
        return found | {position: (SAME, 1.0) for position in self.whole.get(prompt, ())}

    def _contained(self, prompt: Words) -> set[int]:
        found = set()
        for place in range(len(prompt) - RUN + 1):
            for position, at, form in self.anchored.get(prompt[place : place + RUN], ()):
                start = place - at
                if start >= 0 and prompt[start : start + len(form)] == form:
                    found.add(position)
        return found

    def _near(self, prompt: Words) -> dict[int, tuple[str, float]]:
        met = Counter(position for run in runs(prompt) for position in self.having.get(run, ()))
        shares = {position: count / len(self.own[position]) for position, count in met.items()}
        close = {position: share for position, share in shares.items() if share >= NEARLY}
        return {position: (NEAR, share) for position, share in close.items() if self._all_there(position, prompt)}

    def _all_there(self, position: int, prompt: Words) -> bool:
        """Whether the words of this question stand where its runs do: solved examples around it have many words."""
        met = [i for i in range(len(prompt) - RUN + 1) if prompt[i : i + RUN] in self.own[position]]
        around = prompt[max(0, met[0] - AROUND) : met[-1] + RUN + AROUND]
        asked = _stems(self.texts[position])
        return len(asked - _stems(around) - ARTICLES) <= len(asked) // MISSING


def _stems(text: Words) -> set[str]:
    return {(word.removesuffix("s") if len(word) > 3 else word)[:STEM] for word in text}


def _options(question: Question) -> Words:
    """The words of a question's options, under their letters as prompts.letters_prompt lists them."""
    return words(" ".join(f"{letter}. {option}" for letter, option in zip(LETTERS, question.options, strict=False)))
