"""Data picked and uploaded on the bench's page: what is offered, counted, kept and refused."""

import pytest

from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, HOSTS
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.config import DistillConfig
from components.run.shelf import new_owner
from components.run.upload_store import MOST_FILES, TEST, TRAIN, UploadStore
from tests import bench_page
from tests.bench_folder import write_run
from tests.bench_page import GOOD, HOSTILE, begin, held, start, upload

built = bench_page.built
page = bench_page.page

BAD = '{"question": "q", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "Z"}\n'


def distilled_run(folder):
    run = RunDir.create(folder, "text_distillation", "quick", as_json(DistillConfig()))
    (run.path / "distilled.jsonl").write_text('{"prompt": "a", "answer": "b"}\n')
    return run


@pytest.mark.parametrize("data", ["distilled", "file"])
@pytest.mark.parametrize("key", [None, "", "../../x", "recorded/../runs", 7, ["own/x"]])
def test_data_that_was_not_picked_starts_nothing_and_is_only_a_hint_before(page, data, key):
    owner = new_owner()
    sent = held(page, owner, key, key, data=data)
    assert "alert" in begin(page, owner, *sent)[page.form.message]
    hint = page.form.follow("pocket", *sent)[0]
    assert "chosen" in hint
    assert "alert" not in hint


def test_a_recorded_distilled_run_becomes_a_path_that_the_command_line_shows_as_a_readable_one(page):
    owner, folder = new_owner(), page.sources.distilled.samples / "quick"
    distilled_run(folder)
    key = start(page, owner, "recorded/quick", data="distilled")
    assert page.shelf.open(owner, key).config()["config"]["data_path"] == str(folder)
    command = page.form.follow("pocket", *held(page, owner, "recorded/quick", data="distilled"))[2]["texts"]["command"]
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


def test_a_test_file_with_free_answers_is_described_and_scored(page, tmp_path):
    owner = new_owner()
    free = '[{"instruction": "What is hot?", "input": "", "output": "The sun."}]'
    key, said = upload(page, tmp_path, owner, free, "free.json", TEST)
    assert 'data-task="own_text"' in said and "Read as alpaca." in said
    assert "<span>What is hot?</span><b>The sun.</b>" in said
    started = start(page, owner, None, None, key)
    assert page.shelf.open(owner, started).config()["config"]["test_file"].endswith(key)


def test_a_file_that_does_not_say_where_it_counts_from_is_kept_once_the_form_does(page, tmp_path):
    owner, file = new_owner(), tmp_path / "numbers.csv"
    file.write_text("question,A,B,C,answer\n" + "".join(f"Is {i} so?,yes,no,maybe,{1 + i % 2}\n" for i in range(9)))
    for use, send in ((TEST, page.filled_in.upload_test), (TRAIN, page.filled_in.upload_train)):
        [refused] = [value for value in send(owner, str(file), "auto").values() if "alert" in str(value)]
        assert "answers_from" in refused and not page.sources.store.choices(owner, use)
        send(owner, str(file), "1")
        [(_, key)] = page.sources.store.choices(owner, use)
        assert page.sources.store.facts(owner, key)["shown"][0][1] in ("yes", " yes")
    started = start(page, owner, None, None, page.sources.store.choices(owner, TEST)[0][1], answers_from="1")
    assert page.shelf.open(owner, started).config()["config"]["answers_from"] == "1"


def test_the_texts_of_a_file_are_never_markup(page, tmp_path):
    _, said = upload(page, tmp_path, new_owner(), f'prompt,answer\n"{HOSTILE}",{HOSTILE}\n', f"{HOSTILE[:8]}.csv")
    assert "&lt;img" in said
    assert "<img" not in said


@pytest.mark.parametrize("file", [None, "", "/no/such/file.csv", 5, ["a"]])
def test_an_upload_without_a_file_is_refused(page, file):
    answer = page.filled_in.upload_train(new_owner(), file)
    assert "alert" in answer[page.sources.train_told]


def test_nobody_learns_from_the_file_of_another(page, tmp_path):
    key, _ = upload(page, tmp_path, new_owner(), GOOD)
    other = new_owner()
    assert page.sources.store.path(other, key) is None
    assert "alert" in begin(page, other, *held(page, other, None, key, data="file"))[page.form.message]


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
        UploadStore(tmp_path / "runs", HOSTS[CPU_SPACE]).keep(new_owner(), TRAIN, file, "big.csv")
