"""The page of LightCLIP without a browser: what it shows of each state of a run and what it answers."""

import json
import shutil

import gradio as gr
import pytest

from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.light_clip.study import STUDY
from backend.studies.light_clip.words import OUR_READING
from components.run.shares import Shares
from components.run.shelf import new_owner
from tests.light_clip_folder import ARMS, LR, PICTURES, STEPS, write_run
from tests.pages import Recorder, make_page, panel

HOSTILE = "<img src=x onerror=alert(1)>"
RUN = "recorded/r"


class Desk:
    """Answers as the engine does, and remembers what it was asked."""

    def __init__(self):
        self.asked, self.error = [], None

    def request(self, kind: str, timeout_s: float = 0, **fields) -> dict:
        self.asked.append((kind, fields))
        if self.error:
            raise self.error
        if kind == "light_word":
            guesses = [["red", 0.6], [HOSTILE, 0.1]]
            return {"words": ["a", "_", "boat"], "place": 1, "with": guesses, "without": guesses, "unknown": [HOSTILE]}
        match = {"words": ["a", "boat"], "cosines": [[0.1, 0.2, 0.3, 0.4]] * 2, "chosen": {"relaxed": [3, 2]}}
        return {"arms": {"base": match, "tokens": match, "odd": {"words": 3}}, "unknown": ["flumph"]}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The page, made once: it keeps nothing but where its shelves stand, its runner and its desk."""
    return make_page(STUDY.name, tmp_path_factory.mktemp("light"), desk=Desk())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with a finished run; nobody changes it."""
    folder = tmp_path_factory.mktemp("light-finished")
    write_run(folder / "r")
    return folder


@pytest.fixture
def page(built, tmp_path):
    for shelf in built.house.shelves.values():
        shelf.samples, shelf.root, shelf.shares = tmp_path / "samples", tmp_path / "runs", Shares(tmp_path / "shared")
    built.runner = built.view.runner = Recorder()
    built.view.desk = Desk()
    return built


@pytest.fixture
def done(page, finished):
    """The page with the finished run on its shelf."""
    for shelf in page.house.shelves.values():
        shelf.samples = finished
    return page


def copied(page, finished) -> RunDir:
    """The finished run, on the page's own shelf, to be changed."""
    return RunDir(shutil.copytree(finished / "r", page.shelf.samples / "r"))


def event(**fields):
    return gr.EventData(None, fields)


def shown(page, key=RUN):
    found = page.view.show(new_owner(), key)
    return {part.elem_id: value for part, value in found.items() if getattr(part, "elem_id", None)}


def test_a_finished_run_fills_every_panel_and_its_head_says_what_each_part_does(done):
    found = shown(done)
    assert "Token matching adds" in found["status"] and "The picture adds" in found["status"]
    assert "not beyond noise" in found["status"] and OUR_READING.replace("'", "&#x27;") in found["status"]
    assert len(found["matches"]["pictures"]) == len(found["labels"]["pictures"]) == PICTURES
    assert found["matches"]["first"] == "tokens" and found["labels"]["choices"] == ["softened", "all"]
    assert f'data-cards="{PICTURES}"' in found["masked"] and 'data-curves="2"' in found["curves"]
    assert 'data-cells="0"' not in found["ablation"] and found["masked-answer"] == ""


def test_no_run_shows_no_empty_card(page):
    found = shown(page, None)
    assert found["matches"] == {} == found["labels"]
    assert [found[name] for name in ("masked", "masked-answer", "ablation", "curves")] == [""] * 4


def test_a_run_that_has_just_begun_invites_and_claims_nothing(page, finished):
    run = copied(page, finished)
    run.set_status(state="running")
    for file in ("matches", "labels", "masked", "depth", "noise", "summary"):
        for found in run.path.glob(f"{file}.*"):
            found.unlink()
    found = shown(page)
    assert found["matches"]["live"] is True and found["matches"]["pictures"] == [] == found["labels"]["pictures"]
    assert "appear here when" in found["masked"] and "appears here at the end" in found["ablation"]
    assert "appear here when" in found["curves"] and "ds-watching" not in found["status"]


def test_an_old_run_whose_files_are_missing_says_so(page, finished):
    run = copied(page, finished)
    for file in ("matches", "labels", "masked", "depth", "noise", "summary", "pictures"):
        for found in run.path.glob(f"{file}.*"):
            found.unlink()
    found = shown(page)
    assert found["matches"]["live"] is False and found["matches"]["pictures"] == []
    assert "kept no hidden words" in found["masked"] and "has no comparison" in found["ablation"]
    assert "so there are no curves" in found["curves"]


def test_one_pictures_matches_come_when_it_is_looked_at_base_beside_the_chosen_arm(done):
    see = panel(done, "matches").see_matches
    found = see(new_owner(), event(run=RUN, picture=2, arm="tokens"))
    assert [side["arm"] for side in found["sides"]] == ["base", "tokens"]
    moments = found["sides"][1]["moments"]
    assert [one["step"] for one in moments] == list(STEPS)
    assert {len(line) for one in moments for line in one["cosines"]} == {16}
    assert set(moments[0]["chosen"]) == {"one_to_one", "relaxed", "row_max", "sinkhorn"}
    assert found["sides"][0]["pointing"][-1][2] == 200 and found["chance"] == 0.16
    for wrong in (99, "2", None, True, 2.0, -1):
        assert see(new_owner(), event(run=RUN, picture=wrong, arm="tokens"))["sides"] == []
    for wrong in ("../r", ["tokens"], None, 3):
        assert len(see(new_owner(), event(run=RUN, picture=2, arm=wrong))["sides"]) == 1
    assert see(new_owner(), event(run="own/other", picture=2, arm="tokens")) == {}


def test_a_row_of_labels_comes_with_the_pictures_that_it_gives_to(done):
    see = panel(done, "labels").see_label
    found = see(new_owner(), event(run=RUN, picture=1, arm="softened"))
    assert [one["softness"] for one in found["moments"]] == sorted(one["softness"] for one in found["moments"])
    last = found["moments"][-1]["others"]
    assert [one["weight"] for one in last] == sorted((one["weight"] for one in last), reverse=True)
    assert {one["id"] for one in last} <= {one["id"] for one in found["others"]}
    assert see(new_owner(), event(run=RUN, picture=1, arm="base"))["moments"] == []
    assert see(new_owner(), event(run="own/other", picture=1, arm="softened")) == {}


def test_while_step_sizes_are_tried_one_is_shown_and_later_the_chosen_one(page, finished):
    run = copied(page, finished)
    rows = [row for row in run.rows("matches") if row["arm"] == "tokens"]
    for row in rows:
        run.append("matches", row | {"lr": 0.5, "words": ["other"] * len(row["words"])})
    see = panel(page, "matches").see_matches
    asked = event(run=RUN, picture=0, arm="tokens")
    assert see(new_owner(), asked)["sides"][1]["moments"][0]["words"][0] != "other"
    (run.path / "summary.json").unlink()
    assert see(new_owner(), asked)["sides"][1]["moments"][0]["words"][0] == "other", "the latest, before one is chosen"
    assert LR != 0.5


def test_ones_own_caption_is_matched_and_what_is_wrong_with_it_is_said(done):
    match = panel(done, "matches").match_own
    found = match(new_owner(), event(run=RUN, picture=0, text=" a boat ", number=3))
    assert [side["arm"] for side in found["sides"]] == ["base", "tokens"] and found["number"] == 3
    assert found["sides"][0]["moments"][0]["truth"] == [None, None] and found["unknown"] == ["flumph"]
    kind, fields = done.view.desk.asked[-1]
    assert kind == "light_match" and fields["text"] == "a boat" and fields["run"].endswith("/r")
    for wrong in ({"text": ""}, {"text": " "}, {"text": "x" * 201}, {"text": 3}, {"picture": 99}, {"picture": "0"}):
        assert "ds-failure" in match(new_owner(), event(**{"run": RUN, "picture": 0, "text": "a"} | wrong))["error"]
    assert len(done.view.desk.asked) == 1, "the desk is asked nothing that cannot be answered"
    done.view.desk.error = UserError(HOSTILE, "one", "Try again.")
    said = match(new_owner(), event(run=RUN, picture=0, text="a"))["error"]
    assert "&lt;img" in said and "<img" not in said


def test_a_hidden_word_of_ones_own_caption_is_guessed_with_and_without_the_picture(done):
    guess = panel(done, "masked").guess_own
    waiting, found = guess(new_owner(), event(run=RUN, picture=0, text="a _ boat"))
    assert 'data-state="waiting"' in waiting and 'data-state="ready"' in found and "60 %" in found
    assert "&lt;img" in found and "<img src=x" not in found
    assert done.view.desk.asked[-1][0] == "light_word"
    *_, refused = guess(new_owner(), event(run=RUN, picture=True, text="a _ boat"))
    assert "ds-failure" in refused
    assert list(guess(new_owner(), event(run="own/none", picture=0, text="a _"))) == [""]


def test_nothing_from_a_run_folder_becomes_markup(page, finished):
    run = copied(page, finished)
    summary = run.summary() | {"warnings": [{"found": HOSTILE, "next_step": HOSTILE}], "remarks": [HOSTILE]}
    summary["ablation"] += [{"arm": HOSTILE, "metric": "top1", "mean": 0.1}, {"arm": "odd", "metric": "odd", "mean": 1}]
    (run.path / "summary.json").write_text(json.dumps(summary))
    rows = [row | {"text": HOSTILE, "word": HOSTILE, "place": 0} for row in run.rows("masked")]
    for row in rows:
        row["with"] = [[HOSTILE, 0.5]]
    (run.path / "masked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pictures = [row | {"text": HOSTILE} for row in run.rows("pictures")]
    pictures.append({"id": 77, "text": "a", "png": '" onerror="alert(1)', "names": []})
    (run.path / "pictures.jsonl").write_text("".join(json.dumps(row) + "\n" for row in pictures))
    run.append("noise", {"arm": HOSTILE, "loose": 0.1, "false_negatives": 0.1, "seed": 0, "top1": 0.5})
    found = shown(page)
    texts = [text for text in found.values() if isinstance(text, str)]
    assert sum(HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in text for text in texts) >= 2
    assert not any("<img src=x" in text or "onerror=alert(1)>" in text.replace("&gt;", "") for text in texts)
    assert 77 not in [one["id"] for one in found["matches"]["pictures"]]


@pytest.mark.parametrize("file", ["matches", "labels", "masked", "depth", "noise", "metrics"])
def test_a_row_of_another_look_hides_no_more_than_itself(page, finished, file):
    run = copied(page, finished)
    for row in run.rows(file)[:4]:
        for name in row:
            for wrong in (None, "x", [], {}, -1, 1e300, [[]], True):
                run.append(file, row | {name: wrong})
    found = shown(page)
    assert len(found["matches"]["pictures"]) == PICTURES and 'data-curves="2"' in found["curves"]
    for arm in ARMS:
        sight = panel(page, "matches").see_matches(new_owner(), event(run=RUN, picture=0, arm=arm))
        assert len(sight["sides"]) == (1 if arm == "base" else 2)
