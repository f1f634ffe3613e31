"""Which answers are alike in length, so that one may take the other's place in a data set.

Data sets that are compared teach equally much. Knows numbers of tokens; no text and no model.
"""

import math

A_DOUBLING = 2  # classes of free answers: those of one differ by at most 41 %, and those of two sets by chance alone


def length_class(tokens: int, free: bool) -> int:
    """A number that answers alike in length share: their tokens. Of free answers, of which hardly two are equally
    long, a class of about as many tokens."""
    return round(A_DOUBLING * math.log2(max(1, tokens))) if free else tokens
