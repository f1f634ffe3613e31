"""A reader of data sets written after LLaMA-Factory's data/README.md: what its two layouts teach, as turns.

`dataset_info.json` names a file and its columns; a column that it does not name is not read. alpaca: `prompt` and
`query` are put together by a line end, `history` comes before. sharegpt: people and observations on odd places,
answers on even ones; a system turn may come first.
"""

import json
import tempfile
from pathlib import Path

import datasets

BUILDERS = {".json": "json", ".jsonl": "json", ".csv": "csv", ".parquet": "parquet"}
TAGS = {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt", "system_tag": "system"}

Talk = list[dict[str, str]]


def learned(folder: Path, name: str) -> list[tuple[str, Talk]]:
    """(system prompt, turns with the answer last) of every example of a data set in `folder`."""
    told = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))[name]
    file = folder / told["file_name"]
    with tempfile.TemporaryDirectory() as cache:
        rows = datasets.load_dataset(BUILDERS[file.suffix], data_files=str(file), split="train", cache_dir=cache)
        read = {"alpaca": alpaca, "sharegpt": sharegpt}[told.get("formatting", "alpaca")]
        return [read(row, told["columns"], TAGS | told.get("tags", {})) for row in rows]


def alpaca(row: dict, columns: dict, _: dict) -> tuple[str, Talk]:
    talk: Talk = []
    for asked, answered in row[columns["history"]] if "history" in columns else []:
        talk += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    asked = [row[columns[name]] for name in ("prompt", "query") if name in columns and row[columns[name]]]
    talk += [{"role": "user", "content": "\n".join(asked)}]
    talk += [{"role": "assistant", "content": row[columns["response"]]}]
    return row[columns["system"]] if "system" in columns else "", talk


def sharegpt(row: dict, columns: dict, tags: dict) -> tuple[str, Talk]:
    roles = {tags["user_tag"]: "user", tags["assistant_tag"]: "assistant"}
    told = row[columns["messages"]]
    system = row[columns["system"]] if "system" in columns else ""
    if told[0][tags["role_tag"]] == tags["system_tag"]:
        system, told = told[0][tags["content_tag"]], told[1:]
    talk = [{"role": roles[turn[tags["role_tag"]]], "content": turn[tags["content_tag"]]} for turn in told]
    assert [turn["role"] for turn in talk] == ["user", "assistant"] * (len(talk) // 2), "turns must take turns"
    return system, talk
