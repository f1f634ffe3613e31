"""A study is one object: a toy of seven files and one line in a table has all that the house gives to studies.

Everything runs in a copy of the project, by its command line, its API and its runners. The page is driven by
test_toy_browser.py.
"""

import ast
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import toy_house
from tests.toy_house import ROOT, TOY, command, environment, program, rows


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    return toy_house.build(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def whole(house) -> Path:
    """A run from the first stage to the last."""
    done = command(house, "run", "toy", "--preset", "quick", "--out", house / "whole")
    assert done.returncode == 0, done.stderr
    return house / "whole"


def test_it_costs_eight_files_at_most_and_no_file_but_the_table_names_it():
    own = [file for file in TOY.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    assert len(own) <= 8
    for room in ("app.py", "backend", "components"):
        files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
        named = [f for f in files if {"toy", "ToyConfig"} & names_in(f)]
        assert not named, "the copy's table alone may name it"


def names_in(file: Path) -> set[str]:
    """Every name and text of a file that is one word."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found | {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_a_name_in_a_file_would_be_noticed(tmp_path):
    (tmp_path / "bad.py").write_text('if study == "toy":\n    pass\n')
    assert "toy" in names_in(tmp_path / "bad.py")


def test_the_command_line_runs_it_and_shows_its_results(house, whole):
    assert json.loads((whole / "status.json").read_text())["state"] == "finished"
    assert len(rows(whole, "metrics")) == 90
    table = command(house, "results", whole, "--json")
    means = {row["arm"]: row["mean"] for row in json.loads(table.stdout)}
    assert means["fitted"] > means["base"] + 0.5
    listed = command(house, "list").stdout
    assert "study toy: How does a line find its points?" in listed and "fit,judge" in listed


def test_a_run_says_at_once_that_it_starts_then_how_far_it_is(house, tmp_path):
    done = command(house, "run", "toy", "--preset", "quick", "--set", "pause=0.02", "--out", tmp_path / "told")
    first, *others = done.stderr.splitlines()
    assert first == f"Starting toy in {tmp_path / 'told'}. Loading the libraries takes some seconds."
    assert any(line.startswith("Fit: ") for line in others)
    assert done.stdout == f"finished: {tmp_path / 'told'}\n"


def test_its_metrics_can_be_followed(house, tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed (requirements-follow.txt)")
    words = ["--preset", "quick", "--out", tmp_path / "seen", "--follow", "tensorboard"]
    done = command(house, "run", "toy", *words)
    assert done.returncode == 0, done.stderr
    read = f"""
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = EventAccumulator({str(tmp_path / "seen" / "tensorboard")!r}).Reload()
print(sum(len(found.Scalars(name)) for name in found.Tags()["scalars"]))
"""
    assert int(program(house, read)) == len(rows(tmp_path / "seen", "metrics") + rows(tmp_path / "seen", "results"))


def test_bad_settings_and_stages_are_refused_by_name(house, tmp_path):
    for words, said in (
        (["--set", "steps=0"], "steps is 0"),
        (["--set", "step=3"], "Did you mean 'steps'"),
        (["--stages", "fit,jude"], "There is no stage 'jude'"),
    ):
        done = command(house, "run", "toy", *words, "--out", tmp_path / "bad")
        assert done.returncode in (1, 2) and said in done.stderr and "Traceback" not in done.stderr


def test_a_killed_run_resumes_to_the_numbers_of_an_unbroken_one(house, whole, tmp_path):
    words = ["run", "toy", "--preset", "quick", "--set", "pause=0.02", "--out", str(tmp_path / "killed")]
    line = [sys.executable, "-m", "backend", *words]
    worker = subprocess.Popen(line, cwd=house, env=environment(house), stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (tmp_path / "killed" / "metrics.jsonl").exists() or len(rows(tmp_path / "killed", "metrics")) < 20:
        assert time.monotonic() < until and worker.poll() is None
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert len(rows(tmp_path / "killed", "metrics")) < 90
    assert command(house, *words).returncode == 0
    for name in ("metrics", "results"):
        assert rows(tmp_path / "killed", name) == rows(whole, name)


def test_only_the_first_stage_then_the_rest(house, whole, tmp_path):
    command(house, "run", "toy", "--preset", "quick", "--stages", "fit", "--out", tmp_path / "part")
    assert not (tmp_path / "part" / "results.jsonl").exists()
    command(house, "run", "toy", "--preset", "quick", "--out", tmp_path / "part")
    assert rows(tmp_path / "part", "results") == rows(whole, "results")


def test_a_run_travels_and_comes_back_the_same(house, whole, tmp_path):
    packed = tmp_path / "toy.distilloscope.zip"
    assert command(house, "export", whole, "--to", packed).returncode == 0
    back = command(house, "import", packed, "--out", tmp_path / "back")
    assert back.returncode == 0, back.stderr
    for name in ("metrics", "results"):
        assert rows(tmp_path / "back", name) == rows(whole, name)
    tables = command(house, "export", whole, "--as", "csv", "--to", tmp_path / "tables.zip")
    assert tables.returncode == 0, tables.stderr


def test_a_run_of_a_study_that_a_copy_does_not_know_is_refused_there_by_name(house, whole, tmp_path):
    packed = tmp_path / "toy.distilloscope.zip"
    command(house, "export", whole, "--to", packed)
    line = [sys.executable, "-m", "backend", "import", str(packed), "--out", str(tmp_path / "back")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "toy" in done.stderr and not (tmp_path / "back").exists()


def test_a_changed_row_is_refused_before_anything_is_written(house, whole, tmp_path):
    code = f"""
from pathlib import Path
from backend.export.copy import RunCopy
from backend.export.run_file import pack, unpack
from backend.errors import UserError
from backend.runs.folder import RunDir
import json
folder = Path({str(tmp_path / "bad")!r})
run = RunDir.create(folder, "toy", "quick", json.loads(Path({str(whole / "config.json")!r}).read_text())["config"])
run.set_status(state="finished", stage="judge", done=1, total=1, stages=None, error=None)
run.append("metrics", {{"stage": "fit", "seed": 0, "step": "one", "loss": 1.0}})
try:
    unpack(pack(RunCopy.of(run)))
except UserError as error:
    print(error)
"""
    assert "metrics.jsonl" in program(house, code)


def test_a_public_host_holds_its_limits_and_paths_and_models(house):
    code = """
from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, HOSTS
from backend.study import find
study = find("toy")
for values in ({"steps": 501}, {"seeds": 6}, {"points_dir": "/etc"}, {"judge": "someone/else-70b"}):
    try:
        HOSTS[CPU_SPACE].admit(study.config, values)
        print("admitted", values)
    except UserError as error:
        print(error.found)
"""
    told = program(house, code)
    assert "admitted" not in told and told.count("this host is shared") == 4


def test_the_api_lists_starts_follows_and_stops_it(house):
    code = """
import asyncio, time
from pathlib import Path
import gradio as gr
from backend.disk import home
from backend.runners.local import LocalRunner
from backend.study import find
from components.api import Api
from components.run.shelf import Shelf
async def make():
    with gr.Blocks():
        root = home() / "runs"
        return Api([Shelf.of(find("toy"), Path("none"), root)], LocalRunner(root))
api = asyncio.run(make())
described = api.list_presets("toy")["studies"][0]
print(described["stages"], [preset["preset"] for preset in described["presets"]])
begun = api.start("toy", "quick", {"pause": 0.05})
run, owner = begun["run"], begun["owner"]
while api.status(run, owner)["done"] < 5: time.sleep(0.05)
api.stop(run, owner)
while api.status(run, owner)["state"] not in ("stopped", "finished", "failed"): time.sleep(0.05)
print(api.status(run, owner)["state"], api.status(run, owner)["stage"])
"""
    told = program(house, code)
    assert "['fit', 'judge'] ['quick']" in told and "stopped fit" in told


def test_earlier_runs_tell_how_long_the_next_one_takes(house, whole):
    code = """
import dataclasses
from backend.runs.estimate import estimate
from backend.runs.machine import this_machine
from backend.study import find
study = find("toy")
quick = study.config(steps=30)
short, long = (estimate(study, one, "", this_machine()) for one in (quick, dataclasses.replace(quick, steps=300)))
print(short is not None and long.seconds[1] > 2 * short.seconds[1])
"""
    assert program(house, code).strip() == "True"


def test_a_study_that_cannot_be_loaded_is_named_and_the_others_go_on(house, tmp_path):
    broken = toy_house.build(tmp_path / "broken")
    (broken / "backend" / "studies" / "toy" / "config.py").write_text("raise RuntimeError('no such luck')\n")
    listed = command(broken, "list")
    assert listed.returncode == 0 and "study toy cannot be loaded: RuntimeError: no such luck" in listed.stdout
    assert "study bench" in listed.stdout
    tried = command(broken, "run", "toy", "--out", tmp_path / "run")
    assert tried.returncode == 2 and "cannot be loaded" in tried.stderr


def test_the_contract_holds_for_it_too(house):
    """What every study is held to, asked of the copy, where the toy is one of them."""
    code = "from tests.test_study_contract import held_to; print(held_to())"
    (house / "tests").mkdir(exist_ok=True)
    for name in ("__init__.py", "test_study_contract.py"):
        (house / "tests" / name).write_text((ROOT / "tests" / name).read_text(encoding="utf-8"), encoding="utf-8")
    assert "toy" in program(house, code)
