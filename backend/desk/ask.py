"""Ask: one question put to a student, and to a tuned one beside it.

Knows what may be asked and how a tuned student is made of an untuned one. Keeps loaded models on a small shelf. Does
not know who asks: the desk's process and the command line do.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import GenerationConfig, PreTrainedTokenizerBase, StoppingCriteria

from backend.core import devices
from backend.core.models.adapter_files import with_adapter
from backend.core.models.backbones import Backbone, context_length, load_backbone, load_tokenizer
from backend.core.scoring.metrics import option_probabilities
from backend.core.scoring.score import score_questions
from backend.core.text.chat import reading
from backend.core.text.prompts import LETTERS, Example
from backend.core.text.shown import decoded
from backend.core.text.tasks import FREE, Question, TaskSpec, to_example
from backend.core.text.token_ids import asked_ids, with_bos
from backend.errors import UserError

# how a question is put: its options each an answer of its own, or as a list; as a turn of a conversation; as it is
STYLES = {"texts": "arc", "letters": "mmlu", "chat": "chat", "prompt": "prompt"}
LONGEST_QUESTION, LONGEST_OPTION, LONGEST_GENERATION = 4000, 500, 256
MOST_MODELS, MOST_BYTES = 2, 4 * 2**30
# PiSSA, OLoRA and others move a part of the base's own weights into the adapter: taken off, it leaves a hole
REMOVABLE_STARTS = (True, False, "gaussian", "orthogonal", "eva")


@dataclass(frozen=True)
class Asked:
    """A question as a person typed it; blanks around a text are dropped, since nobody sees them, but for style prompt.

    Raises UserError. In the styles of free answers, options may be left out: then the students only say something.
    """

    question: str
    options: tuple[str, ...]
    style: str = "texts"
    max_new_tokens: int = 24
    bos: str = "auto"

    def __post_init__(self):
        if self.style not in STYLES:
            raise UserError(f"There is no style {self.style!r}.", f"one of {', '.join(STYLES)}", "Choose one of them.")
        asked = _readable("question", self.question, LONGEST_QUESTION)
        object.__setattr__(self, "question", self.question if self.style == "prompt" else asked)
        names = [f"option {letter}" for letter in LETTERS]
        free = not self.options and STYLES[self.style] in FREE
        if not (free or 2 <= len(self.options) <= len(names)):
            found = f"There {'is 1 option' if len(self.options) == 1 else f'are {len(self.options)} options'}."
            raise UserError(found, f"2 to {len(names)}", "Give every option a line of its own.")
        options = tuple(_readable(*pair, LONGEST_OPTION) for pair in zip(names, self.options, strict=False))
        object.__setattr__(self, "options", options)
        for position, option in enumerate(options):
            if option in options[:position]:
                found = f"Options {LETTERS[options.index(option)]} and {LETTERS[position]} are the same."
                raise UserError(found, "different options", "Change or remove one of them.")
        if not 1 <= self.max_new_tokens <= LONGEST_GENERATION:
            found = f"max_new_tokens is {self.max_new_tokens}."
            raise UserError(found, f"1 to {LONGEST_GENERATION}", "Choose another length.")

    @property
    def task(self) -> TaskSpec:
        return TaskSpec("asked", STYLES[self.style], splits=())

    @property
    def as_question(self) -> Question:
        """Nobody said which option is right; 0 stands there and is never looked at."""
        turns = (("user", self.question),) if self.style == "chat" else ()
        return Question("asked", self.question, self.options or ("",), 0, turns=turns)


def _readable(name: str, text: str, longest: int) -> str:
    text = text.strip()
    if not text:
        raise UserError(f"The {name} is empty.", "a text", f"Fill in the {name}.")
    if len(text) > longest:
        raise UserError(f"The {name} has {len(text):,} characters.", f"at most {longest:,}", "Shorten it.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # no tokenizer can encode it
        raise UserError(f"The {name} holds half of a Unicode surrogate pair.", "whole characters", "Type it anew.")
    return text


# -- two students side by side ------------------------------------------------------------------------------------
def ask(shelf: "Shelf", student: str, adapter: str | None, asked: Asked) -> dict:
    """`{"base", "tuned"}`: what `answers` tells of the student as it is and with `adapter` (None: no tuned one).

    `adapter` is a peft folder, or the folder of a whole tuned model. Raises UserError where either cannot be loaded.
    """
    whole = adapter is not None and _is_whole_model(Path(adapter))
    backbone = shelf.take(student)
    base = _read_with(backbone, asked.bos)
    result = {"base": answers(base, base.model, asked), "tuned": None}
    if adapter is not None and not whole:
        adapted = with_adapter(backbone.model, adapter)
        result["tuned"] = answers(base, adapted, asked)
        if getattr(adapted.active_peft_config, "init_lora_weights", "") not in REMOVABLE_STARTS:
            return result
        adapted.unload()
    shelf.put(student, backbone)  # only now: after any failure above, nobody knows what the model still wears
    if whole:
        tuned = shelf.take(adapter)
        result["tuned"] = answers(_read_with(tuned, asked.bos), tuned.model, asked)
        shelf.put(adapter, tuned)
    return result


def _read_with(backbone: Backbone, bos: str) -> Backbone:
    return replace(backbone, tokenizer=with_bos(backbone.tokenizer, bos))


def _is_whole_model(folder: Path) -> bool:
    """False for an adapter. UserError for anything else, before the base is loaded for nothing."""
    if (folder / "adapter_config.json").is_file():
        return False
    if not (folder / "config.json").is_file():
        found = f"{folder} has neither adapter_config.json nor config.json."
        raise UserError(found, "an adapter saved by peft, or a model folder", "Check the path of the tuned student.")
    return True


def answers(backbone: Backbone, model: torch.nn.Module, asked: Asked) -> dict:
    """What one student says. `model` is the backbone's own module, or that with an adapter on it.

    `options`: text, log_likelihood (natural, summed over its tokens), probability (softmax over the options) and
    per_character; `choice` and `choice_norm` are the positions of the highest summed and per character, as `acc` and
    `acc_norm` count them; `generation` is greedy; `truncated`: the question did not fit; `seconds`.
    """
    begin = time.perf_counter()
    rows, choice = _likelihoods(backbone, model, asked)
    example = to_example(asked.as_question, asked.task)
    return {
        "options": rows,
        **choice,
        "generation": generate(backbone, example, asked.max_new_tokens),
        "seconds": round(time.perf_counter() - begin, 3),
    }


def _likelihoods(backbone: Backbone, model: torch.nn.Module, asked: Asked) -> tuple[list[dict], dict]:
    """The options with their likelihoods, and which is chosen. UserError where the model does not compute."""
    if not asked.options:
        read = reading(backbone.tokenizer, to_example(asked.as_question, asked.task))
        room = context_length(backbone) - asked.max_new_tokens
        cut = len(asked_ids(backbone.tokenizer, read.prompt, read.between)) > room
        return [], {"choice": None, "choice_norm": None, "truncated": cut}
    [scored] = score_questions(model, backbone.tokenizer, [asked.as_question], asked.task, shots={}, threads=1)
    if not scored.finite:
        expected = "finite log-likelihoods"
        raise UserError("This student's answers are not finite numbers.", expected, "Tune it with a smaller step size.")
    rows = zip(asked.options, scored.log_likelihoods, option_probabilities(scored), scored.lengths, strict=True)
    found = [
        {"text": text, "log_likelihood": value, "probability": share, "per_character": value / max(length, 1)}
        for text, value, share, length in rows
    ]
    choice = {"choice": scored.choice, "choice_norm": scored.choice_norm, "truncated": scored.truncated}
    return found, choice


class _OneLine(StoppingCriteria):
    """Ends behind the first line that is not blank. `stop_strings` cannot skip blank ones, with which many begin."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, prompt: int):
        self.tokenizer, self.prompt = tokenizer, prompt

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        ended = ["\n" in decoded(self.tokenizer, row[self.prompt :].tolist()).lstrip() for row in input_ids]
        return torch.tensor(ended, device=input_ids.device)


def generate(backbone: Backbone, example: Example, most: int) -> str:
    """The first line of what the model says in the place of the example's answer; stripped.

    The likeliest next tokens, one by one, up to the end of text or `most` of them, behind the text that is taught.
    Nothing of the model's own habits (penalties, sampling, forced tokens) is used: it is to be compared. What does not
    fit is cut from the left, as for scoring.
    """
    model, tokenizer = backbone.model, backbone.tokenizer
    read = reading(tokenizer, example)
    ids = asked_ids(tokenizer, read.prompt, read.between)[-max(1, context_length(backbone) - most) :]
    inputs = torch.tensor([ids], device=devices.of(model))
    own = model.generation_config
    model.generation_config = GenerationConfig(
        max_new_tokens=most, do_sample=False, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    try:
        stop = [_OneLine(tokenizer, len(ids))]
        found = model.generate(inputs, attention_mask=torch.ones_like(inputs), stopping_criteria=stop)
    finally:
        model.generation_config = own
    written = decoded(tokenizer, found[0, len(ids) :].tolist(), skip_special_tokens=True)
    return read.said(written).split("\n")[0].rstrip()


class Shelf:
    """Loaded students: at most two, of them one where two were larger than MOST_BYTES; the longest unused goes first.

    Who takes one has it alone. A folder whose files have changed is loaded anew.
    """

    def __init__(self):
        self._kept: OrderedDict[tuple[str, int], Backbone] = OrderedDict()

    def take(self, spec: str) -> Backbone:
        """Raises UserError as `load_backbone` does."""
        return self._kept.pop(_key(spec), None) or load_backbone(spec)

    def put(self, spec: str, backbone: Backbone) -> None:
        self._kept[_key(spec)] = backbone
        while len(self._kept) > MOST_MODELS or (
            len(self._kept) > 1 and sum(map(_bytes, self._kept.values())) > MOST_BYTES
        ):
            self._kept.popitem(last=False)

    def tokenizer(self, spec: str) -> PreTrainedTokenizerBase:
        """The student's own, without its weights where it is not loaded."""
        kept = self._kept.get(_key(spec))
        return kept.tokenizer if kept else load_tokenizer(spec)


def _key(spec: str) -> tuple[str, int]:
    path = Path(spec).expanduser()
    files = list(path.iterdir()) if path.is_dir() else [path]
    return spec, max((file.stat().st_mtime_ns for file in files if file.is_file()), default=0)


def _bytes(backbone: Backbone) -> int:
    return sum(p.numel() * p.element_size() for p in backbone.model.parameters())
