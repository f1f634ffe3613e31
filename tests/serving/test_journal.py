"""The server's log: whole lines of JSON, and nobody's secrets."""

import json
import logging

import pytest

from backend.serving import journal

OWNER = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def log(tmp_path):
    path = journal.open_journal(tmp_path)
    yield path
    root = logging.getLogger()
    for handler in [h for h in root.handlers if getattr(h, "baseFilename", "") == str(path)]:
        root.removeHandler(handler)
        handler.close()


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_event_is_one_line_with_its_facts(log):
    logging.getLogger("backend.serving.keeper").info("ended", extra={"run": "one\ntwo", "steps": 3})
    assert [(one["event"], one["run"], one["steps"], one["level"]) for one in lines(log)] == [
        ("ended", "one\ntwo", 3, "info")
    ]


def test_owner_ids_and_tokens_are_cut(log):
    found = f"runs/{OWN}/x and {OWNER} with hf_abcdefghijklmnop"
    logging.getLogger("backend").warning(found, extra={"owner": OWNER, "hf_token": "swordfish", "where": f"/{OWNER}/"})
    said = log.read_text()
    assert OWNER not in said and "swordfish" not in said and "abcdefghijklmnop" not in said
    assert "012345…" in said


OWN = OWNER[::-1]


def test_a_trace_is_kept_in_the_log_without_secrets(log):
    try:
        raise ValueError(OWNER)
    except ValueError:
        logging.getLogger("components").exception("failed")
    (one,) = lines(log)
    assert "Traceback" in one["trace"] and OWNER not in one["trace"]


def test_the_log_turns_over(log, monkeypatch):
    (handler,) = [h for h in logging.getLogger().handlers if getattr(h, "baseFilename", "") == str(log)]
    monkeypatch.setattr(handler, "maxBytes", 500)
    for _ in range(50):
        logging.getLogger("backend").info("x" * 100)
    files = sorted(path.name for path in log.parent.glob("server.jsonl*"))
    assert files == ["server.jsonl", "server.jsonl.1", "server.jsonl.2", "server.jsonl.3"]
    assert log.stat().st_size <= 500
