"""The page of A-SDM without a browser: what it shows of each state of a run, what it answers, what stays text."""

import json
import shutil

import gradio as gr
import pytest

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.settings import build
from components.run.shares import Shares
from components.run.shelf import new_owner
from components.studies.a_sdm.results_view import with_one_picture
from components.studies.a_sdm.workbench import training_of
from tests.a_sdm_folder import FIRST, PROMPTS, STEPS, plan, png, settings, write_run
from tests.pages import Recorder, make_page, panel

HOSTILE = "<img src=x onerror=alert(1)>"
WIDGETS = ("race", "plan-map", "inherited", "workbench", "switch", "front")


class Desk:
    """Answers as the engine does, and remembers what it was asked."""

    def __init__(self):
        self.asked, self.lanes = [], 2

    def request(self, kind, timeout_s, **fields):
        self.asked.append((kind, fields))
        if fields.get("text") == "break":
            raise UserError("No net is there.", "a run of your own", "Start one.")
        if kind == "a_sdm_measure":
            return {"speed8": 1.5, "speed8_low": 1.4, "speed8_high": 1.6, "psnr": 41.23456, "psnr_se": 0.2,
                    "right": 0.9, "right_se": 0.03, "n": 64, "extra": HOSTILE}  # fmt: skip
        lane = {"seconds": [0.1, 0.2], "noisy": [png(0, 1.0), png(0, 0.0)], "clean": [png(0, 0.5), png(0, 0.0)],
                "read": "a red circle", "right": False}  # fmt: skip
        return {"unknown": ["zebra"], "psnr": 33.3, "lanes": [lane] * self.lanes}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The page, made once: it keeps nothing but where its shelves stand, its runner and its desk."""
    folder = tmp_path_factory.mktemp("a-sdm")
    page = make_page("a_sdm", folder, desk=Desk())
    page.written = write_run(folder / "written").path
    return page


@pytest.fixture
def page(built, tmp_path):
    for shelf in built.house.shelves.values():
        shelf.samples, shelf.root, shelf.shares = tmp_path / "samples", tmp_path / "runs", Shares(tmp_path / "shared")
    built.runner = built.view.runner = Recorder()
    built.view.desk.asked.clear()
    built.view.desk.lanes = 2
    return built


def put(page) -> RunDir:
    """A finished run on the page's shelf of recorded ones."""
    return RunDir(shutil.copytree(page.written, page.shelf.samples / "r"))


def event(**fields):
    return gr.EventData(None, fields)


def shown(page, key="recorded/r"):
    found = page.view.show(new_owner(), key)
    return {part.elem_id: value for part, value in found.items() if getattr(part, "elem_id", None)}


def test_a_finished_run_fills_every_panel_and_says_in_its_head_how_fast_it_became(page):
    put(page)
    found = shown(page)
    assert "1.62 times as fast (1.57 to 1.67) at 44.1 ± 0.6 dB to the full picture" in found["status"]
    assert "5.1 dB above fewer steps of that time (4.0 dB to 6.2 dB)" in found["status"]
    first = found["race"]["first"]
    assert (first["text"], first["who"], first["psnr"]) == (PROMPTS[0], "branch", 36.2)
    assert first["noise"] == 0 and [one["noise"] for one in found["race"]["recorded"]] == [0]
    assert [len(lane["noisy"]) for lane in first["lanes"]] == [STEPS, STEPS] and first["lanes"][0]["right"] is True
    assert len(found["plan-map"]["modules"]) > 100 and found["plan-map"]["steps"] == STEPS
    assert len(found["front"]["settings"]) == len(settings()) and len(found["switch"]["switches"]) == 6
    assert len(found["workbench"]["nets"]) == 4 and len(found["inherited"]["changes"]["mid_block"]) == STEPS
    assert f'data-rows="{len(settings())}"' in found["results"] and found["results"].count("not beyond noise") == 2
    assert "Two inner levels, computed every 2 steps against Base: \N{MINUS SIGN}3.00 dB" in found["results"]
    assert "The best is <q>Base; Middle block, computed every 2 steps</q> at 2.40 times" in found["results"]
    assert "innermost level after middle block: \N{MINUS SIGN}3.2; two inner levels after inn" in found["results"]
    assert "attention layers \N{MINUS SIGN}0.2 dB" in found["results"]
    assert ">0.0184<" in found["results"] and "fresh renders is 0.0158." in found["results"]


def test_no_run_shows_no_empty_card(page):
    found = shown(page, None)
    assert found["results"] == "" and [found[name] for name in WIDGETS] == [{}] * len(WIDGETS)


def test_a_run_that_has_just_begun_invites_and_claims_nothing(page):
    run = put(page)
    for file in run.path.glob("*.jsonl"):
        file.unlink()
    (run.path / "summary.json").unlink()
    run.set_status(state="running", stage="prepare", done=1, total=9)
    found = shown(page)
    assert found["race"]["first"] is None and found["race"]["settings"] == found["plan-map"]["modules"] == []
    assert found["inherited"]["live"] is True and found["workbench"]["nets"] == found["switch"]["nets"] == []
    assert "appear here" in found["results"] and "ds-watching" not in found["status"]


def test_an_old_run_whose_files_are_missing_shows_what_it_has(page):
    run = put(page)
    for name in ("races", "modules", "looks", "nets"):
        (run.path / f"{name}.jsonl").unlink()
    (run.path / "summary.json").write_text("{}")
    found = shown(page)
    assert found["race"]["recorded"] == [] and len(found["race"]["settings"]) == len(settings()) - 1
    assert found["plan-map"]["parts"] == [] and "1.62 times" in found["status"]


def test_experts_gates_are_means_over_nets_and_a_run_without_experts_says_so(page):
    run = put(page)
    found = shown(page)["workbench"]
    assert found["routing"]["nets"] == 3 and found["experts"] is True
    [first, second] = found["routing"]["layers"]
    assert (first[0], len(first[1])) == ("down 1, resnet 1", STEPS) and first[1][2] == [0.8, 0.19]
    assert second[1][2] == [0.4, pytest.approx(0.095, abs=1e-3)]
    (run.path / "routing.jsonl").unlink()
    assert shown(page)["workbench"]["routing"] == {"layers": [], "nets": 0}


def test_settings_that_come_one_by_one_do_not_bring_the_pictures_of_the_race_again(page):
    run = put(page)
    race, rows = panel(page, "race"), {"races": [], "settings": run.rows("settings")}
    news = race.reads[0].content(run, rows, False)
    assert news["first"] is None and len(news["recorded"]) == 1 and len(json.dumps(news)) < 10_000


# -- the race ---------------------------------------------------------------------------------------------------------
def test_a_race_is_asked_with_a_setting_or_a_plan_and_what_is_wrong_with_it_is_said(page):
    run = put(page)
    race, owner = panel(page, "race"), new_owner()
    said = {"run": "recorded/r", "text": " a  zebra ", "noise": 3, "setting": "deep1@every2", "plan": None, "number": 7}
    found = race.run_race(owner, event(**said))
    assert found["number"] == 7 and found["answer"]["unknown"] == ["zebra"] and found["answer"]["psnr"] == 33.3
    assert all(src.startswith("data:image/png;base64,") for lane in found["answer"]["lanes"] for src in lane["noisy"])
    asked = {"run": str(run.path), "text": "a zebra", "seed": FIRST + 3, "setting": "deep1@every2", "plan": None}
    assert page.view.desk.asked == [("a_sdm_race", asked)]
    assert race.run_race(owner, event(**said | {"setting": None, "plan": plan("mid_block")}))["answer"]["who"] is None
    assert page.view.desk.asked[-1][1]["plan"] == plan("mid_block")
    wrong = ({"text": " "}, {"text": 3}, {"text": "x" * 999}, {"noise": None}, {"noise": -1}, {"noise": True},
             {"noise": 2**31 - FIRST}, {"setting": "none"}, {"setting": "full"}, {"setting": []}, {"text": "break"},
             {"setting": None, "plan": {"steps": "x"}})  # fmt: skip
    for change in wrong:
        assert 'class="ds-failure"' in race.run_race(owner, event(**said | change))["error"]
    page.view.desk.lanes = 1
    assert "gave no pictures" in race.run_race(owner, event(**said))["error"]
    for strange in ({"run": "recorded/none"}, {"run": 3}, {"run": "../r"}):
        assert race.run_race(owner, event(**said | strange)) == gr.skip()


def test_a_recorded_race_is_the_runs_own_or_is_refused(page):
    put(page)
    race, owner = panel(page, "race"), new_owner()
    said = {"run": "recorded/r", "prompt": 0, "noise": 0, "who": "branch", "number": 1}
    assert race.see_race(owner, event(**said))["answer"]["recorded"] is True and page.view.desk.asked == []
    for change in ({"prompt": 9}, {"prompt": True}, {"noise": "0"}, {"who": "full"}, {"who": []}, {"who": None}):
        assert 'class="ds-failure"' in race.see_race(owner, event(**said | change))["error"]


def test_a_prompt_is_completed_by_the_grammar_of_the_bundled_model_and_of_no_other(page):
    run = put(page)
    race, owner = panel(page, "race"), new_owner()
    said = {"run": "recorded/r", "text": "two red zebras ", "number": 0}
    found = race.complete_prompt(owner, event(**said))["answer"]
    assert found["unknown"] == ["zebras"] and found["text"] == said["text"]
    assert race.complete_prompt(owner, event(**said | {"text": "two re"}))["answer"]["follows"] == ["red"]
    for strange in (None, 3, "x" * 999, ""):
        assert "follows" in race.complete_prompt(owner, event(**said | {"text": strange}))["answer"]
    config = run.config()
    config["config"]["teacher"] = "some/other"
    (run.path / "config.json").write_text(json.dumps(config))
    found = race.complete_prompt(owner, event(**said))["answer"]
    assert found["follows"] == found["unknown"] == [] and page.view.desk.asked == []


# -- the workbench ----------------------------------------------------------------------------------------------------
def test_a_net_to_be_trained_fills_the_form_with_a_short_run_of_it_alone_and_starts_nothing(page):
    found = training_of(page.study, "tiny")
    told = page.as_run(new_owner(), found, True)
    widgets = dict(zip((item.name for item in page.form.items), page.form.widgets, strict=True))
    assert told[page.form.preset] == "net" and told[widgets["arms"]] == ["tiny"]
    config = build(page.study.config, found["config"])
    assert config.arms == ("tiny",) and 60 <= config.updates <= 120 and len(config.recipes()) == 3
    assert page.runner.asked == []
    assert [training_of(page.study, odd) for odd in ("full", "", None, [], HOSTILE)] == [None] * 5


# -- map and front ----------------------------------------------------------------------------------------------------
def test_a_plan_is_measured_and_nothing_but_numbers_comes_back(page):
    put(page)
    map_, owner = panel(page, "map"), new_owner()
    said = {"run": "recorded/r", "plan": plan("mid_block"), "number": 2}
    found = map_.measure_plan(owner, event(**said))["answer"]
    assert found["psnr"] == 41.235 and set(found) == {"speed8", "speed8_low", "speed8_high", "psnr", "psnr_se", "right",
                                                     "right_se", "n"}  # fmt: skip
    for wrong in (None, [], {"steps": 4}, {"steps": 4, "inherit": []}, {"steps": 4, "inherit": [{"module": 3}]}):
        assert "Nothing is inherited" in map_.measure_plan(owner, event(**said | {"plan": wrong}))["error"]


def test_a_points_pictures_stand_beside_the_full_ones(page):
    put(page)
    front, owner = panel(page, "front"), new_owner()
    said = {"run": "recorded/r", "setting": "deep1@every2", "number": 1}
    found = front.see_pictures(owner, event(**said))["answer"]["pictures"]
    assert [text for text, *_ in found] == list(PROMPTS) and all(full != its for _, full, its in found)
    for wrong in ("none", None, 3, HOSTILE):
        assert "There are no pictures" in front.see_pictures(owner, event(**said | {"setting": wrong}))["error"]


def test_a_miss_by_less_than_a_picture_can_show_says_what_one_picture_is():
    said = "A plan: 1.59 times, 42.5 dB (n = 96), −1.04 points of pictures right"
    assert with_one_picture(said) == f"{said}; one picture of 96 is 1.04 points"
    for other in ("564 MB", "A plan: 1.59 times, 42.5 dB (n = 96), +4.8 dB", said.replace("n = 96", "n = 0")):
        assert with_one_picture(other) == other


def test_nothing_from_a_run_folder_becomes_markup(page):
    run = put(page)
    summary = run.summary()
    for name in ("differences", "bars", "order", "front"):
        summary[name] += [row | {key: HOSTILE for key, value in row.items() if isinstance(value, str)} for row in
                          summary[name]]  # fmt: skip
        summary[name] += [None, 3, {"name": {}, "what": [], "mean": "x"}]
    summary |= {"verdicts": [HOSTILE, 3, None], "words": [HOSTILE, 3], "judge": HOSTILE, "floor": HOSTILE}
    summary["warnings"] = [{"found": HOSTILE, "expected": HOSTILE, "next_step": HOSTILE}]
    (run.path / "summary.json").write_text(json.dumps(summary))
    for name in ("modules", "changes", "harms", "metrics", "nets", "settings", "errors", "looks", "races", "routing"):
        row = run.rows(name)[-1]
        for change in (HOSTILE, None, [], {}, -1, 1e300):
            run.append(name, dict.fromkeys(row, change))
            for key in row:
                run.append(name, row | {key: change})
    found = shown(page)
    texts = [text for text in found.values() if isinstance(text, str)]
    assert sum(HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in text for text in texts) >= 1
    assert not any("<img" in text for text in texts)
    pictures = [src for lane in found["race"]["first"]["lanes"] for src in lane["noisy"]]
    assert all(src.startswith("data:image/png;base64,") for src in pictures)
