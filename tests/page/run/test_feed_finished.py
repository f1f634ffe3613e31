"""What was scored in the end reaches the wall: at once for a run that is over, for a live one when it is written."""

from backend.disk import write_atomically
from backend.runs.folder import RunDir
from components.run import feed
from components.studies.text_distillation.feed import WALL

ROW = '{"prompt": "p", "answer": "a", "provenance": {"text": "real?", "reverted": true}}\n'


def run_with_prompts(folder) -> RunDir:
    run = RunDir.create(folder, "text_distillation", None, {"seed": 0})
    prompt = {"slot": 0, "text": "made", "answer": "a", "changed": 0.5, "distance": 0.1}
    run.append("prompts", {"step": 5, "prompts": [prompt]})
    return run


def test_a_finished_run_says_what_was_scored_with_its_first_look(tmp_path):
    run = run_with_prompts(tmp_path / "run")
    (run.path / "distilled.jsonl").write_text(ROW)
    news, _ = feed.look(run, feed.first_look("own/x"), (WALL,))
    assert news["wall"]["finished"] == [{"text": "real?", "reverted": True}]


def test_a_live_run_says_it_once_when_it_is_written(tmp_path):
    run = run_with_prompts(tmp_path / "run")
    news, seen = feed.look(run, feed.first_look("own/x"), (WALL,))
    assert news["wall"]["finished"] == []
    write_atomically(run.path / "distilled.jsonl", ROW)
    news, seen = feed.look(run, seen, (WALL,))
    assert news["wall"]["finished"] == [{"text": "real?", "reverted": True}] and not news["wall"]["fresh"]
    news, _ = feed.look(run, seen, (WALL,))
    assert news["wall"] is None


def test_rows_of_another_kind_are_passed_over(tmp_path):
    run = run_with_prompts(tmp_path / "run")
    (run.path / "distilled.jsonl").write_text('{"prompt": "a", "answer": "b", "provenance": {}}\n{"prompt": "a"}\n')
    news, _ = feed.look(run, feed.first_look("own/x"), (WALL,))
    assert news["wall"]["finished"] == []
