"""The bench's page without a browser: what each click answers, also to hostile input, and what the pictures say."""

import asyncio
import json

import gradio as gr
import pytest

from backend.bench.config import PRESETS, BenchConfig
from backend.core.errors import UserError
from backend.runs import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.config import PRESETS as DISTIL_PRESETS
from backend.studies.text_distillation.config import DistillConfig
from components import bench_feed, bench_words
from components.ask_panel import tuned_folder
from components.bench_results import bounds, results_markup
from components.bench_students import student_markup
from components.bench_table import table_markup
from components.bench_view import shown_config
from components.compare_view import compare_markup
from components.pages.student_bench import BenchPage
from components.shelf import Shelf, new_owner
from components.tabs import named
from components.upload_store import MOST_FILES, TEST, TRAIN, UploadStore
from tests.bench_folder import answers, write_run, write_scores
from tests.test_app import Recorder

HOSTILE = "<img src=x onerror=alert(1)>"
GOOD = "prompt,answer\n" + "".join(f'"Question: What is {i}?\nAnswer:",{i}\n' for i in range(4))
BAD = '{"question": "q", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "Z"}\n'
ANSWER = {
    "options": [{"text": HOSTILE, "probability": 0.75}, {"text": "bog", "probability": 0.25}],
    "choice": 0,
    "generation": HOSTILE,
    "truncated": False,
}
EXAMPLE = {"examples": 3, "tokens_longest": 9, "shown": [{"tokens": [{"text": HOSTILE, "taught": True}]}]}


class StandInDesk:
    """Answers at once, and remembers what it was asked."""

    def __init__(self):
        self.asked, self.fault = [], None

    def request(self, kind, timeout_s=60.0, **fields):
        self.asked.append((kind, fields))
        if self.fault:
            raise self.fault
        return EXAMPLE if kind == "example" else {"base": ANSWER, "tuned": ANSWER if fields["adapter"] else None}


@pytest.fixture(scope="module")
def built():
    """The page, made once: it keeps nothing but where its shelves stand, its runner and its desk."""

    async def make():  # inside a loop: Gradio would make one of its own and never close it
        with gr.Blocks():
            bench, distilled = (
                Shelf("", "", PRESETS, "bench", bench_words.title),
                Shelf("", "", DISTIL_PRESETS, "text_distillation"),
            )
            return BenchPage(bench, distilled, Recorder(), StandInDesk(), gr.BrowserState(""))

    return asyncio.run(make())


@pytest.fixture
def page(built, tmp_path):
    for shelf in (built.shelf, built.sources.distilled, built.sources.store):
        shelf.samples, shelf.root = tmp_path / "samples", tmp_path / "runs"
    built.runner = built.view.runner = Recorder()
    built.ask.desk = built.filled.example.desk = StandInDesk()
    return built


def held(page, owner, run=None, train=None, test="", **changes):
    """What the browser sends of the form: the preset's values with some changed, then the visitor and the picks."""
    values = dict(zip(page.filled.by_name, page.form.values({}), strict=True)) | changes
    return [*values.values(), owner, run, train, test]


def start(page, owner, *picks, **changes):
    answer = page.start(owner, "pocket", *held(page, owner, *picks, **changes))
    return answer[page.view.seen]["key"]


def event(**fields):
    return gr.EventData(None, fields)


def distilled_run(folder):
    run = RunDir.create(folder, "text_distillation", "quick", as_json(DistillConfig()))
    (run.path / "distilled.jsonl").write_text('{"prompt": "a", "answer": "b"}\n')
    return run


def upload(page, tmp_path, owner, text, name="mine.csv", use=TRAIN):
    """The page's answer to an upload, as `(key or None, what it says)`."""
    file = tmp_path / name
    file.write_text(text)
    answer = {TRAIN: page.filled.upload_train, TEST: page.filled.upload_test}[use](owner, str(file))
    sources = page.sources
    told, picker = (sources.train_told, sources.train) if use is TRAIN else (sources.test_told, sources.test)
    return (answer[picker]["value"] if picker in answer else None), answer[told]


# -- start ----------------------------------------------------------------------------------------------------------
def test_start_makes_a_bench_run_of_the_visitors_own(page):
    owner = new_owner()
    key = start(page, owner, seeds=2)
    found = page.shelf.open(owner, key).config()
    assert (found["study"], found["preset"]) == ("bench", "pocket")
    assert found["config"] == as_json(BenchConfig(seeds=2))
    assert page.runner.asked == [("start", key.partition("/")[2], "")]


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": 0},
        {"seeds": "many"},
        {"tasks": ["../../etc/passwd"]},
        {"tasks": [{}]},
        {"tasks": []},
        {"train_task": HOSTILE},
        {"data": "web"},
        {"student": ["opt-pocket"]},
        {"lrs": "0.1, x"},
        {"rank": float("nan")},
    ],
)
def test_a_value_that_makes_no_sense_is_said_and_starts_nothing(page, changes):
    owner = new_owner()
    answer = page.start(owner, "pocket", *held(page, owner, **changes))
    assert list(answer) == [page.form.message]
    assert 'role="alert"' in answer[page.form.message]
    assert "<img" not in answer[page.form.message]
    assert page.shelf.own(owner) == []


@pytest.mark.parametrize("sent", [[], [None], ["x"] * 60])
def test_a_request_that_is_no_form_is_refused(page, sent):
    assert "alert" in page.start(new_owner(), "pocket", *sent)[page.form.message]


def test_no_path_can_be_sent(page):
    assert not {"data_path", "test_file"} & page.filled.by_name.keys()


def test_an_invented_preset_is_not_kept(page):
    owner = new_owner()
    page.start(owner, "../../x", *held(page, owner))
    assert page.shelf.own(owner)[0].config()["preset"] is None


# -- data -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("data", ["distilled", "file"])
@pytest.mark.parametrize("key", [None, "", "../../x", "recorded/../runs", 7, ["own/x"]])
def test_data_that_was_not_picked_starts_nothing_and_is_only_a_hint_before(page, data, key):
    owner = new_owner()
    sent = held(page, owner, key, key, data=data)
    assert "alert" in page.start(owner, "pocket", *sent)[page.form.message]
    hint = page.form.follow("pocket", *sent)[0]
    assert "chosen" in hint
    assert "alert" not in hint


def test_a_recorded_distilled_run_becomes_a_path_that_the_command_line_shows_as_a_readable_one(page):
    owner, folder = new_owner(), page.sources.distilled.samples / "quick"
    distilled_run(folder)
    key = start(page, owner, "recorded/quick", data="distilled")
    assert page.shelf.open(owner, key).config()["config"]["data_path"] == str(folder)
    command = page.form.follow("pocket", *held(page, owner, "recorded/quick", data="distilled"))[2]
    assert "data_path=assets/sample_runs/quick" in command
    assert str(folder) not in command


def test_only_runs_that_wrote_their_text_are_offered(page):
    owner = new_owner()
    distilled_run(page.sources.distilled.samples / "quick")
    RunDir.create(page.sources.distilled.samples / "bare", "text_distillation", "quick", as_json(DistillConfig()))
    write_run(page.shelf.samples / "bench", n=20)
    assert [key for _, key in page.sources.runs(owner)] == ["recorded/quick"]


def test_a_good_file_is_counted_shown_kept_and_learned_from(page, tmp_path):
    owner = new_owner()
    key, said = upload(page, tmp_path, owner, GOOD)
    assert 'data-count="4"' in said
    assert said.count("<li>") == 3
    started = start(page, owner, None, key, data="file")
    path = page.shelf.open(owner, started).config()["config"]["data_path"]
    assert path == str(page.shelf.root / owner / "uploads" / key)
    assert path.endswith(".csv")
    assert "mine" not in path, "no path is made of a visitor's text"


def test_a_bad_file_names_row_and_column_and_changes_nothing(page, tmp_path):
    owner = new_owner()
    before, _ = upload(page, tmp_path, owner, GOOD)
    key, said = upload(page, tmp_path, owner, BAD, "bad.jsonl", TEST)
    assert key is None
    assert "row 1" in said
    assert "answerKey" in said
    assert page.sources.store.choices(owner, TEST) == []
    assert [found for _, found in page.sources.store.choices(owner, TRAIN)] == [before]


def test_the_texts_of_a_file_are_never_markup(page, tmp_path):
    _, said = upload(page, tmp_path, new_owner(), f'prompt,answer\n"{HOSTILE}",{HOSTILE}\n', f"{HOSTILE[:8]}.csv")
    assert "&lt;img" in said
    assert "<img" not in said


@pytest.mark.parametrize("file", [None, "", "/no/such/file.csv", 5, ["a"]])
def test_an_upload_without_a_file_is_refused(page, file):
    answer = page.filled.upload_train(new_owner(), file)
    assert "alert" in answer[page.sources.train_told]


def test_nobody_learns_from_the_file_of_another(page, tmp_path):
    key, _ = upload(page, tmp_path, new_owner(), GOOD)
    other = new_owner()
    assert page.sources.store.path(other, key) is None
    assert "alert" in page.start(other, "pocket", *held(page, other, None, key, data="file"))[page.form.message]


def test_old_files_make_room_but_those_of_a_run_stay(page, tmp_path):
    owner, store = new_owner(), page.sources.store
    needed, _ = upload(page, tmp_path, owner, GOOD)
    start(page, owner, None, needed, data="file")
    for number in range(MOST_FILES + 2):
        latest, _ = upload(page, tmp_path, owner, GOOD + f"more,{number}\n")
    kept = [key for _, key in store.choices(owner, TRAIN)]
    assert len(kept) == MOST_FILES
    assert {needed, latest} <= set(kept)


def test_a_file_over_the_limit_is_refused(tmp_path):
    file = tmp_path / "big.csv"
    file.write_text(GOOD + "x" * 2**20)
    with pytest.raises(UserError, match="too large"):
        UploadStore(tmp_path / "runs").keep(new_owner(), TRAIN, file, "big.csv")


# -- the run on screen ----------------------------------------------------------------------------------------------
def test_reload_finds_the_live_run_then_the_newest_then_a_recorded_one(page):
    owner = new_owner()
    assert page.open(owner)[page.view.head].count("No run yet") == 1
    write_run(page.shelf.samples / "one", n=20)
    assert 'data-recorded="true"' in page.open(owner)[page.view.head]
    key = start(page, owner)
    page.shelf.open(owner, key).set_status(state="finished")
    assert page.open(owner)[page.view.seen]["key"] == key
    live = start(page, owner)
    assert page.open(owner)[page.view.seen]["key"] == live


def test_nobody_can_touch_or_see_the_run_of_another(page):
    key = start(page, new_owner())
    page.runner.asked.clear()
    other = new_owner()
    for act in (page.stop, page.resume):
        for tried in (key, "../..", None, 3):
            act(other, tried)
    assert page.runner.asked == []
    assert "No run yet" in page.open_run(other, event(key=key))[page.view.head]
    assert "alert" in page.compare(other, event(keys=[key, key]))


def test_recorded_runs_are_for_looking_at(page):
    write_run(page.shelf.samples / "one", n=20)
    for act in (page.stop, page.resume):
        act(new_owner(), "recorded/one")
    assert page.runner.asked == []


@pytest.mark.parametrize("seen", [None, {}, {"key": "own/x"}, "x", {"key": 3, "cursors": {}}])
def test_a_tick_with_a_strange_memory_shows_the_first_run(page, seen):
    write_run(page.shelf.samples / "one", n=20)
    assert page.view.tick(new_owner(), seen)[page.view.seen]["key"] == "recorded/one"


def test_a_tick_of_a_quiet_run_sends_nothing_but_its_memory(page):
    owner = new_owner()
    start(page, owner)
    assert list(page.view.tick(owner, page.open(owner)[page.view.seen])) == [page.view.seen]


def test_new_rows_come_once_and_numbered_and_a_new_worker_draws_afresh(page):
    owner = new_owner()
    run = page.shelf.open(owner, start(page, owner))
    seen = page.open(owner)[page.view.seen]
    row = {"stage": "tune", "phase": "grid", "lr": 0.005, "seed": 0, "step": 1, "loss": 2.0}
    run.append("metrics", row)
    news, seen = bench_feed.look(run, seen)
    assert (news["chart"]["fresh"], news["chart"]["number"]) == (False, 2)
    assert news["chart"]["tune"] == {"line": ["grid 0.005 0"], "step": [1], "loss": [2.0]}
    assert bench_feed.look(run, seen)[0]["chart"] is None
    run.set_status(pid_started=123.0)
    assert bench_feed.look(run, seen)[0]["chart"]["fresh"]


def test_a_long_history_is_thinned_line_by_line():
    rows = [
        {"stage": "tune", "phase": "final", "lr": 0.005, "seed": seed, "step": step, "loss": 1.0}
        for seed in range(2)
        for step in range(5000)
    ]
    thinned = bench_feed.thin_lines([*rows, {**rows[0], "seed": 2}], most=300)
    assert [sum(row["seed"] == seed for row in thinned) <= 100 for seed in range(3)] == [True] * 3
    assert any(row["seed"] == 2 for row in thinned)


def test_settings_of_a_run_fill_the_form_with_its_file(page, tmp_path):
    owner = new_owner()
    train, _ = upload(page, tmp_path, owner, GOOD)
    key = start(page, owner, None, train, data="file", seeds=5)
    answer = page.copy_settings(owner, key)
    assert answer[page.sources.train] == train
    assert answer[page.filled.by_name["seeds"]] == 5
    assert "--set data_path=mine.csv" in answer[page.form.command]


def test_a_run_shows_no_path_of_this_machine(page, tmp_path):
    run = write_run(tmp_path / "r", data="file", data_path="/secret/home/runs/x.csv", n=20)
    assert shown_config(run)["config"]["data_path"] == "x.csv"


# -- results --------------------------------------------------------------------------------------------------------
def test_results_show_before_and_after_with_interval_n_and_seeds(tmp_path):
    markup = results_markup(write_run(tmp_path / "r", n=100))
    assert "n = 100 x 1" in markup
    assert "n = 100 x 3" in markup
    assert markup.count('<li class="ds-bar') == 2
    assert "<svg" in markup
    assert "0.005 was chosen" in markup


def test_a_student_that_always_says_b_is_called_out(tmp_path):
    run = write_run(tmp_path / "r", data="none", n=100)
    assert "it says B" in results_markup(run)


def test_an_interval_has_a_width_at_0_and_1():
    row = {"mean": 1.0, "interval": 0.0, "n": 20, "seeds": 1}
    assert bounds(row)[0] < 1.0 == bounds(row)[1]


def test_warnings_are_shown_as_notices(tmp_path):
    run = write_run(tmp_path / "r", skill=0.05, n=60)
    markup = results_markup(run)
    assert 'class="ds-notice"' in markup
    assert "Inside the noise." in markup


def test_nothing_from_a_run_folder_becomes_markup(page, tmp_path):
    run = write_run(page.shelf.samples / "r", n=20, student=HOSTILE)
    summary = json.loads((run.path / "summary.json").read_text())
    summary["warnings"] = [dict.fromkeys(("kind", "found", "expected", "next_step"), HOSTILE)]
    summary["comparisons"] = [row | {"task": HOSTILE} for row in summary["comparisons"]]
    (run.path / "summary.json").write_text(json.dumps(summary))
    (run.path / "example.json").write_text(json.dumps(EXAMPLE))
    run.set_status(state="failed", stage="tune", error=dict.fromkeys(("found", "expected", "next_step"), HOSTILE))
    shown = page.view.show(new_owner(), "recorded/r")
    texts = [value for value in shown.values() if isinstance(value, str)] + [compare_markup(run, run)]
    assert sum(HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in text for text in texts) >= 4
    assert not any("<img" in text for text in texts)


# -- table and comparison -------------------------------------------------------------------------------------------
def test_the_table_has_own_runs_newest_first_then_recorded_ones(page):
    owner = new_owner()
    write_run(page.shelf.samples / "old", n=20)
    keys = [start(page, owner) for _ in range(2)]
    for number, key in enumerate(keys):
        page.shelf.open(owner, key).set_status(started_at=number)
    markup = table_markup(page.shelf, owner, keys[0])
    places = [markup.index(f'data-key="{key}"') for key in (keys[1], keys[0], "recorded/old")]
    assert places == sorted(places)
    assert markup.count("disabled") == 3, "two rows without scores and the button itself"
    assert markup.count("aria-current") == 1


def test_two_runs_are_compared_question_by_question(page):
    write_run(page.shelf.samples / "a", skill=0.8, n=100, seeds=1)
    write_run(page.shelf.samples / "b", skill=0.3, n=100, seeds=1, data="random", examples=8)
    markup = page.compare(new_owner(), event(keys=["recorded/a", "recorded/b"]))
    assert "A is better" in markup
    assert "McNemar p" in markup
    assert "<code>data</code> real | random" in markup
    assert markup.count('<li class="ds-flip ds-gained') + markup.count('<li class="ds-flip ds-lost') > 20


def test_flips_carry_the_words_of_bundled_questions(page):
    run = write_run(page.shelf.samples / "a", n=100, seeds=1)
    other = write_run(page.shelf.samples / "b", n=100, skill=0.2, seeds=1)
    for each, skill in ((run, 0.9), (other, 0.1)):
        scored = [
            type(item)(**{**vars(item), "id": f"pocket_science_test_{number:04}"})
            for number, item in enumerate(answers(skill, 50, 3))
        ]
        write_scores(each, BenchConfig(seeds=1), "seed-0", "pocket_science", scored)
    assert "<p>Which " in compare_markup(run, other) or "<p>What " in compare_markup(run, other)


def test_different_questions_are_said_kindly(page):
    write_run(page.shelf.samples / "a", n=100)
    write_run(page.shelf.samples / "b", n=60)
    markup = page.compare(new_owner(), event(keys=["recorded/a", "recorded/b"]))
    assert "different questions (100 and 60)" in markup


def test_runs_without_a_common_task_are_said_kindly(page):
    write_run(page.shelf.samples / "a", n=20)
    write_run(page.shelf.samples / "b", n=20, tasks=("pocket_mmlu",))
    assert "pocket mmlu" in page.compare(new_owner(), event(keys=["recorded/a", "recorded/b"]))


@pytest.mark.parametrize("keys", [None, [], ["x"], ["recorded/a"] * 3, "recorded/a", [None, None], {"a": 1}])
def test_a_strange_pair_is_refused(page, keys):
    assert "alert" in page.compare(new_owner(), event(keys=keys))
    assert "alert" in page.compare(new_owner(), gr.EventData(None, None))


# -- ask and example ------------------------------------------------------------------------------------------------
def test_both_students_are_asked_once_there_is_a_tuned_one(page):
    run, owner = write_run(page.shelf.samples / "a", n=20), new_owner()
    shown = list(page.ask.ask(owner, "recorded/a", "Why?", "so\nno"))
    assert "waiting" in shown[0]
    assert page.ask.desk.asked[-1][1]["adapter"] is None
    assert shown[1].count("ds-answering") == 1
    folder = run.artifacts / "adapters" / "seed-0"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    shown = list(page.ask.ask(owner, "recorded/a", "Why?", "so\nno"))
    assert page.ask.desk.asked[-1][1]["adapter"] == str(folder) == str(tuned_folder(run))
    assert shown[1].count("ds-answering") == 2
    assert "<img" not in shown[1]


@pytest.mark.parametrize(
    ("question", "options"), [("", "a\nb"), (None, "a\nb"), ("q", "a"), ("q", ""), ("q", 3), ("q" * 9000, "a\nb")]
)
def test_a_question_that_cannot_be_asked_never_reaches_the_desk(page, question, options):
    write_run(page.shelf.samples / "a", n=20)
    assert "alert" in list(page.ask.ask(new_owner(), "recorded/a", question, options))[-1]
    assert page.ask.desk.asked == []


def test_a_busy_desk_is_said(page):
    write_run(page.shelf.samples / "a", n=20)
    page.ask.desk.fault = UserError("The desk is busy.", "fewer questions", "Ask again.")
    assert "The desk is busy." in list(page.ask.ask(new_owner(), "recorded/a", "q", "a\nb"))[-1]


def test_the_student_of_another_visitor_cannot_be_asked(page):
    key = start(page, new_owner())
    assert "alert" in list(page.ask.ask(new_owner(), key, "q", "a\nb"))[-1]
    assert page.ask.desk.asked == []


@pytest.mark.parametrize("number", [None, -1, 99, "0", True, 0.0])
def test_a_strange_suggestion_fills_nothing(page, number):
    write_run(page.shelf.samples / "a", n=20)
    assert page.ask.question not in page.pick_question(new_owner(), "recorded/a", event(number=number))


def test_a_suggestion_fills_question_and_options(page):
    write_run(page.shelf.samples / "a", n=20)
    answer = page.pick_question(new_owner(), "recorded/a", event(number=1))
    assert answer[page.ask.question].endswith("?")
    assert len(answer[page.ask.options].splitlines()) >= 2


def test_an_example_is_read_once_for_the_same_choice(page):
    owner = new_owner()
    (waiting, _), (ready, seen) = page.filled.show_example("", *held(page, owner))
    assert "waiting" in waiting
    assert "<mark>&lt;img" in ready
    assert list(page.filled.show_example(seen, *held(page, owner))) == [(gr.skip(), gr.skip())]
    assert [kind for kind, _ in page.ask.desk.asked] == ["example"]


def test_an_example_that_cannot_be_read_says_what_to_do(page):
    page.ask.desk.fault = UserError("There is no model 'x'.", "a model", "Check its name.")
    *_, (failed, seen) = page.filled.show_example("", *held(page, new_owner(), student="x"))
    assert "Check its name." in failed
    assert seen == "", "the next look asks again"


@pytest.mark.parametrize(("changes", "said"), [({"data": "none"}, "Nothing is learned"), ({"seeds": 0}, "need a look")])
def test_without_an_example_the_panel_says_why(page, changes, said):
    [(markup, _)] = page.filled.show_example("", *held(page, new_owner(), **changes))
    assert said in markup
    assert page.ask.desk.asked == []


# -- words ----------------------------------------------------------------------------------------------------------
def test_a_gated_student_says_what_to_do_and_an_unknown_one_is_escaped():
    assert "hf auth login" in student_markup("meta-llama/Llama-3.2-1B", BenchConfig())
    assert "<img" not in student_markup(HOSTILE, None)


def test_a_known_student_says_size_licence_memory_and_time():
    said = student_markup("smollm2-135m", BenchConfig(student="smollm2-135m"))
    assert all(part in said for part in ("135 M parameters", "apache-2.0", "GB of memory", "on two cores"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"data": "none"}, "opt-pocket as it is"),
        ({"data": "random", "examples": 1}, "learns 1 random question of pocket science"),
        ({"examples": 50}, "learns 50 real questions"),
        ({"data": "distilled", "data_path": "x", "examples": 1}, "learns 1 distilled prompt with"),
        ({"seeds": 1, "method": "dora"}, "with DoRA, once"),
        ({"data": "file", "data_path": "x", "tasks": (), "test_file": "y"}, "an uploaded file with LoRA"),
    ],
)
def test_a_run_is_said_in_a_sentence(settings, said):
    assert said in bench_words.about(as_json(BenchConfig(**settings)))


def test_a_run_is_named_by_what_it_did_not_by_the_preset_it_came_from(page):
    owner = new_owner()
    key = start(page, owner, data="random", examples=4)
    assert page.shelf.choices(owner)[0][0].startswith("opt-pocket after 4 random questions, ")
    assert "<h2>opt-pocket after 4 random questions</h2>" in page.view.show(owner, key)[page.view.head]


@pytest.mark.parametrize(("query", "chosen"), [({"tab": "bench"}, "bench"), ({"tab": "x"}, None), ({}, None)])
def test_the_address_names_the_tab(query, chosen):
    class Request:
        query_params = query

    found = named(Request())
    assert (found.selected if chosen else found) == (chosen or gr.skip())
