"""A data set of a run that is kept among the visitor's files: the forms offer it, and it teaches the same texts."""

import pytest

from backend.core.text.uploads import read_examples
from backend.errors import UserError
from backend.export.copy import RunCopy
from backend.export.samples import sets_of
from backend.limits.hosts import HOSTS, LOCAL
from backend.runs.folder import RunDir
from components.run import keeping
from components.run.keeping import keep_set
from components.run.shelf import new_owner
from components.run.upload_store import OWN, TRAIN, UploadStore
from tests.exported import own


@pytest.fixture
def run(tmp_path):
    own(tmp_path / "quick", "quick")
    return RunDir(tmp_path / "quick")


@pytest.fixture
def store(tmp_path):
    return UploadStore(tmp_path / "runs", HOSTS[LOCAL])


def test_a_set_is_offered_for_every_use_and_teaches_to_the_character_what_the_run_taught(run, store):
    owner, samples = new_owner(), sets_of(RunCopy.of(run))["distilled"]
    kept = keep_set(store, owner, run, None)
    assert kept == {"name": "distilled", "count": len(samples)}
    for use in (TRAIN, OWN):
        [(label, key)] = store.choices(owner, use)
        assert "distilled" in label and f"{len(samples)} example" in label
        examples = read_examples(store.path(owner, key))
        assert [e.prompt + e.between + e.answer for e in examples] == [s.prompt + s.completion for s in samples]
    assert store.choices(new_owner(), TRAIN) == [], "nobody else has it"


def test_of_several_sets_one_is_asked_for_and_no_file_is_made_before(run, store, monkeypatch):
    owner, [only] = new_owner(), sets_of(RunCopy.of(run)).values()
    monkeypatch.setattr(keeping, "sets_of", lambda copy: {"best": only[:2], "random": only})
    for unknown in (None, "worst", 7, ["best"]):
        assert keep_set(store, owner, run, unknown) == {"sets": {"best": 2, "random": len(only)}}
    assert store.choices(owner, TRAIN) == []
    assert keep_set(store, owner, run, "best") == {"name": "best", "count": 2}
    assert len(store.choices(owner, TRAIN)) == 1


def test_a_run_without_a_data_set_and_a_page_without_a_visitor_are_told_in_words(run, store):
    (run.path / "distilled.jsonl").unlink()
    with pytest.raises(UserError, match="no distilled text"):
        keep_set(store, new_owner(), run, None)
    with pytest.raises(UserError, match="Nobody owns"):
        keep_set(store, "../x", run, None)
