"""Runs side by side: letters that stay, settings that differ, who may be paired with whom, and nothing unescaped."""

import re

import numpy as np
import pytest

from backend.core.scoring.scored import Scored
from backend.runs.folder import RunDir
from backend.settings import as_json, describe
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from components.compare import feed as compare_feed
from components.compare.results import results_markup
from components.compare.runs import MOST, Chosen, asked_for, first_choice, runs_markup, slots_for
from components.compare.settings import ABSENT, differences, settings_markup
from components.frame.theme import SHEETS
from components.run.shelf import Shelf, new_owner
from tests.pages import address

HOSTILE = "<img src=x onerror=alert(1)>"
CONFIG = as_json(DistillConfig())


@pytest.fixture
def make(tmp_path):
    def make(name: str, slot: int = 0, state: str = "finished", **config) -> Chosen:
        run = RunDir.create(tmp_path / name, "text_distillation", "quick", CONFIG | config)
        (run.artifacts / "scores").mkdir(parents=True)
        run.set_status(state=state)
        return Chosen(f"recorded/{name}", run, slot, name, run.status())

    return make


def score(one: Chosen, rights: list[bool], seeds: int = 1, arm="text", student="opt-pocket", kept=True, lengths=(3, 3)):
    for seed in range(seeds):
        row = {"arm": arm, "student": student, "regime": "ordinary", "seed": seed, "task": "t", "n": len(rights)}
        name = f"artifacts/scores/{arm}-{student}-{seed}"
        for number, right in enumerate(rights if kept else []):
            likely = (-1.0, -2.0) if right else (-2.0, -1.0)
            one.run.append(name, Scored(f"q{number}", None, 0, likely, lengths).as_row())
        more = {"scores": f"{name}.jsonl"} if kept else {}
        one.run.append("results", row | {"metric": "acc", "value": sum(rights) / len(rights), **more})


# -- who is chosen --------------------------------------------------------------------------------------------------
def test_a_run_keeps_its_letter_when_another_one_leaves_and_the_next_takes_the_free_one():
    before = slots_for(["a", "b", "c"], {})
    assert before == {"a": 0, "b": 1, "c": 2}
    assert slots_for(["b", "c", "d"], before) == {"d": 0, "b": 1, "c": 2}


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ("recorded/a,own/b", ["recorded/a", "own/b"]),
        ("recorded/a,recorded/a", ["recorded/a"]),
        ("../../etc,recorded/,<b>,own/b", ["own/b"]),
        (",".join(f"recorded/{n}" for n in range(9)), [f"recorded/{n}" for n in range(MOST)]),
        ("", []),
        (None, []),
    ],
)
def test_an_address_names_runs_each_once_and_no_more_than_fit(runs, found):
    assert asked_for(address(**({} if runs is None else {"runs": runs}))) == found
    assert asked_for(None) == []


def test_the_first_choice_is_the_run_on_screen_and_a_recorded_one(tmp_path):
    shelf, owner = Shelf(tmp_path / "samples", tmp_path / "runs", PRESETS), new_owner()
    assert first_choice(shelf, owner, None) == []
    for name in ("one", "two"):
        RunDir.create(shelf.samples / name, "text_distillation", "quick", CONFIG)
    assert first_choice(shelf, owner, "own/forged") == ["recorded/one", "recorded/two"]
    key, _ = shelf.new(owner, "text_distillation", "quick", CONFIG)
    assert first_choice(shelf, owner, key) == [key, "recorded/one"]


def test_the_heads_say_what_is_missing_and_escape_what_they_are_told(make):
    assert "There is no run yet" in runs_markup([], [])
    one = make("one", state="failed")
    one.status["error"] = {"found": HOSTILE, "expected": "", "next_step": ""}
    found = runs_markup([one], [(HOSTILE, one.key)])
    assert "This is the only run." in found and "&lt;img" in found and HOSTILE not in found
    assert "no longer here" in runs_markup([one], [("x", one.key), ("y", "own/y")], lost=1)
    assert "select data-add disabled" in runs_markup([make(f"r{k}", k) for k in range(4)], [("x", "own/x")])


# -- settings -------------------------------------------------------------------------------------------------------
def test_only_settings_that_differ_are_listed_and_the_rest_is_counted(make):
    chosen = [make("a"), make("b", 1, outer_steps=99, arms=["text"])]
    rows, same = differences([one.run.config()["config"] for one in chosen], DistillConfig)
    assert [(item.name, values[1]) for item, values in rows] == [("outer_steps", "99"), ("arms", "text")]
    guided = sum(item.name.startswith("admm_") for item in describe(DistillConfig))  # neither run looks at these
    assert same == len(describe(DistillConfig)) - guided - 2
    found = settings_markup(chosen, DistillConfig)
    assert "Updates of the synthetic prompts." in found and f"All other {same} settings are the same." in found
    assert settings_markup(chosen[:1], DistillConfig) == ""


def test_a_run_of_before_a_setting_existed_did_what_was_done_then():
    old = {name: value for name, value in CONFIG.items() if name not in ("decoder", "search_rounds")}
    [(item, values)], _ = differences([old, CONFIG], DistillConfig)
    assert (item.name, values) == ("decoder", ["nearest", CONFIG["decoder"]])


def test_a_setting_is_compared_only_among_runs_in_which_it_matters():
    other = CONFIG | {"decoder": "nearest", "search_rounds": 3}
    assert [item.name for item, _ in differences([CONFIG, other], DistillConfig)[0]] == ["decoder"]
    third = CONFIG | {"search_rounds": 9}
    rows, _ = differences([CONFIG, other, third], DistillConfig)
    assert [(item.name, values) for item, values in rows][1:] == [("search_rounds", ["6", ABSENT, "9"])]


def test_numbers_and_lists_that_mean_the_same_are_the_same():
    assert not differences(
        [CONFIG | {"clip": 2, "arms": ("text",)}, CONFIG | {"clip": 2.0, "arms": ["text"]}], DistillConfig
    )[0]


def test_a_setting_nobody_knows_is_listed_as_text(make):
    chosen = [make("a", **{HOSTILE: HOSTILE}), make("b", 1)]
    [(item, values)], _ = differences([one.run.config()["config"] for one in chosen], DistillConfig)
    assert values == [HOSTILE, ABSENT] and "does not know" in item.help
    assert HOSTILE not in settings_markup(chosen, DistillConfig)


# -- results --------------------------------------------------------------------------------------------------------
def paired_said(chosen: list[Chosen]) -> str:
    return re.search(r'<ul class="ds-vs-verdicts">(.*?)</ul>', results_markup(chosen))[1].replace("&#x27;", "'")


def test_two_texts_asked_the_same_are_paired_and_the_arms_drawn(make):
    a, b = make("a"), make("b", 1)
    score(a, [True] * 30 + [False] * 10, seeds=4)
    score(b, [True] * 10 + [False] * 30, seeds=4)
    score(b, [True] * 20 + [False] * 20, arm="base")
    said = paired_said([a, b])
    assert 'data-paired="true"' in said
    assert "A scores 50.0 points higher than B on the 40 questions" in said and "more than noise" in said
    assert results_markup([a, b]).count("tabindex") == 3


@pytest.mark.parametrize(("better", "says"), [(40, "this may still be luck"), (1, "within the noise")])
def test_few_students_are_never_a_verdict(make, better, says):
    a, b = make("a"), make("b", 1)
    score(a, [True] * better + [False] * (40 - better), seeds=3)
    score(b, [False] * 40, seeds=3)
    said = paired_said([a, b])
    assert says in said and "more than noise" not in said


def score_free(one: Chosen, bits: float, arm="text", student="opt-pocket"):
    for seed in range(4):
        name = f"artifacts/scores/{arm}-{student}-{seed}"
        for number in range(30):
            likely = -np.log(2) * 10 * (bits + number / 100 + seed / 1000)
            one.run.append(name, Scored(f"q{number}", None, 0, (likely,), (10,), False, "said", 0.5, False).as_row())
        row = {"arm": arm, "student": student, "regime": "ordinary", "seed": seed, "task": "own_text", "n": 30}
        for metric, value in (("bits", bits), ("rouge_l", 0.5), ("exact", 0.0)):
            one.run.append("results", row | {"metric": metric, "value": value, "scores": f"{name}.jsonl"})


def test_free_answers_are_compared_by_bits_of_which_fewer_are_better(make):
    a, b = make("a", task="own_text"), make("b", 1, task="own_text")
    score_free(a, 1.5)
    score_free(b, 2.5)
    said, found = paired_said([a, b]), results_markup([a, b])
    assert "A needs 1.000 bits per character fewer than B on the 30 answers" in said and "more than noise" in said
    assert "better on 30, worse on 0" in said and "\N{MINUS SIGN}1.000" in said
    assert found.count('class="ds-panel ds-vs-panel"') == 1
    assert "bits per character of the right answer; fewer is better" in found and ">2.0</i>" in found


def test_runs_that_different_measures_judged_never_share_an_axis(make):
    a, b = make("a", task="own_text"), make("b", 1)
    score_free(a, 1.5)
    score(b, [True] * 10 + [False] * 10, seeds=4)
    found = results_markup([a, b])
    panels = re.findall(r'<figure class="ds-panel ds-vs-panel">.*?</figure>', found)
    assert len(panels) == 2 and "fewer is better" in panels[0] and "accuracy" in panels[1]
    assert [panel.count("tabindex") for panel in panels] == [1, 1]


def test_what_cannot_be_paired_is_said_with_the_reason(make):
    a, others = (
        make("a"),
        [make("none", 1), make("means", 1), make("fewer", 1), make("elsewhere", 1, task="pocket_mmlu")],
    )
    none, means, fewer, elsewhere = others
    score(a, [True] * 20)
    score(none, [True] * 20, arm="base")
    score(means, [True] * 20, kept=False)
    score(fewer, [True] * 10)
    score(elsewhere, [True] * 20)
    reasons = (
        "text has no scores yet",
        "were not kept",
        "10 questions were scored by one side only",
        "different tasks",
    )
    for other, reason in zip(others, reasons, strict=True):
        said = paired_said([a, other])
        assert reason in said and 'data-paired="true"' not in said
    assert "has scores yet" in results_markup([make("fresh", 2)])


def test_a_run_that_asked_more_is_paired_on_the_questions_both_asked(make):
    a, more, same = make("a"), make("more", 1), make("same", 1)
    score(a, [True] * 30 + [False] * 10, seeds=4)
    score(same, [True] * 10 + [False] * 30, seeds=4)
    score(more, [True] * 10 + [False] * 30 + [True] * 60, seeds=4)
    said, wanted = paired_said([a, more]), paired_said([a, same])
    assert (
        "Only the 40 questions asked of both count here; the means below count all." in said
        and "Only the" not in wanted
    )
    assert re.search(r"50\.0 points.*?lost", said)[0] == re.search(r"50\.0 points.*?lost", wanted)[0]


def test_names_of_arms_and_students_are_text(make):
    one = make("a", model=HOSTILE)
    one.run.append(
        "results",
        {
            "arm": HOSTILE,
            "student": HOSTILE,
            "regime": HOSTILE,
            "seed": 0,
            "task": "t",
            "n": 5,
            "metric": HOSTILE,
            "value": 0.5,
        },
    )
    found = results_markup([one])
    assert HOSTILE not in found and "&lt;img" in found


# -- feed -----------------------------------------------------------------------------------------------------------
def append(run: RunDir, first: int, last: int, **more) -> None:
    for step in range(first, last + 1):
        row = {"stage": "distil", "step": step, "matching_loss": 0.5, "regulariser": 0.1, "cosine": 0.5}
        run.append("metrics", row | more)


def look(chosen: list[Chosen], seen: dict):
    return compare_feed.look([one.as_row() for one in chosen], {one.key: one.run for one in chosen}, seen)


def test_no_row_is_sent_twice_also_when_a_run_joins_or_leaves(make):
    a, b = make("a"), make("b", 1)
    append(a.run, 1, 50, seconds=2.0)
    append(b.run, 1, 3)
    first, seen, _ = look([a], compare_feed.first_look())
    assert first["chart"]["whole"] and first["chart"]["news"][0]["points"]["elapsed"][-1] == 100
    append(a.run, 51, 52, seconds=2.0)
    second, seen, _ = look([a, b], seen)
    assert second["chart"]["after"] == first["chart"]["id"] and not second["chart"]["whole"]
    points = {news["run"]: news["points"] for news in second["chart"]["news"]}
    assert points[a.key]["step"] == [51, 52] and points[a.key]["elapsed"] == [2, 4]
    assert points[b.key]["step"] == [1, 2, 3] and points[b.key]["elapsed"] is None, "no clock is said, none made up"
    third, seen, _ = look([b], seen)
    assert third["chart"]["news"] == [] and [one["run"] for one in third["chart"]["chosen"]] == [b.key]
    assert look([b], seen)[0] == {"chart": None, "wall": None}, "nothing new, nothing sent"


# -- colours --------------------------------------------------------------------------------------------------------
SEEN_BY = {  # Machado, Oliveira and Fernandes 2009, severity 1, for linear light
    "everybody": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def light(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(found: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ np.clip(found, 0, 1) / np.array([0.9505, 1, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("who", SEEN_BY)
@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_any_two_runs_are_told_apart_by_their_colours(who, mode):
    sheet = (SHEETS / "page.css").read_text(encoding="utf-8")
    palette = re.findall(r"--ds-vs-\d: (#[0-9a-f]{6})", sheet)[4 * mode :][:4]
    seen = [lab(np.array(SEEN_BY[who]) @ light(colour)) for colour in palette]
    apart = [np.linalg.norm(seen[i] - seen[j]) for i in range(4) for j in range(i)]
    assert min(apart) > 20, "a difference of 2 is just seen, of 20 at a glance"
