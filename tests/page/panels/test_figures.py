"""What the page says and draws, from rows and statuses to numbers, sentences and markup: no browser, no server."""

import json

import pytest

from backend.runs.folder import RunDir
from backend.studies.text_distillation.study import STUDY
from components.frame import words
from components.panels import thinning
from components.panels.chart import chart_news
from components.panels.results import results_markup, scale_top, ticks
from components.run import feed
from components.run.shelf import Shelf, is_owner, new_owner
from components.run.status import status_markup
from components.studies.text_distillation import snapshots
from components.studies.text_distillation import words as said_of
from components.studies.text_distillation.feed import PATH, WALL

CONFIG = {"model": "own", "prompts": 8, "prompt_tokens": 16, "experts": 2, "task": "pocket_science"}


def distil_rows(steps, first=1):
    return [
        {"stage": "distil", "step": s, "matching_loss": 1.23456789 / s, "regulariser": 0.1, "cosine": 0.5}
        for s in range(first, first + steps)
    ]


def result(arm, value, seed=0, student="own", regime="ordinary", n=200, metric="acc_norm"):
    where = {"arm": arm, "student": student, "task": "t", "regime": regime}
    return {**where, "metric": metric, "seed": seed, "value": value, "n": n}


def drawn(run, rows, fresh):
    return chart_news(STUDY, CONFIG, rows["metrics"], fresh)


def look(run, seen):
    """What a page of this study is told."""
    return feed.look(run, seen, (feed.Read("chart", ("metrics",), drawn), WALL, PATH))


def steps(news) -> list[int]:
    [line] = news["chart"]["curves"]["matching"]
    return line["x"]


@pytest.fixture
def run(tmp_path):
    return RunDir.create(tmp_path / "run", "text_distillation", "quick", CONFIG)


# -- figures --------------------------------------------------------------------------------------------------------
def test_thinning_keeps_every_spike_the_order_and_the_latest_value():
    rows = distil_rows(10_000)
    rows[4321]["matching_loss"] = 99.0
    kept = thinning.thin(rows, 500, "matching_loss")
    assert len(kept) <= 500
    assert rows[4321] in kept
    assert kept[-1] is rows[-1]
    assert [row["step"] for row in kept] == sorted(row["step"] for row in kept)


def test_a_short_history_is_not_thinned():
    rows = distil_rows(10)
    assert thinning.thin(rows, 10) == rows


def test_snapshots_are_capped_with_first_and_last_kept():
    prompt = {"slot": 0, "text": "a", "answer": "b", "changed": 0.123456, "distance": 0.1}
    rows = [{"step": s, "prompts": [prompt] * 100} for s in range(500)]
    shown = snapshots.snapshots(rows)
    assert len(shown) == snapshots.MOST_SNAPSHOTS
    assert (shown[0]["step"], shown[-1]["step"]) == (0, 499)
    assert len(shown[0]["prompts"]) == snapshots.MOST_PROMPTS
    assert shown[0]["total"] == 100


# -- feed -----------------------------------------------------------------------------------------------------------
def test_the_first_look_brings_everything_and_the_next_only_what_is_new(run):
    for row in distil_rows(5):
        run.append("metrics", row)
    news, seen = look(run, feed.first_look("own/x"))
    assert news["chart"]["fresh"]
    assert steps(news) == [1, 2, 3, 4, 5]
    for row in distil_rows(2, first=6):
        run.append("metrics", row)
    news, seen = look(run, seen)
    assert not news["chart"]["fresh"]
    assert steps(news) == [6, 7]
    assert news["chart"]["number"] == 2
    news, seen = look(run, seen)
    assert news == {"chart": None, "wall": None, "path": None, "results": None}


def path_row(step: int) -> dict:
    points = [[0.0, 0.0], [0.123456, 0.25], [None, None]]
    return {"step": step, "student": points, "expert": points, "layers": [{"layer": 0, "left": 0.123456, "share": 1.0}]}


def test_the_map_is_sent_its_expert_once_and_no_more_snapshots_than_it_can_play():
    found = snapshots.paths([path_row(step) for step in range(500)])
    assert len(found) == snapshots.MOST_SNAPSHOTS and [found[0]["step"], found[-1]["step"]] == [0, 499]
    assert ["expert" in row for row in found] == [True] + [False] * (snapshots.MOST_SNAPSHOTS - 1)
    assert found[0]["student"] == [[0.0, 0.0], [0.1235, 0.25], [None, None]]
    assert found[0]["layers"] == [{"layer": 0, "left": 0.1235, "share": 1.0}]


def test_a_new_row_of_the_map_comes_alone(run):
    run.append("paths", path_row(0))
    news, seen = look(run, feed.first_look("own/x"))
    assert news["path"]["fresh"] and [row["step"] for row in news["path"]["paths"]] == [0]
    run.append("paths", path_row(5))
    news, _ = look(run, seen)
    assert not news["path"]["fresh"] and [row["step"] for row in news["path"]["paths"]] == [5]
    assert news["wall"] is None and news["chart"] is None


def test_a_tick_stays_small_however_long_the_run(run):
    for row in distil_rows(3000):
        run.append("metrics", row)
    _, seen = look(run, feed.first_look("own/x"))
    for row in distil_rows(10, first=3001):
        run.append("metrics", row)
    news, _ = look(run, seen)
    assert len(json.dumps(news)) < 1000


def test_a_new_worker_brings_a_whole_redraw(run):
    for row in distil_rows(50):
        run.append("metrics", row)
    run.set_status(worker={"id": 1})
    _, seen = look(run, feed.first_look("own/x"))
    run.keep_rows("metrics", lambda row: row["step"] <= 20)
    run.set_status(worker={"id": 2})
    news, _ = look(run, seen)
    assert news["chart"]["fresh"]
    assert steps(news)[-1] == 20


def test_a_cursor_left_in_the_middle_of_a_line_starts_over(run):
    for row in distil_rows(3):
        run.append("metrics", row)
    rows, _ = feed.rows_since(run, "metrics", 5)
    assert len(rows) == 3


# -- words ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (0.2, "1 s"), (42, "42 s"), (200, "3 min"), (8000, "2 h 13 min")]
)
def test_durations_are_rough(seconds, said):
    assert words.duration(seconds) == said


def test_the_tab_title_shows_the_progress_of_a_live_run_only():
    live = {"state": "running", "stage": "distil", "done": 30, "total": 40}
    assert words.page_title(live, STUDY.stages).startswith("75% Distil")
    assert words.page_title({**live, "state": "finished"}, STUDY.stages) == "Distilloscope"


def table(*rows):
    from backend.runs.results import summarise_results  # noqa: PLC0415 - only here

    return summarise_results(list(rows))


def test_the_verdict_says_when_a_difference_is_inside_the_noise():
    said = said_of.verdict(table(result("text", 0.47), result("text", 0.45, 1), result("random", 0.43)), "own")
    assert "0.46 ±" in said
    assert "n = 200 × 2 seeds" in said
    assert "within the noise" in said


def test_the_verdict_names_the_better_one_when_the_difference_is_clear():
    assert "better by more" in said_of.verdict(table(result("text", 0.9), result("random", 0.3)), "own")
    assert "worse by more" in said_of.verdict(table(result("text", 0.3), result("random", 0.9)), "own")


def test_the_verdict_is_about_the_ordinary_regime_of_the_own_model():
    rows = [result("text", 0.5), result("text", 0.9, regime="matched"), result("text", 0.1, student="other")]
    assert said_of.verdict(table(*rows), "own").startswith("Distilled text: 0.50")


def test_held_out_losses_are_averaged_and_absent_ones_leave_no_sentence():
    rows = {"soft": [{"matching_loss": 0.4}, {"matching_loss": 0.6}], "init": [{"matching_loss": 1.0}]}
    assert "0.50 with the learned prompts" in said_of.heldout({"heldout": rows})
    assert said_of.heldout({"heldout": {"soft": [], "init": []}}) == ""
    assert said_of.heldout({}) == ""


# -- markup ---------------------------------------------------------------------------------------------------------
def test_every_number_of_the_results_shows_its_n():
    markup = results_markup(STUDY, [result("text", 0.5), result("random", 0.4), result("base", 0.3)], CONFIG)
    assert markup.count("n = 200 × 1") == 3


def test_own_and_other_family_and_the_regimes_have_their_own_panels():
    rows = [result("text", 0.5), result("text", 0.5, regime="matched"), result("text", 0.5, student="other")]
    markup = results_markup(STUDY, rows, CONFIG)
    assert markup.count("<figure") == 3
    assert markup.count("ds-other") == 1


def test_the_hover_says_where_the_interval_comes_from():
    assert "over the choice of questions and of students" in results_markup(STUDY, [result("text", 0.5)], CONFIG)


def test_results_before_there_are_any_say_what_will_come():
    assert "No scores yet" in results_markup(STUDY, [], CONFIG)


def test_the_axis_reaches_past_the_longest_whisker_and_never_past_one():
    assert scale_top([{"mean": 0.41, "interval": 0.05}]) == 0.5
    assert scale_top([{"mean": 0.98, "interval": 0.05}]) == 1.0


def test_a_metric_that_is_no_share_has_an_axis_of_its_own_with_a_few_round_ticks():
    assert scale_top([{"mean": 0.98, "interval": 0.05}], share=False) == pytest.approx(1.03)
    assert ticks(0.5) == pytest.approx([0, 0.2, 0.4]) and ticks(1.0) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert ticks(34.2) == pytest.approx([0, 10, 20, 30]) and ticks(1.3) == pytest.approx([0, 0.5, 1])
    assert all(len(ticks(top)) <= 6 and ticks(top)[-1] <= top for top in (0.05, 0.3, 2, 7.7, 99, 12345))


HOSTILE = "<img src=x onerror=alert(1)>"


def test_nothing_from_a_run_folder_becomes_markup():
    hostile_config = {**CONFIG, "task": HOSTILE, "model": HOSTILE}
    error = {"found": HOSTILE, "expected": HOSTILE, "next_step": HOSTILE}
    status = {"state": "failed", "stage": "distil", "message": HOSTILE, "error": error}
    rows = [result(HOSTILE, 0.5, student=HOSTILE, regime=HOSTILE, metric=HOSTILE)]
    for markup in (
        status_markup(HOSTILE, HOSTILE, status, STUDY.stages, False),
        status_markup(HOSTILE, HOSTILE, {**status, "state": "running"}, STUDY.stages, False),
        results_markup(STUDY, rows, hostile_config),
    ):
        assert "<img" not in markup


# -- shelf ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "samples", tmp_path / "runs", tmp_path / "presets")


def test_one_visitor_cannot_open_the_run_of_another(shelf):
    mine, other = new_owner(), new_owner()
    key, run = shelf.new(mine, "text_distillation", "quick", CONFIG)
    assert shelf.open(mine, key).path == run.path
    assert shelf.open(other, key) is None
    assert shelf.choices(other) == []


@pytest.mark.parametrize(
    "key",
    [None, 3, "", "own", "own/", "own/..", "own/../../x", "own//etc", "recorded/../runs", "x/y", "own/a\n", ["own"]],
)
def test_no_strange_key_becomes_a_path(shelf, key):
    assert shelf.open(new_owner(), key) is None


@pytest.mark.parametrize("owner", [None, "", "..", "a" * 31, "A" * 32, "../" + "a" * 29, "a" * 33, 5])
def test_no_strange_owner_becomes_a_path(shelf, owner):
    assert not is_owner(owner)
    assert shelf.own(owner) == []
    with pytest.raises(ValueError, match="owner"):
        shelf.new(owner, "text_distillation", "quick", CONFIG)


def test_a_page_opens_on_the_live_run_then_on_a_recorded_one(shelf):
    owner = new_owner()
    assert shelf.first(owner) is None
    sample = RunDir.create(shelf.samples / "quick", "text_distillation", "quick", CONFIG)
    sample.set_status(state="finished")
    key, run = shelf.new(owner, "text_distillation", "quick", CONFIG)
    assert shelf.first(owner) == key
    run.set_status(state="finished")
    assert shelf.first(owner) == "recorded/quick"
    assert [key for _, key in shelf.choices(owner)] == [key, "recorded/quick"]
