"""`python -m backend describe`: what was understood, as sentences and as JSON, and exit status 2 for a refusal."""

import json

from backend.__main__ import main
from tests.core.text.malformed import FIRST, HEADER, lines, upload

KEYS = ["layout", "task", "rows", "columns", "unused", "warnings", "examples"]
COUNTED = [{"question": "Which?", "choices": ["a cow", "iron", "rain"], "answer": n} for n in (1, 2)]


def test_a_file_is_described_as_json(tmp_path, capsys):
    file = upload(tmp_path, "a.csv", HEADER.replace(b"answer", b"answer,source") + FIRST.replace(b"A\n", b"A,a book\n"))
    assert main(["describe", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == KEYS
    assert (found["layout"], found["rows"], found["unused"]) == ("flat", 1, ["source"])
    assert found["warnings"] == ["Not used: `source`."]
    assert found["examples"] == [
        {
            "prompt": "Question: Which animal gives milk?\nAnswer:",
            "options": ["a cow", "a stone", "iron"],
            "answer": "a cow",
        }
    ]


def test_a_refusal_is_json_too_and_can_be_followed(tmp_path, capsys):
    file = upload(tmp_path, "a.jsonl", lines(*COUNTED))
    assert main(["describe", str(file), "--json"]) == 2
    refused = json.loads(capsys.readouterr().out)
    assert list(refused) == ["found", "expected", "next_step"]
    assert "--answers-from" in refused["next_step"]
    assert main(["describe", str(file), "--answers-from", "0"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Read as mmlu: 2 rows, for the task own_options.")
    assert "answer: 'iron'" in said


def test_a_refusal_without_json_is_a_sentence(tmp_path, capsys):
    assert main(["describe", str(tmp_path / "gone.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err
