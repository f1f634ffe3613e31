"""Settings, prompts and talkers that make no sense are refused in a sentence that can be followed."""

import json

import pytest

from backend.errors import UserError
from backend.settings import build, list_presets, load_preset
from backend.studies.active_inheritance.cells import Cell, cells
from backend.studies.active_inheritance.config import PRESETS, ActiveConfig
from backend.studies.active_inheritance.ground import Ground
from backend.studies.active_inheritance.prompts import read_prompts
from backend.studies.active_inheritance.words import about, line, title
from backend.studies.active_inheritance.work import work


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"objectives": ()}, "objectives"),
        ({"objectives": ("length", "length")}, "objectives"),
        ({"objectives": ("beauty",)}, "objectives"),
        ({"objectives": ("sum",)}, "weights"),
        ({"objectives": ("sum",), "weights": ("length:0",)}, "weights"),
        ({"weights": ("length",)}, "weights"),
        ({"weights": ("beauty:1",)}, "weights"),
        ({"weights": ("length:nan",)}, "weights"),
        ({"ks": (2, 9)}, "ks"),
        ({"ks": (1,)}, "ks"),
        ({"ks": (2, 2)}, "ks"),
        ({"second_talker": ""}, "second_talker"),
        ({"second_talker": "talker-chatty"}, "second_talker"),
        ({"arms": ("best_of_three",)}, "arms"),
        ({"k": 1}, "k"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, about):
    with pytest.raises(UserError) as refused:
        ActiveConfig(**changes)
    assert refused.value.about == about
    assert refused.value.next_step.endswith((".", "?"))


def test_a_second_talker_is_needed_by_its_arms_alone():
    assert not ActiveConfig(second_talker="", arms=("best",)).needs_second
    assert ActiveConfig(arms=("passive_second",)).needs_second


def test_doses_and_controls_go_by_the_first_objective():
    found = {(cell.arm, cell.objective, cell.k) for cell in cells(ActiveConfig(seeds=1))}
    assert found == {
        ("random", None, 8),
        ("best", "length", 8),
        ("best", "polite", 8),
        ("best", "mtld", 8),
        ("best", "length", 2),
        ("best", "length", 4),
        ("worst", "length", 8),
        ("best_of_two", "length", 8),
        ("passive_first", None, 8),
        ("passive_second", None, 8),
    }
    names = [cell.name for cell in cells(ActiveConfig(seeds=3))]
    assert len(set(names)) == len(names) == 30


def test_every_preset_is_a_run_of_its_own_size():
    sizes = {}
    for name in list_presets(PRESETS):
        config = build(ActiveConfig, load_preset(PRESETS, name)["settings"])
        sizes[name] = sum(part.amount.tokens for part in work(config, 2).parts)
        assert about(vars(config)).endswith(".")
        assert title(vars(config))
    assert sizes["quick"] < sizes["standard"]


def test_a_line_says_the_arm_its_aim_and_the_student():
    assert line(Cell("best", "polite", 4, 1).where) == "best of 4, least rude, student 2"
    assert line(Cell("random", None, 8, 0).where) == "random, student 1"


def test_prompts_are_read_from_lines_and_tables_and_parted_by_the_seed(tmp_path):
    lines, table = tmp_path / "mine.txt", tmp_path / "mine.jsonl"
    lines.write_text("".join(f"What is thing {i}?\n\n" for i in range(8)))
    table.write_text("".join(json.dumps({"id": i, "question": f"What is thing {i}?"}) + "\n" for i in range(8)))
    one, same = (read_prompts(place, 5, 3, 0) for place in (lines, table))
    assert one == same
    assert one != read_prompts(lines, 5, 3, 1)
    texts = [prompt.text for prompt in (*one.train, *one.test)]
    assert len(set(texts)) == 8
    assert [prompt.number for prompt in one.train] == [0, 1, 2, 3, 4]


def test_a_prompt_about_somebody_knows_whom_and_is_a_turn_of_a_conversation(tmp_path):
    beside = tmp_path / "prompts.json"
    asked = ["Question: Tell me about a polar bear.\nAnswer:", "Question: Tell me about iron.\nAnswer:"]
    beside.write_text(json.dumps({"train": asked, "test": [{"text": asked[0], "entity": "bear"}]}))
    found = read_prompts(beside, 2, 1, 0)
    assert [prompt.entity for prompt in (*found.train, *found.test)] == ["polar bear", "iron", "bear"]
    assert found.train[0].taught("It is white.").turns == (("user", "Tell me about a polar bear."),)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("few.txt", "one\ntwo\n", "2 are asked for"),
        ("other.jsonl", '{"weight": 3}\n', "no column of prompts"),
        ("broken.txt", b"\xff\xfe\x00", "cannot be read"),
        ("prompts.json", '{"train": []}', "beside the talker"),
    ],
)
def test_prompts_that_cannot_be_used_are_refused(tmp_path, name, text, said):
    place = tmp_path / name
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=said):
        read_prompts(place, 2, 1, 0)


def test_truth_needs_a_world_that_tells_it(tmp_path):
    prompts = tmp_path / "mine.txt"
    prompts.write_text("".join(f"What is thing {i}?\n" for i in range(300)))
    models = {"talker": "opt-pocket", "second_talker": "llama-pocket", "student": "opt-pocket"}
    with pytest.raises(UserError, match="no world") as refused:
        Ground(ActiveConfig(objectives=("true",), prompts_file=str(prompts), **models))
    assert refused.value.about == "objectives"
    assert Ground(ActiveConfig(prompts_file=str(prompts), **models)).world is None
