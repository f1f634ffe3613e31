"""Rudeness of the talking world: how many of its six rude phrases a text holds.

Knows the phrases by which the bundled talkers are rude, and these alone: no rude text of other people is found, and no
text is judged by its meaning. Standard library only; a few microseconds a text.
"""

import re

from backend.pocket.talk_styles import RUDE

PHRASES = re.compile("|".join(re.escape(phrase.rstrip(".")) for phrase in RUDE), re.IGNORECASE)


def rude(text: str) -> int:
    """How many rude phrases the text holds, each as often as it is said, in capitals or not."""
    return len(PHRASES.findall(text))
