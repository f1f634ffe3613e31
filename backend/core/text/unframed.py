"""What a prompt asks, without the words that a task's layout puts around it: for files of other programs.

They bring a template of their own, so ours would stand inside it. The letters of a letters prompt are part of what it
asks, for its answer is one of them. Text in, text out.
"""

import re

from backend.core.text.prompts import ANSWER_SUFFIX, QUESTION_PREFIX, subject_description

EXACT = "prompt"  # puts nothing around a prompt
LETTERED = "mmlu"
DESCRIPTION = re.compile(re.escape(subject_description("\0")).replace(re.escape("\0"), "[^\n]*"))


def unframed(prompt: str, layout: str) -> str:
    """The question of a prompt of this layout; the prompt itself where the words around it are other ones."""
    if layout == EXACT or not prompt.endswith(ANSWER_SUFFIX):
        return prompt
    inner = prompt.removesuffix(ANSWER_SUFFIX)
    if layout == LETTERED:
        return DESCRIPTION.sub("", inner, count=1) if DESCRIPTION.match(inner) else inner
    return inner.removeprefix(QUESTION_PREFIX) if inner.startswith(QUESTION_PREFIX) else prompt
