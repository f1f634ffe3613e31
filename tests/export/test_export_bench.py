"""A run of the bench travels as any other: the same rows come back, and what is wrong in a file is refused in words."""

import contextlib
import json
from functools import lru_cache

import hypothesis
import pytest
from hypothesis import strategies as st

from backend.core.scoring.compare import paired
from backend.core.scoring.metrics import calibration, letters, summarise
from backend.errors import UserError
from backend.export.copy import RunCopy
from backend.export.kinds import made
from backend.export.run_file import pack, restore, unpack
from backend.runs.folder import RunDir
from backend.runs.results import summarise_results
from backend.studies.bench.files import questions_scored, students_of
from tests.exported import SAMPLES, own, packed, sample

NAMES = ["all_the_data", "distilled_text", "eight_random_questions"]
BASE, TUNED = (f"artifacts/scores/{who}-pocket_science.json" for who in ("base", "seed-0"))
ASKED = 30  # questions of the small run's students
NAN = b'{"stage": "tune", "phase": "final", "lr": 0.1, "seed": 0, "step": 1, "loss": NaN}\n'


@lru_cache
def small() -> dict[str, bytes]:
    """The run with eight questions: two of its students, a few questions each."""
    found = {
        name: data for name, data in sample(NAMES[2]).files.items() if "seed-1" not in name and "seed-2" not in name
    }
    found["metrics.jsonl"] = b"".join(found["metrics.jsonl"].splitlines(keepends=True)[::20])
    rows = [row for row in sample(NAMES[2]).rows("results") if row["seed"] == 0]
    found["results.jsonl"] = lines(rows)
    for name in (BASE, TUNED):
        found[f"{name}l"] = b"".join(found[f"{name}l"].splitlines(keepends=True)[:ASKED])
        facts = json.loads(found[name])
        found[name] = json.dumps(facts | {"n": ASKED, "summary": facts["summary"] | {"n": ASKED}}).encode()
    return found


def lines(rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def with_file(name: str, content: bytes) -> dict[str, bytes]:
    return small() | {name: content}


def with_document(name: str, **changes) -> dict[str, bytes]:
    """Fields of a document changed; one set to `...` is left out."""
    found = json.loads(small()[name]) | changes
    return with_file(name, json.dumps({key: value for key, value in found.items() if value is not ...}).encode())


def with_setting(**changes) -> dict[str, bytes]:
    return with_document("config.json", config=json.loads(small()["config.json"])["config"] | changes)


def with_row(name: str, number: int = -1, **changes) -> dict[str, bytes]:
    rows = [json.loads(line) for line in small()[name].splitlines()]
    rows[number] |= changes
    return with_file(name, lines(rows))


def without(name: str) -> dict[str, bytes]:
    return {key: value for key, value in small().items() if key != name}


def renamed(old: str, new: str) -> dict[str, bytes]:
    return {new if key == old else key: value for key, value in small().items()}


def first_of(name: str, field: str, **changes) -> list:
    """The list in a field of a document, its first entry changed."""
    first, *others = json.loads(small()[name])[field]
    return [first | changes, *others]


# -- there and back ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_a_run_comes_back_with_the_same_rows(name, tmp_path):
    first = pack(sample(name))
    there, back = RunDir(SAMPLES / name), restore(unpack(first), tmp_path / "back")
    assert pack(RunCopy.of(back)) == first
    for file in sample(name).files:
        if file.endswith(".jsonl"):
            assert (back.path / file).read_bytes() == (there.path / file).read_bytes()
    assert back.summary() == there.summary() and back.status()["state"] == "finished"
    assert summarise_results(back.rows("results")) == summarise_results(there.rows("results"))
    assert students_of(back) == students_of(there)


def test_tuned_weights_stay_behind_and_are_not_let_in(tmp_path):
    assert (SAMPLES / NAMES[0] / "artifacts/adapters/seed-0/adapter_model.safetensors").is_file()
    assert not [name for name in sample(NAMES[0]).files if "adapters" in name]
    for name in (
        "artifacts/adapters/seed-0/adapter_model.safetensors",
        "artifacts/adapters/seed-0/adapter_config.json",
    ):
        with pytest.raises(UserError, match="no run of its study has such a file"):
            unpack(packed(with_file(name, b"{}")))


def test_of_the_data_only_the_last_name_leaves(tmp_path):
    run = own(tmp_path / "run", NAMES[1])
    config = run.config()
    paths = {"data_path": "/home/ada/runs/first", "test_file": "C:\\ada\\my test.csv", "data_dir": "ada/arc"}
    config["config"] |= paths | {"student": "/home/ada/models/opt", "tasks": ["pocket_science", "~/ada/task"]}
    (run.path / "config.json").write_text(json.dumps(config))
    file = run.path / "results.jsonl"
    file.write_text(file.read_text().replace('"opt-pocket"', '"/home/ada/models/opt"'))
    copy = RunCopy.of(run)
    everything = b"".join(copy.files.values())
    assert not any(part in everything for part in (b"ada/", b"/home", b"C:", b"~"))
    assert {row["student"] for row in copy.rows("results")} == {"opt"}
    told = [copy.config[name] for name in ("data_path", "test_file", "data_dir", "student", "tasks")]
    assert told == ["first", "my_test.csv", "arc", "opt", ["pocket_science", "task"]]
    assert unpack(pack(copy)).files == copy.files


def test_its_tables_are_those_of_any_run():
    _, content = made(RunDir(SAMPLES / NAMES[0]), "csv")
    assert b"metrics-tune.csv" in content and b"results.csv" in content and b"settings.csv" in content


def test_what_its_study_does_not_offer_is_refused_with_what_it_offers():
    for kind in ("dataset", "jsonl", "report", "", "../x"):
        with pytest.raises(UserError, match="one of run, csv"):
            made(RunDir(SAMPLES / NAMES[0]), kind)


# -- what is refused --------------------------------------------------------------------------------------------------
BAD = {
    "another study": with_document("config.json", study="text_distillation"),
    "an unknown study": with_document("config.json", study="clip"),
    "a study that is a list": with_document("config.json", study=["bench"]),
    "settings that are a list": with_document("config.json", config=[]),
    "an unknown setting": with_setting(trust_remote_code=True),
    "a setting that is missing": with_document("config.json", config={}),
    "a setting of another type": with_setting(steps="60"),
    "a setting that is true": with_setting(steps=True),
    "a step size that is no number": with_setting(lrs=["a"]),
    "settings that do not go together": with_setting(data="distilled", data_path=""),
    "a number beyond any": with_setting(examples=10**30),
    "a run folder of somebody": with_setting(data="distilled", data_path="runs/" + "a" * 32 + "/first"),
    "a run folder by an absolute name": with_setting(data="distilled", data_path="/srv/runs/first"),
    "a run folder above": with_setting(data="distilled", data_path=".."),
    "a file in a folder": with_setting(test_file="secrets\\x.csv"),
    "a file that is hidden": with_setting(test_file=".env"),
    "a file of a home": with_setting(test_file="~root"),
    "a drive": with_setting(test_file="C:x.csv"),
    "a place of another machine": with_setting(data_dir="/etc"),
    "a student by its place": with_setting(student="/srv/models/x"),
    "a task by its place": with_setting(tasks=["../../etc"]),
    "half a letter in a task": with_setting(tasks=["\ud800"]),
    "a stage of another study": with_document("status.json", stage="distil"),
    "stages of another study": with_document("status.json", stages="experts"),
    "a process": with_document("status.json", worker={"id": 1}),
    "a live state": with_document("status.json", state="running"),
    "prompts": with_file("prompts.jsonl", b"{}\n"),
    "a checkpoint": with_file("artifacts/checkpoint.safetensors", b"\x08"),
    "a pickle": with_file("artifacts/tuning/state.pt", b"\x80\x04"),
    "a log": with_file("worker.log", b"x"),
    "no status": without("status.json"),
    "a row of a stage that is none": with_row("metrics.jsonl", stage="distil"),
    "a row of a stage as a list": with_row("metrics.jsonl", stage=[]),
    "a row of a long stage": with_row("metrics.jsonl", stage="\u202e" * 5000),
    "a row without a stage": with_file("metrics.jsonl", b'{"step": 1}\n'),
    "a loss as text": with_row("metrics.jsonl", 0, loss="0.5"),
    "a loss that is true": with_row("metrics.jsonl", 0, loss=True),
    "a loss beyond any": with_row("metrics.jsonl", 0, loss=10**400),
    "a loss that is no number": with_file(
        "metrics.jsonl", small()["metrics.jsonl"] + b'{"stage": "tune", "loss": NaN}\n'
    ),
    "a step before all": with_row("metrics.jsonl", 0, step=-1),
    "a step that is a fraction": with_row("metrics.jsonl", 0, step=0.5),
    "a phase that is none": with_row("metrics.jsonl", 0, phase="<b>"),
    "more in a row": with_row("metrics.jsonl", 0, more=1),
    "an accuracy above one": with_row("metrics.jsonl", acc=1.5),
    "a student by a path in a row": with_row("metrics.jsonl", who="../base"),
    "a task by a path in a row": with_row("metrics.jsonl", task="../../x"),
    "half a row": with_file("results.jsonl", small()["results.jsonl"][:-3]),
    "an arm of another study": with_row("results.jsonl", arm="soft"),
    "a value that is infinite": with_row("results.jsonl", value=float("inf")),
    "a value below zero": with_row("results.jsonl", value=-0.1),
    "no questions": with_row("results.jsonl", n=0),
    "an error below zero": with_row("results.jsonl", stderr=-1.0),
    "a metric that is none": with_row("results.jsonl", metric="f1"),
    "scores elsewhere": with_row("results.jsonl", scores="../../../etc/passwd"),
    "scores that are missing": with_row("results.jsonl", scores="artifacts/scores/none.jsonl"),
    "no scores": with_row("results.jsonl", scores=None),
    "a student called by a path": with_document(TUNED, who="../../seed-0"),
    "a student called otherwise": with_document(TUNED, who="seed-1"),
    "a task called by a path": with_document(TUNED, task="../../../x"),
    "a task called otherwise": with_document(TUNED, task="pocket_mmlu"),
    "a file called otherwise": renamed(TUNED, TUNED.replace("seed-0", "seed-1")),
    "a sum of other scores": with_document(TUNED, n=ASKED - 1),
    "a sum of no scores": without(f"{TUNED}l"),
    "a seed that is text": with_document(TUNED, seed="0"),
    "a fingerprint with a path": with_document(TUNED, fingerprint="../x"),
    "a sum that is a list": with_document(TUNED, summary=[]),
    "more beside the scores": with_document(TUNED, owner="ada"),
    "an answer that is no option": with_row(f"{TUNED}l", answer=9),
    "a likelihood that is text": with_row(f"{TUNED}l", log_likelihoods=["a", "b"]),
    "a likelihood that is impossible": with_row(f"{TUNED}l", log_likelihoods=[float("-inf")], lengths=[1]),
    "options without lengths": with_row(f"{TUNED}l", lengths=[]),
    "a length beyond any": with_row(f"{TUNED}l", log_likelihoods=[-1.0], lengths=[2**70], answer=0),
    "more questions than any test has": with_file(
        f"{TUNED}l", small()[f"{TUNED}l"].splitlines(keepends=True)[0] * 20_001
    ),
    "a summary of text": with_document("summary.json", comparisons="<b>"),
    "a summary that is a list": with_file("summary.json", b"[]"),
    "a field twice": with_file("summary.json", b'{"lr": 1, "lr": 2}'),
    "a warning of a kind that is none": with_document(
        "summary.json", warnings=[{"kind": "x", "task": "a", "found": "", "expected": "", "next_step": ""}]
    ),
    "a warning of a number": with_document("summary.json", warnings=[7]),
    "a grid without sizes": with_document("summary.json", grid=[{"acc": 1.0}]),
    "memory below zero": with_document("summary.json", peak_memory_mb=-1),
    "seconds of another stage": with_document("summary.json", seconds={"distil": 1.0}),
    "a difference that is text": with_document(
        "summary.json", comparisons=first_of("summary.json", "comparisons", difference="<b>")
    ),
    "flips that are numbers": with_document(
        "summary.json", comparisons=first_of("summary.json", "comparisons", gained=[1])
    ),
    "an example without tokens": with_document("example.json", shown=[{}]),
    "a token without its mark": with_document("example.json", shown=[{"tokens": [{"text": "a"}]}]),
    "half a letter in a token": with_document("example.json", shown=[{"tokens": [{"text": "\ud800", "taught": True}]}]),
    "seconds that are text": with_document("artifacts/seconds.json", tune="1"),
    "seconds before all": with_document("artifacts/seconds.json", tune=-1.0),
    "JSON without end": with_file("example.json", b"[" * 100_000),
    "another encoding": with_file("example.json", "{}".encode("utf-16")),
}


def test_the_run_that_bad_ones_are_made_of_is_good():
    assert unpack(packed(small())).files == small()
    assert unpack(packed(with_document("artifacts/seconds.json", tune=2.0))).files


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_words_that_name_it(name):
    with pytest.raises(UserError) as refused:
        unpack(packed(BAD[name]))
    told = refused.value
    assert told.found.endswith(".") and told.expected and told.next_step.endswith(".")
    assert len(str(told)) < 500 and str(told).isprintable()
    assert "archive" not in told.found and "checksums" not in told.found


ODD = [None, True, 0, -1, 2**53, 1e300, "", "a", "../x", "\ud800", "</script>", [], [[]], {}, {"a": 1}, [1.0]]


def places(value: object, path: tuple = ()):
    """Every path into a JSON value, lists by their first entry."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for name, part in inside:
        yield from places(part, (*path, name))


def put(value: object, path: tuple, new: object) -> object:
    """The value with another one at this place; where a fraction stood, a whole number is written as a fraction."""
    if not path:
        return float(new) if isinstance(value, float) and type(new) is int else new
    value[path[0]] = put(value[path[0]], path[1:], new)
    return value


@hypothesis.given(st.data())
@hypothesis.settings(max_examples=50, deadline=None)
def test_a_strange_value_anywhere_is_refused_or_can_be_reckoned_with(tmp_path_factory, data):
    name = data.draw(st.sampled_from(sorted(small())))
    kept = small()[name].splitlines() if name.endswith(".jsonl") else [small()[name]]
    number = data.draw(st.integers(0, len(kept) - 1))
    value = json.loads(kept[number])
    new = put(value, data.draw(st.sampled_from(list(places(value)))), data.draw(st.sampled_from(ODD)))
    kept[number] = json.dumps(new).encode()
    packet = packed(with_file(name, b"\n".join(kept) + (b"\n" if name.endswith(".jsonl") else b"")))
    try:
        run = restore(unpack(packet), tmp_path_factory.mktemp("odd") / "run")
    except UserError:
        return
    reckon(run)


def reckon(run: RunDir) -> None:
    """What the page and the command line make of a run's files; only a UserError may come of it."""
    summarise_results(run.rows("results"))
    made(run, "csv")
    for who in ("base", "tuned"):
        for task in students_of(run, who):
            for scored in questions_scored(run, who, task):
                summarise(scored), calibration(scored), letters(scored)
    with contextlib.suppress(UserError):
        paired(questions_scored(run, "tuned", "pocket_science"), questions_scored(run, "base", "pocket_science"))
