"""BM25 over the words of questions: it is its formula, and strange words find nothing."""

import numpy as np

from backend.selection.bm25 import word_scores
from tests import pocket_pool

pool = pocket_pool.pool


def test_bm25_finds_the_identical_question_first_and_nothing_in_strange_words(pool, capfd):
    texts = [question.question for question in pool.questions]
    scores = word_scores(texts, [*texts[:20], "zzz qqq", "?", "the"])
    assert scores[:, :20].argmax(axis=0).tolist() == list(range(20))
    assert not scores[:, 20:].any()
    assert not word_scores(["a", "?"], ["what is it"]).any()
    assert capfd.readouterr() == ("", "")


def test_bm25_is_its_formula():
    documents = ["red fox", "red red hen house", "blue fish"]
    words = [document.split() for document in documents]
    mean = sum(map(len, words)) / 3

    def by_hand(query: str, document: list[str]) -> float:
        total = 0.0
        for word in query.split():
            n, f = sum(word in other for other in words), document.count(word)
            total += np.log(1 + (3 - n + 0.5) / (n + 0.5)) * f / (f + 1.5 * (0.25 + 0.75 * len(document) / mean))
        return total

    scores = word_scores(documents, ["red house", "fish"])
    expected = [[by_hand(query, document) for query in ("red house", "fish")] for document in words]
    assert np.allclose(scores, expected, atol=1e-6)
