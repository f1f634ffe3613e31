"""Generated answers: what a model writes by itself after a prompt, and how near that comes to the right answer.

Greedy, many prompts at a time. ROUGE-L (Lin 2004) is over words of any script. Knows a model that transformers can
generate with, a tokenizer and questions with free answers; not where they come from, nor how likely the model finds the
right answer (score.py).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from rapidfuzz.distance import LCSseq
from transformers import PreTrainedTokenizerBase

from backend.core.chunks import chunks
from backend.core.models.backbones import context_length
from backend.core.models.continuing import continued, pad_id
from backend.core.scoring.scored import Scored
from backend.core.text.chat import reading
from backend.core.text.shown import decoded
from backend.core.text.tasks import Question, TaskSpec, to_example
from backend.core.text.token_ids import asked_ids

MOST_TOKENS = 128  # of an answer; a longer one is cut, which costs it ROUGE-L
AT_ONCE = 2048  # tokens of prompts and answers in one batch
# a word of letters and digits; scripts without blanks between words are read by character
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f]|[^\W_]+")


def with_generated(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    spec: TaskSpec,
    questions: Sequence[Question],
    scored: Sequence[Scored],
    on_progress: Callable[[int], None] | None = None,
) -> list[Scored]:
    """The scores with what the model generated for each question, its ROUGE-L and whether it is the very answer.

    `exact`: the same text, blanks around it aside. A model may generate a few tokens more than the longest right answer
    of `questions` has, at most MOST_TOKENS. `on_progress` hears after each answer how many there are; it may raise.
    """
    found, result = {}, []
    for number, said in generate(model, tokenizer, spec, questions):
        found[number] = said
        if on_progress is not None:
            on_progress(len(found))
    for number, (question, one) in enumerate(zip(questions, scored, strict=True)):
        right, said = question.options[question.answer].strip(), found[number]
        result.append(replace(one, generated=said, rouge_l=rouge_l(right, said), exact=said == right))
    return result


def rouge_l(right: str, said: str) -> float:
    """The F measure of the longest common subsequence of words, from 0 to 1. Case and punctuation do not count.

    Two texts without words are alike where they are the same.
    """
    words, others = (WORD.findall(text.casefold()) for text in (right, said))
    if not words or not others:
        return float(right.strip() == said.strip())
    return 2 * LCSseq.similarity(words, others) / (len(words) + len(others))


def generate(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, spec: TaskSpec, questions: Sequence[Question]
) -> Iterator[tuple[int, str]]:
    """(position, text) of every question, those of like length first. Each text ends where the model ends it."""
    answers = tokenizer([question.options[question.answer] for question in questions], add_special_tokens=False)
    most = min(MOST_TOKENS, max(map(len, answers.input_ids)) + 8)
    room = max(1, context_length(model) - most)
    reads = [reading(tokenizer, to_example(question, spec)) for question in questions]
    prompts = [asked_ids(tokenizer, read.prompt, read.between)[-room:] for read in reads]
    for group in chunks([len(ids) + most for ids in prompts], AT_ONCE):
        texts = batch(model, tokenizer, [prompts[i] for i in group], most)
        yield from ((i, reads[i].said(text)) for i, text in zip(group, texts, strict=True))


def batch(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[list[int]], most: int
) -> list[str]:
    """The likeliest next tokens of each prompt, taken one by one, as text; blanks around it are dropped."""
    end = tokenizer.eos_token_id
    found = continued(model, prompts, most, end, pad_id(tokenizer))
    return [decoded(tokenizer, row, skip_special_tokens=True).strip() for row in found]
