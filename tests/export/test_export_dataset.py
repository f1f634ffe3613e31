"""The distilled text as a data set: it loads offline, its card's numbers are the run's, the hub gets it once."""

import json
import statistics

import datasets
import httpx
import pytest
import yaml
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from backend.errors import UserError
from backend.export import hub
from backend.export.copy import RunCopy
from backend.runs.results import summarise_results
from backend.studies.text_distillation.card import card
from backend.studies.text_distillation.dataset import dataset_of
from tests.exported import own, sample
from tests.llama_factory import learned

TOKEN = "hf_" + "s3cret" * 4


def without(copy: RunCopy, *names: str) -> RunCopy:
    return RunCopy({name: content for name, content in copy.files.items() if name not in names})


# -- the folder -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["paper", "quick", "standard"])
def test_the_library_loads_the_folder_without_a_network(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for file, content in dataset_of(sample(name)).items():
        (tmp_path / "set" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / file).write_bytes(content)
    found = datasets.load_dataset(str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache"))
    rows = sample(name).rows("distilled")
    assert found["prompt"][:] == [row["prompt"] for row in rows]
    assert found["answer"][:] == [row["answer"] for row in rows]
    assert found[0]["provenance"]["started_from"] == rows[0]["provenance"]["started_from"]
    (listed,) = json.loads((tmp_path / "set" / "dataset_info.json").read_bytes())
    assert f"`dataset: {listed}`" in card(sample(name))
    taught = [(talk[-2]["content"], talk[-1]["content"]) for _, talk in learned(tmp_path / "set", listed)]
    assert taught == list(zip(found["question"], found["answer"], strict=True))


def test_a_run_without_text_has_no_data_set():
    with pytest.raises(UserError, match="no distilled text yet"):
        dataset_of(without(sample(), "distilled.jsonl"))


# -- the card ---------------------------------------------------------------------------------------------------------
def test_the_front_matter_is_what_the_hub_reads():
    _, front, _ = card(sample()).split("---\n", 2)
    found = yaml.safe_load(front)
    assert found["license"] == "unknown" and found["language"] == ["en"]
    assert found["size_categories"] == ["n<1K"] and found["task_categories"] == ["question-answering"]
    assert found["configs"][0]["data_files"] == [{"split": "train", "path": "data/train.parquet"}]


def test_every_number_of_the_card_is_from_the_files_and_has_its_n():
    copy, said = sample(), card(sample())
    for row in summarise_results(copy.rows("results")):
        if row["metric"] == "acc":
            assert f"| {row['mean']:.3f} | {row['interval']:.3f} | {row['n']} | {row['seeds']} |" in said
    for rows in copy.document("summary.json")["heldout"].values():
        losses = [row["matching_loss"] for row in rows]
        assert f"| {statistics.fmean(losses):.3f} | {len(losses)} |" in said
    refused = sum(row["provenance"]["reverted"] for row in copy.rows("distilled"))
    assert refused and f"{refused} of 8 texts were refused" in said


def test_what_was_not_measured_is_said_to_be_so():
    said = card(without(sample(), "results.jsonl", "summary.json"))
    assert "Not measured" in said
    assert "matching loss" not in said


def test_names_and_prompts_cannot_break_out_of_the_card(tmp_path):
    run = own(tmp_path / "run")
    config = run.config()
    config["config"] |= {"task": "a|b`\n# no", "model": "m|`"}
    (run.path / "config.json").write_text(json.dumps(config))
    rows = run.rows("distilled")
    rows[0]["prompt"] = "```\n# no\n<script>"
    (run.path / "distilled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = card(RunCopy.of(run))
    assert "\n# no" not in said
    assert said.count("\n```") % 2 == 0
    assert [line for line in said.splitlines() if line.startswith("# ")] == ["# a_b___ no, distilled"]


# -- the hub ----------------------------------------------------------------------------------------------------------
class Fake:
    """A hub that remembers, or fails as it is told."""

    def __init__(self, fails_at: str = "", error: Exception | None = None):
        self.seen, self.fails_at, self.error = [], fails_at, error

    def __call__(self, token: str) -> "Fake":
        self.seen.append(("token", token))
        return self

    def create_repo(self, repo_id: str, **more):
        self._maybe("create_repo")
        self.seen.append(("create", repo_id, more))
        return type("Made", (), {"repo_id": f"ada/{repo_id}"})()

    def create_commit(self, repo_id: str, operations, **more):
        self._maybe("create_commit")
        self.seen.append(("commit", repo_id, [operation.path_in_repo for operation in operations]))

    def _maybe(self, here: str) -> None:
        if self.fails_at == here:
            raise self.error


def answered(status: int) -> HfHubHTTPError:
    response = httpx.Response(status, request=httpx.Request("POST", "https://hub.invalid/?token=" + TOKEN))
    return HfHubHTTPError(f"refused {TOKEN}", response=response)


def test_a_new_data_set_is_made_and_filled():
    fake = Fake()
    assert hub.push(dataset_of(sample()), " eight ", f" {TOKEN}\n", True, fake) == "ada/eight"
    (_, token), (_, name, how), (_, where, files) = fake.seen
    assert (token, name, where) == (TOKEN, "eight", "ada/eight")
    assert how == {"repo_type": "dataset", "private": True, "exist_ok": False}
    assert files == ["README.md", "data/train.parquet", "dataset_info.json"]


FAILURES = [
    (answered(401), "refuses the token"),
    (answered(403), "may not write"),
    (answered(409), "already"),
    (answered(429), "wait"),
    (answered(500), "error 500"),
    (httpx.ConnectError(f"no route for {TOKEN}"), "could not be reached"),
    (OSError(TOKEN), "could not be reached"),
    (OfflineModeIsEnabled(TOKEN), "stay offline"),
    (ValueError(TOKEN), "could not be reached"),
]


@pytest.mark.parametrize(("error", "said"), FAILURES, ids=[said for _, said in FAILURES])
@pytest.mark.parametrize("where", ["create_repo", "create_commit"])
def test_a_failure_is_told_in_words_that_never_hold_the_token(error, said, where):
    with pytest.raises(UserError, match=said) as refused:
        hub.push({"README.md": b""}, "eight", TOKEN, True, Fake(where, error))
    told = refused.value
    assert TOKEN not in repr(told.as_dict()) + str(told)
    assert told.__cause__ is None and told.__suppress_context__
    assert ("still empty" in told.next_step) == (where == "create_commit")


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b/c", "https://x", "-a", "a" * 200, "a..b", "a--b", "x.git"])
def test_a_name_that_is_none_asks_no_hub(name):
    fake = Fake()
    with pytest.raises(UserError, match="not a valid name"):
        hub.push({}, name, TOKEN, True, fake)
    assert fake.seen == []


@pytest.mark.parametrize("token", ["", "password", "hf_", "hf_a b", "hf_x\nInjected: 1"])
def test_what_is_no_token_is_sent_nowhere(token):
    fake = Fake()
    with pytest.raises(UserError, match="not an access token") as refused:
        hub.push({}, "eight", token, True, fake)
    assert fake.seen == []
    assert not token or token not in str(refused.value) or token == "hf_"


def test_the_real_client_offline_says_so():
    with pytest.raises(UserError, match=r"stay offline|could not be reached"):
        hub.push({"README.md": b""}, "eight", TOKEN, True)
