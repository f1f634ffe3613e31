"""The four texts of the box: each is what the form says, and starts the very same run when it is pasted."""

import ast
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend import settings
from backend.__main__ import parser
from backend.runs.recipe import checked, read_yaml
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from components.form import form_values
from components.run.shelf import new_owner
from components.run.upload_store import TEST
from tests import bench_page
from tests.bench_page import held, upload
from tests.pages import make_page

built, page = bench_page.built, bench_page.page
ROOT = Path(__file__).parents[2]
ITEMS = [item for item in settings.describe(DistillConfig) if item.kind != settings.FILE]  # those with a widget
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20) | st.sampled_from(
    ["no", "1", "1e-5", "~", "it's", '"', "$HOME", "`ls`", "a: b", "- x", "#", "\\", "{}", "--set", "é 中", "\u2028"]
)
TINY = {"outer_steps": 1, "experts": 1, "expert_steps": 6, "heldout_experts": 0, "max_start": 0, "expert_span": 2}
TINY |= {"inner_steps": 2, "test_limit": 5, "data_dir": "", "revert": False, "arms": ["text", "base"]}
TINY |= {"decoder": "nearest"}  # a search would be the most of such a run


@pytest.fixture(scope="module")
def distil(tmp_path_factory):
    """The first page, around a runner that only remembers."""
    return make_page("text_distillation", tmp_path_factory.mktemp("page"))


def values_of(preset, **changes):
    """What the form holds: its settings, then a visitor without a file."""
    values = form_values.values_of(DistillConfig, settings.load_preset(PRESETS, preset)["settings"], ITEMS)
    return [*(changes.get(item.name, value) for item, value in zip(ITEMS, values, strict=True)), "", ""]


def any_value(item):
    match form_values.kind(item):
        case "checkbox":
            return st.booleans()
        case "radio":
            return st.sampled_from(item.choices)
        case "choices":
            return st.lists(st.sampled_from(item.choices), unique=True)
        case "text":
            return WORDS
    high = 1e6 if item.high is None else item.high
    if item.type is int:
        return st.integers(int(item.low), int(min(high, 500)))
    return st.floats(item.low, high)


CHANGES = st.lists(st.sampled_from(ITEMS), max_size=6, unique_by=lambda item: item.name).flatmap(
    lambda items: st.fixed_dictionaries({item.name: any_value(item) for item in items})
)


def words_of(command):
    return shlex.split(command.replace(" \\\n", " "))


def said_by(texts):
    """`name -> (config, stages)` as whoever reads the text will understand it."""
    args = parser().parse_args(words_of(texts["command"])[3:])
    base = settings.load_preset(PRESETS, args.preset)["settings"]
    typed = dict(settings.parse_assignment(DistillConfig, text) for text in args.set)
    file = read_yaml(texts["yaml"])
    calls = [node for node in ast.walk(ast.parse(texts["python"])) if isinstance(node, ast.Call)]
    given = {word.arg: ast.literal_eval(word.value) for word in calls[-1].keywords}
    program = checked(given["study"], given["preset"], given["changes"], given.get("stages", ""))
    sent = checked(*json.loads(words_of(texts["http"])[-1])["data"][:4])
    assert args.out == Path(given["out"]) == Path(words_of(texts["yaml"].partition("\n")[0][2:])[-1])
    return {
        "command": (settings.build(DistillConfig, base | typed), args.stages),
        **{
            name: (found.config(), found.stages)
            for name, found in (("yaml", file), ("python", program), ("http", sent))
        },
    }


@given(preset=st.sampled_from(settings.list_presets(PRESETS)), score=st.booleans(), changes=CHANGES)
def test_whatever_the_form_holds_all_four_say_it(distil, preset, score, changes):
    values = values_of(preset, **changes)
    message, _, box = distil.form.follow(preset, score, *values)
    assume(not message)
    wanted = (distil.form.config(values), distil.form.stages(score))
    assert said_by(box["texts"]) == dict.fromkeys(box["texts"], wanted)


@pytest.mark.parametrize("preset", settings.list_presets(PRESETS))
def test_a_preset_switch_is_followed(distil, preset):
    box = distil.form.fill(preset, "", "")[len(ITEMS) + 3]
    config = settings.build(DistillConfig, settings.load_preset(PRESETS, preset)["settings"])
    assert said_by(box["texts"]) == dict.fromkeys(box["texts"], (config, ""))
    assert "changes" not in box["texts"]["yaml"]


def test_the_box_begins_with_what_the_form_begins_with(distil):
    form = distil.form
    assert form.box.value == form.follow(form.names[0], True, *[widget.value for widget in form.widgets], "", "")[2]


def test_the_settings_of_the_run_on_screen_are_followed(distil):
    owner = new_owner()
    key = distil.begin(owner, "standard", True, *values_of("standard", seeds=7))[distil.view.seen]["key"]
    box = distil.copy_settings(owner, key, False)[distil.form.box]
    assert said_by(box["texts"])["yaml"] == (
        distil.form.config(values_of("standard", seeds=7)),
        "experts,distil,decode",
    )


def test_two_different_runs_never_share_a_folder(distil):
    commands = [
        distil.form.follow("quick", True, *values_of("quick", seeds=n))[2]["texts"]["command"] for n in (2, 6, 4)
    ]
    assert len({words_of(command)[-1] for command in commands}) == 3
    assert words_of(commands[1])[-1] == "runs/quick"  # six seeds are what the preset has


# -- pasted -----------------------------------------------------------------------------------------------------------
def started_by_the_form(distil):
    """The texts for a tiny run, and the config.json that the form's own button writes."""
    owner, values = new_owner(), values_of("quick", **TINY, model="opt-pocket", other_model="")
    box = distil.form.follow("quick", False, *values)[2]
    key = distil.begin(owner, "quick", False, *values)[distil.view.seen]["key"]
    assert distil.runner.asked[-1][2] == "experts,distil,decode"
    return box["texts"], distil.shelf.open(owner, key).config()


@pytest.mark.parametrize("name", ["yaml", "command", "python"])
def test_pasted_it_makes_the_run_that_the_button_makes(distil, name, tmp_path):
    texts, wanted = started_by_the_form(distil)
    pasted = {
        "yaml": texts["yaml"].partition("\n")[0].removeprefix("# "),
        "command": texts["command"],
        "python": "python again.py",
    }[name]
    (tmp_path / "run.yaml").write_text(texts["yaml"])
    (tmp_path / "again.py").write_text(texts["python"])
    found = paste(pasted, tmp_path, PYTHONPATH=str(ROOT))
    assert found.returncode == 0, found.stderr
    folders = list((tmp_path / "runs").iterdir())
    assert len(folders) == 1
    assert json.loads((folders[0] / "config.json").read_text()) == wanted
    assert json.loads((folders[0] / "status.json").read_text())["state"] == "finished"
    assert (folders[0] / "distilled.jsonl").is_file()
    assert not (folders[0] / "results.jsonl").exists(), "it was not to be scored"


def paste(text, folder, **env):
    """In a shell in the project's folder, or what stands for it."""
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | env
    return subprocess.run(
        ["bash", "-c", text], cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )


# -- the bench --------------------------------------------------------------------------------------------------------
def test_the_bench_says_the_same_four_ways(page):
    values = held(page, new_owner(), data="random", examples=8, lrs="0.001, 1", tasks=["pocket_science", "arc_easy"])
    texts = page.form.follow("pocket", *values)[2]["texts"]
    config = page.form.config(values)
    assert read_yaml(texts["yaml"]).config() == config
    assert checked(*json.loads(words_of(texts["http"])[-1])["data"][:4]).config() == config
    assert "--set lrs=0.001,1.0" in texts["command"]
    assert '"lrs": [0.001, 1.0],' in texts["python"]


def test_a_request_names_a_recorded_run_by_its_key(page):
    folder = page.sources.distilled.samples / "quick"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"study": "text_distillation", "preset": "quick", "config": {}}')
    (folder / "distilled.jsonl").write_text("{}\n")
    texts = page.form.follow("pocket", *held(page, new_owner(), "recorded/quick", data="distilled"))[2]["texts"]
    assert json.loads(words_of(texts["http"])[-1])["data"][2]["data_path"] == "recorded/quick"
    assert "assets/sample_runs/quick" in texts["yaml"]


def test_an_uploaded_file_is_named_as_ones_own_even_after_a_preset_switch(page, tmp_path):
    owner = new_owner()
    key, _ = upload(page, tmp_path, owner, "question,A,B,answer\nIs it?,yes,no,A\n", use=TEST)
    box = page.form.fill("handful", owner, None, None, key)[len(page.form.items) + 3]
    assert "test_file: mine.csv" in box["texts"]["yaml"]
    assert box["texts"]["http"] == ""
    assert "your own" in box["notes"]["command"]
    assert str(tmp_path) not in json.dumps(box)
