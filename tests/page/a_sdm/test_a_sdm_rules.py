"""What the map works out in the browser, by rules.js under node: the engine's own states, and costs that add up."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from backend.core.diffusion.dead_code import states
from backend.core.diffusion.modules import Module
from backend.core.diffusion.plans import Plan
from backend.core.diffusion.prediction import predicted
from components.studies.a_sdm import plan_map, presets
from tests.a_sdm_modules import Unet

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
RULES = Path(plan_map.__file__).with_name("rules.js")
STEPS, PLANS = 8, 120
ROWS = Unet().rows
MODULES = [Module.of_row(row) for row in ROWS if row["id"]]
PROGRAM = """
const element = {}, { rows, plans, harms } = JSON.parse(require("fs").readFileSync(0, "utf8"));
RULES
const graph = graphOf(rows), known = new Map(harms);
console.log(JSON.stringify(plans.map((plan) => {
  const began = performance.now(), map = mapOf(graph, plan), told = { time: timeOf(graph, map, "ms8") };
  Object.assign(told, { near: fidelityOf(map, known), ms: performance.now() - began });
  return { ...told, states: map.map((now) => now.states), from: map.map((now) => now.from) };
})));
"""


def worked_out(plans: list[dict], harms: dict[str, float] | None = None) -> list[dict]:
    asked = json.dumps({"rows": ROWS, "plans": plans, "harms": list((harms or {}).items())})
    script = PROGRAM.replace("RULES", RULES.read_text(encoding="utf-8"))
    done = subprocess.run(["node", "-e", script], input=asked, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def plan(*modules: str, at=(1, 3, 5, 7), reading: str = "output", steps: int = STEPS) -> dict:
    return {"steps": steps, "inherit": [{"module": one, "reading": reading, "at": list(at)} for one in modules]}


def any_plans() -> list[dict]:
    luck, found = random.Random(0), []
    for _ in range(PLANS):
        chosen = {}
        for module in luck.sample(MODULES, luck.randrange(1, 6)):
            reading = "branch" if module.branch and luck.random() < 0.5 else "output"
            at = [step for step in range(1, STEPS) if luck.random() < 0.5]
            chosen[module.id] = {"module": module.id, "reading": reading, "at": at}
        found.append({"steps": STEPS, "inherit": [one for one in chosen.values() if one["at"]]})
    return found


def test_browser_and_engine_agree_on_every_state_of_any_plan():
    plans = any_plans()
    for one, found in zip(plans, worked_out(plans), strict=True):
        wanted = states(MODULES, Plan.of(one))
        for place, module in enumerate(MODULES):
            assert [now[place] for now in found["states"]] == wanted[module.id], (one, module.id)


def test_browser_and_engine_predict_the_same_time_of_any_plan():
    plans, own = any_plans()[:40], {row["id"]: row["own_ms8"] for row in ROWS}
    for one, found in zip(plans, worked_out(plans), strict=True):
        assert found["time"] == pytest.approx(predicted(MODULES, own, Plan.of(one)), rel=1e-9)


def test_what_is_dead_costs_nothing_however_the_plan_is_written():
    last, whole, nothing = worked_out([plan("up_blocks.2.resnets.2"), plan("conv_out"), plan()])
    assert last["time"] == whole["time"] == pytest.approx(0.5) and nothing["time"] == pytest.approx(1)
    convs, branch = worked_out([plan("mid_block.resnets.0.conv2"), plan("mid_block.resnets.0", reading="branch")])
    assert convs["time"] == branch["time"] < 1


def test_a_module_inherits_from_the_last_step_that_computed_it():
    place = [module.id for module in MODULES].index("mid_block")
    [found] = worked_out([plan("mid_block", at=(1, 2, 3, 5))])
    assert [now[place] for now in found["from"]] == [None, 0, 0, 0, None, 4, None, None]


def test_predicted_likeness_is_the_measured_one_for_what_was_measured():
    harms = {"mid_block output": 40.0, "up_blocks.0 output": 30.0, "conv_out output": 25.0}
    plans = [plan("mid_block"), plan("mid_block", "up_blocks.0"), plan("mid_block", at=(1, 2, 3, 4, 5, 6, 7)), plan(),
             plan("conv_out"), plan("down_blocks.0")]  # fmt: skip
    alone, both, long, none, whole, unknown = (one["near"] for one in worked_out(plans, harms))
    assert alone == pytest.approx(40.0) and whole == pytest.approx(25.0)
    assert both < 40 and long < 30  # up_blocks.0 alone makes the middle dead: its own harm counts
    assert none is None and unknown is None  # infinity is no JSON, and the other was not tried


def test_a_plan_of_fifty_steps_is_worked_out_at_once():
    [_, found] = worked_out([plan("mid_block"), plan("down_blocks.1", at=range(1, 50, 2), steps=50)])
    assert found["ms"] < 100


def test_parts_and_steps_by_name_are_the_engines():
    found = dict(presets.parts(ROWS))
    assert found["Middle block"] == [["mid_block", "output"]]
    assert found["DeepCache, branch 0"] == [["up_blocks.2.resnets.1", "output"]]
    assert {reading for _, reading in found["All resnets"]} == {"branch"}
    assert [module for module, _ in found["All from down 3 inwards"]] == ["down_blocks.2", "mid_block", "up_blocks.0"]
    sets = dict(presets.sets(20))
    assert sets["Every third step"] == [0, 3, 6, 9, 12, 15, 18] and sets["5 steps, evenly"] == [0, 4, 8, 12, 16]
    assert all(computed[0] == 0 and computed == sorted(set(computed)) for steps in (2, 3, 7, 50)
               for computed in dict(presets.sets(steps)).values())  # fmt: skip
    assert presets.parts([{"id": 3}, {"id": "x", "kind": []}]) == []
