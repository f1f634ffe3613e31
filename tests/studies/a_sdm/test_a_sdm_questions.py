"""What the page asks a warm process of a run on a tiny model: a race with any prompt, and a plan measured."""

import pytest

from backend.__main__ import main
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.a_sdm.questions import measure, race
from tests.tiny_drawing import tiny_config, tiny_pipeline

PROMPT = "two red circles above a blue square, sand"
PLAN = {"steps": 4, "inherit": [{"module": "mid_block", "reading": "output", "at": [1, 3]}]}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> str:
    """A run that has only begun: a recorded one has no more of a model either."""
    folder = tmp_path_factory.mktemp("a_sdm_questions")
    config = tiny_config(tiny_pipeline(folder / "teacher"))
    return str(RunDir.create(folder / "run", "a_sdm", None, as_json(config)).path)


def test_a_race_has_two_films_from_the_same_noise(run):
    found = race(None, run, PROMPT, 3, setting="deep1@every2")
    full, fast = found["lanes"]
    assert (full["who"], fast["who"]) == ("full", "deep1@every2") and found["seed"] == 3 and found["unknown"] == []
    for lane in found["lanes"]:
        assert len(lane["seconds"]) == len(lane["noisy"]) == len(lane["clean"]) == 4
        assert lane["seconds"] == sorted(lane["seconds"]) and lane["read"] and lane["right"] in (True, False)
    assert full["noisy"][0] == fast["noisy"][0]  # the first step is computed by both
    again = race(None, run, PROMPT, 3, plan=PLAN)
    assert again["lanes"][0]["clean"] == full["clean"] and again["lanes"][1]["who"] == "plan"


def test_a_plan_that_inherits_nothing_gives_the_same_picture(run):
    found = race(None, run, PROMPT, 5, plan={"steps": 4, "inherit": []})
    assert found["psnr"] == 100.0 and found["lanes"][0]["clean"] == found["lanes"][1]["clean"]


def test_a_measured_plan_has_a_speed_and_figures_with_errors(run):
    found = measure(None, run, PLAN)
    assert found["speed8_low"] <= found["speed8"] <= found["speed8_high"] and found["n"] == 4
    assert found["psnr"] > 0 and found["psnr_se"] >= 0 and 0 <= found["right"] <= 1


def test_a_race_by_command_prints_both_and_writes_pictures(run, tmp_path, capsys):
    words = ["race", "--run", run, "--prompt", PROMPT, "--setting", "deep1@every2", "--to", str(tmp_path / "out")]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "full" in told and "deep1@every2" in told and "PSNR between both" in told
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"full.png", "deep1_every2.png"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": " "}, "prompt is empty"),
        ({"text": "x" * 400}, "prompt is longer"),
        ({"text": "a red zebra"}, "zebra"),
        ({"text": "a red circle\ud800"}, "surrogate"),
        ({"seed": -1}, "no seed"),
        ({"setting": "nowhere"}, "no setting 'nowhere'"),
        ({"setting": None}, "Nothing races"),
        ({"setting": "base"}, "is not in this run"),
        ({"plan": {"steps": 4, "inherit": [{"module": "mid_block", "at": [0]}]}}, "at step 0"),
        ({"plan": {"steps": 4, "inherit": [{"module": "nowhere", "at": [1]}]}}, "no module"),
        ({"plan": []}, "This is no plan"),
    ],
)
def test_what_cannot_be_raced_is_said_with_advice(run, given, said):
    with pytest.raises(UserError, match=said):
        race(None, run, **{"text": PROMPT, "seed": 0, "setting": "deep1@every2"} | given)
