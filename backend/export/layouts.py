"""Layouts: how other programs want an example, each a small function from samples to rows, in one table.

`KINDS` has what can be asked for by a plain name: a layout and the format that its readers expect. Any other pair is
spelled `layout.format`, as in `alpaca.jsonl`. `for_llama_factory` is the entry of dataset_info.json that its README
describes. Knows samples; no run and no study.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from backend.export.formats import FORMATS
from backend.export.samples import Sample, Sets

HUMAN = {"user": "human", "assistant": "gpt"}


def examples(samples: Sequence[Sample]) -> list[dict]:
    return [sample.row for sample in samples]


def whole(samples: Sequence[Sample]) -> list[dict]:
    """The examples with what they ask beside the exact prompt, and as turns where there are several."""
    talks = any(sample.earlier for sample in samples)
    turns = messages(samples) if talks else [{}] * len(samples)
    return [sample.row | {"question": sample.question} | more for sample, more in zip(samples, turns, strict=True)]


def alpaca(samples: Sequence[Sample]) -> list[dict]:
    """`system` and `history` are there where a conversation needs them: a file has the same columns in every row."""
    rows = []
    talks = any(sample.earlier for sample in samples)
    for sample in samples:
        row = {"instruction": sample.question, "input": "", "output": sample.answer}
        more = {"system": sample.system, "history": _pairs(sample.talk[:-2])}
        rows.append(row | more if talks else row)
    return rows


def _pairs(turns: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Turns as [asked, answered]; a turn whose other half is missing has an empty one."""
    found: list[list[str]] = []
    for role, text in turns:
        if role == "assistant" and found and not found[-1][1]:
            found[-1][1] = text
        else:
            found.append(["", text] if role == "assistant" else [text, ""])
    return found


def sharegpt(samples: Sequence[Sample]) -> list[dict]:
    systems = any(sample.system for sample in samples)
    rows = []
    for sample in samples:
        row = {"conversations": [{"from": HUMAN.get(role, role), "value": text} for role, text in sample.talk]}
        rows.append(row | {"system": sample.system} if systems else row)
    return rows


def messages(samples: Sequence[Sample]) -> list[dict]:
    return [{"messages": _turns((*sample.earlier, *_last(sample)))} for sample in samples]


def prompt_completion(samples: Sequence[Sample]) -> list[dict]:
    """Put together they are what was taught, to the character."""
    return [{"prompt": sample.prompt, "completion": sample.completion} for sample in samples]


def prompt_completion_chat(samples: Sequence[Sample]) -> list[dict]:
    rows = []
    for sample in samples:
        question, answer = _last(sample)
        rows.append({"prompt": _turns((*sample.earlier, question)), "completion": _turns((answer,))})
    return rows


def question_answer(samples: Sequence[Sample]) -> list[dict]:
    return [{"question": sample.question, "answer": sample.answer} for sample in samples]


def _last(sample: Sample) -> tuple[tuple[str, str], tuple[str, str]]:
    return sample.talk[-2], sample.talk[-1]


def _turns(turns: Sequence[tuple[str, str]]) -> list[dict]:
    return [{"role": role, "content": text} for role, text in turns]


@dataclass(frozen=True)
class Layout:
    """`columns`, `tags` and `formatting` are what LLaMA-Factory is told; no columns where it cannot read the layout."""

    rows: Callable[[Sequence[Sample]], list[dict]]
    columns: dict[str, str] = field(default_factory=dict)
    formatting: str = "alpaca"
    tags: dict[str, str] = field(default_factory=dict)


ROLES = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
ALPACA = {"prompt": "instruction", "query": "input", "response": "output", "system": "system", "history": "history"}
LAYOUTS = {
    "examples": Layout(examples, {"prompt": "prompt", "response": "answer"}),
    "alpaca": Layout(alpaca, ALPACA),
    "sharegpt": Layout(sharegpt, {"messages": "conversations", "system": "system"}, "sharegpt"),
    "messages": Layout(messages, {"messages": "messages"}, "sharegpt", ROLES | {"system_tag": "system"}),
    "prompt_completion": Layout(prompt_completion, {"prompt": "prompt", "response": "completion"}),
    "prompt_completion_chat": Layout(prompt_completion_chat),
    "question_answer": Layout(question_answer, {"prompt": "question", "response": "answer"}),
}


@dataclass(frozen=True)
class Kind:
    """A layout in a format, and what the page calls the two."""

    layout: str
    format: str
    title: str = ""


AS_IT_CAME = "as_it_came"  # the layout and format of the file that the run learned from
KINDS = {
    AS_IT_CAME: Kind("examples", "jsonl", "as your own file; without one jsonl"),
    "jsonl": Kind("examples", "jsonl", "jsonl: prompt, answer and origin"),
    "parquet": Kind("examples", "parquet", "parquet: prompt, answer and origin"),
    "alpaca": Kind("alpaca", "json", "alpaca (json): instruction and output"),
    "sharegpt": Kind("sharegpt", "json", "sharegpt (json): conversations"),
    "messages": Kind("messages", "jsonl", "OpenAI messages (jsonl)"),
    "prompt_completion": Kind("prompt_completion", "jsonl", "TRL (jsonl): prompt and completion"),
    "prompt_completion_chat": Kind("prompt_completion_chat", "jsonl", "TRL (jsonl): prompt and completion as turns"),
    "question_answer": Kind("question_answer", "csv", "csv: question and answer"),
}


ALIKE = {  # a layout that is only read -> the one that is written
    "alpaca_chat": "alpaca",
    "dolly": "alpaca",
    "chatml": "messages",
    "distilled": "examples",
    "prompt_answer": "examples",
    "preference": "prompt_completion",
    "preference_chat": "prompt_completion_chat",
    "preference_conversation": "prompt_completion_chat",
}
SHEETS = {"tsv": "csv", "xlsx": "csv"}


def find_kind(name: str) -> Kind | None:
    """What a plain name or `layout.format` asks for; None where it is neither."""
    layout, _, ending = name.partition(".")
    return KINDS.get(name) or (Kind(layout, ending) if layout in LAYOUTS and ending in FORMATS else None)


def kind_like(layout: str, file: str) -> str:
    """The kind that looks most like a file that was read: by the layout found in it (core/text/layouts), and its name.

    A question with options comes back as a question with its answer, a spreadsheet as csv.
    """
    wanted = layout if layout in LAYOUTS else ALIKE.get(layout, "question_answer")
    ending = PurePath(file).suffix.lower().removeprefix(".")
    written = ending if ending in FORMATS else SHEETS.get(ending, "jsonl")
    nested = wanted in ("sharegpt", "messages", "prompt_completion_chat", "examples")
    return f"{wanted}.{'jsonl' if nested and written == 'csv' else written}"


def files_of(sets: Sets, kind: Kind) -> dict[str, bytes]:
    """A file of each data set, named by it."""
    part = "" if kind.layout == "examples" else f"-{kind.layout}"
    rows, written = LAYOUTS[kind.layout].rows, FORMATS[kind.format]
    return {f"{name}{part}.{kind.format}": written(rows(samples)) for name, samples in sets.items()}


def for_llama_factory(samples: Sequence[Sample], layout: Layout, file_name: str) -> dict:
    """The description of such a file in dataset_info.json, with those columns that it has."""
    there = {name for row in layout.rows(samples) for name in row}
    found: dict = {"file_name": file_name, "formatting": layout.formatting}
    found["columns"] = {ours: name for ours, name in layout.columns.items() if name in there}
    return found | ({"tags": layout.tags} if layout.tags else {})
