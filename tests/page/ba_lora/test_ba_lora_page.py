"""The page of BA-LoRA without a browser: what it shows of each state of a run, what it answers, and what stays text."""

import json
import shutil

import gradio as gr
import pytest

from components.run.shares import Shares
from components.run.shelf import new_owner
from tests.ba_lora_folder import curves, write_run
from tests.pages import Recorder, make_page, panel

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The page, made once: it keeps nothing but where its shelves stand and its runner."""
    return make_page("ba_lora", tmp_path_factory.mktemp("ba-lora"))


@pytest.fixture
def page(built, tmp_path):
    for shelf in built.house.shelves.values():
        shelf.samples, shelf.root, shelf.shares = tmp_path / "samples", tmp_path / "runs", Shares(tmp_path / "shared")
    built.runner = built.view.runner = Recorder()
    return built


def event(**fields):
    return gr.EventData(None, fields)


def shown(page, key="recorded/r"):
    found = page.view.show(new_owner(), key)
    return {part.elem_id: value for part, value in found.items() if getattr(part, "elem_id", None)}


def test_a_finished_run_fills_every_panel_and_says_in_its_head_what_consistency_keeps(page):
    write_run(page.shelf.samples / "r")
    found = shown(page)
    assert "Consistency keeps a student nearer to the model it started from" in found["status"]
    assert 'data-cells="0"' not in found["probes"] and 'data-dots="0"' not in found["tradeoff"]
    assert len(found["spectrum"]["rows"]) == 5 * 3 * 6 and 'data-pairs="20"' in found["pairs"]
    assert "2 of 5 forms" in found["exhibits"]


def test_no_run_shows_no_empty_card(page):
    found = shown(page, None)
    assert [found[name] for name in ("probes", "tradeoff", "pairs", "probe-answers")] == [""] * 4
    assert found["spectrum"] == {} and "did not measure" in found["exhibits"]


def test_a_run_that_has_just_begun_invites_and_claims_nothing(page):
    run = write_run(page.shelf.samples / "r", ("pissa",), seeds=1, items=4)
    for name in ("probes.jsonl", "spectra.jsonl", "exhibits.jsonl", "summary.json"):
        (run.path / name).unlink()
    run.set_status(state="running", stage="tune", done=1, total=9)
    curves(run, "pissa", 0, 3)
    found = shown(page)
    assert "No probe was answered yet" in found["probes"] and "appears here" in found["tradeoff"]
    assert found["spectrum"]["live"] is True and found["spectrum"]["rows"] == []


def test_an_old_run_whose_files_are_missing_shows_what_it_has(page):
    run = write_run(page.shelf.samples / "r")
    for name in ("spectra.jsonl", "exhibits.jsonl", "summary.json"):
        (run.path / name).unlink()
    shutil.rmtree(run.artifacts / "probes")
    found = shown(page)
    assert "This run has no summary" in found["probes"] and "ds-watching" not in found["status"]
    assert "are not at hand" in found["pairs"] and found["spectrum"]["live"] is False


def test_a_click_on_a_figure_opens_its_answers_and_one_on_nothing_opens_nothing(page):
    write_run(page.shelf.samples / "r")
    probes, owner = panel(page, "probes"), new_owner()
    asked = {"run": "recorded/r", "who": "ba_lora_strong", "probe": "pairs", "metric": "pair_score"}
    assert "take the planted side only with BA-LoRA × 40" in probes.open(owner, event(**asked))
    for wrong in ({"run": "recorded/other"}, {"run": 3}, {"who": ["x"]}, {"metric": None}):
        assert probes.open(owner, event(**{**asked, **wrong})) == ""
    assert "are not in this run" in probes.open(owner, event(**{**asked, "who": "../r"}))


def test_another_student_of_the_pairs_is_chosen_and_nonsense_is_the_first(page):
    write_run(page.shelf.samples / "r")
    pairs, owner = panel(page, "pairs"), new_owner()
    assert "for LoRA, seed 2" in pairs.choose(owner, event(run="recorded/r", who="lora", seed="2"))
    assert "seed 0" in pairs.choose(owner, event(run="recorded/r", who={}, seed="²"))
    assert pairs.choose(owner, event(run="recorded/none")) == ""


def test_nothing_from_a_run_folder_becomes_markup(page):
    run = write_run(page.shelf.samples / "r", ("pissa", "ba_lora_strong"), seeds=2, items=4)
    summary = run.summary() | {"skipped": [HOSTILE], "warnings": [{"found": HOSTILE, "next_step": HOSTILE}]}
    (run.path / "summary.json").write_text(json.dumps(summary))
    for file in run.artifacts.glob("probes/*/*.jsonl"):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        for row in rows:
            row |= {name: HOSTILE for name in ("id", "text", "kind") if name in row}
            row |= {name: [HOSTILE] * len(row[name]) for name in ("options", "sentences") if name in row}
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run.append("exhibits", {"form": HOSTILE, "step": 0, "term": HOSTILE, "value": 1, "gradient": 1})
    texts = [text for text in shown(page).values() if isinstance(text, str)]
    asked = {"run": "recorded/r", "who": "pissa", "probe": "pairs", "metric": "nats"}
    texts.append(panel(page, "probes").open(new_owner(), event(**asked)))
    assert sum(HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in text for text in texts) >= 3
    assert not any("<img" in text for text in texts)


def test_the_strength_of_what_is_planted_is_asked_only_where_one_plants(page):
    for plant, visible in (("bundled", False), ("own", True), (None, False)):
        found = page.choose_plant(plant)
        assert len(found) == 3 and all(update["visible"] is visible for update in found.values())
