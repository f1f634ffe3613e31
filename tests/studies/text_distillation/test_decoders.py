"""Every decoder: it begins at the real questions, remembers across a stop, and ends in its own tokens; its settings."""

import functools
import json
from dataclasses import replace

import pytest

from backend import settings
from backend.core.models.nearest_tokens import as_grid, as_rows
from backend.errors import UserError
from backend.runs.folder import RunDir
from backend.studies.text_distillation.checkpoint import load_checkpoint, save_checkpoint
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decoder import Decoder
from backend.studies.text_distillation.decoders import DECODERS, SEARCH
from backend.studies.text_distillation.distill import begin
from backend.study import resolve
from tests import tiny_decoding
from tests.studies.text_distillation.test_run import ROOT, outcome, start
from tests.tiny_decoding import summary

one_process = tiny_decoding.one_process
config = tiny_decoding.config
ready = tiny_decoding.ready


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory):
    """A decoder's run that nobody stopped, computed when it is first asked for."""
    root = tmp_path_factory.mktemp("whole")
    return functools.cache(lambda decoder: start(longer(config, decoder), root / decoder)[0])


def longer(config: DistillConfig, decoder: str) -> DistillConfig:
    return replace(config, decoder=decoder, outer_steps=8)


def test_every_name_in_the_config_leads_to_a_decoder():
    names = next(item.choices for item in settings.describe(DistillConfig) if item.name == "decoder")
    assert len(names) > 3 and all(issubclass(resolve(DECODERS[name].ref), Decoder) for name in names)


@pytest.mark.parametrize("decoder", [name for name in DECODERS if name != SEARCH])  # whose texts are no tokens of P
def test_every_decoder_begins_at_the_real_questions_and_ends_in_its_own_tokens(decoder, config, tmp_path):
    config = replace(config, decoder=decoder, revert=False, prompt_tokens=64, outer_steps=12)
    run, state = start(config, tmp_path / "run")
    assert state == "finished"
    snapshots = run.rows("prompts")
    assert all(prompt["changed"] == 0 for prompt in snapshots[0]["prompts"])
    assert any(prompt["changed"] > 0 for prompt in snapshots[-1]["prompts"])
    rows = run.rows("distilled")
    assert [row["provenance"]["text"] for row in rows] == [prompt["text"] for prompt in snapshots[-1]["prompts"]]
    assert all(row["provenance"]["decoder"] == decoder and row["provenance"]["reverted"] is False for row in rows)
    assert summary(run)["reverted"] == 0 and summary(run)["judged_by"] is None
    assert 0 < summary(run)["tokens_changed"] <= 1


@pytest.mark.parametrize("decoder", ["straight_through", "guided"])
@pytest.mark.parametrize("stop_at", [1, 3])
def test_a_stopped_run_resumes_to_the_numbers_of_an_unbroken_one(
    decoder, stop_at, config, whole, tmp_path, monkeypatch
):
    """Between choices of tokens too: what a decoder remembers is in the checkpoint."""
    config, whole = longer(config, decoder), whole(decoder)
    append, folder = RunDir.append, tmp_path / "broken"

    def stop_there(self, name, row):
        append(self, name, row)
        if self.path == folder and row.get("step") == stop_at and row.get("stage") == "distil":
            self.stop_flag.touch()

    monkeypatch.setattr(RunDir, "append", stop_there)
    assert start(config, folder)[1] == "stopped"
    monkeypatch.setattr(RunDir, "append", append)
    run, state = start(config, folder)
    assert state == "finished"
    assert outcome(run) == outcome(whole)
    without_clocks = [{k: v for k, v in summary(one).items() if k != "seconds"} for one in (run, whole)]
    assert without_clocks[0] == without_clocks[1]


def test_a_checkpoint_without_what_the_decoder_remembers_is_refused(ready, tmp_path):
    setup, _, state, _ = ready("guided")
    other = begin(setup.config, setup.synthetic, 1.0)
    save_checkpoint(tmp_path / "other.safetensors", other)
    with pytest.raises(UserError, match="cannot be read"):
        load_checkpoint(tmp_path / "other.safetensors", state)


def test_ids_of_unequal_numbers_survive_the_grid():
    ids = [(5,), (7, 8, 9), (1, 2)]
    assert as_rows(as_grid(ids), [1, 3, 2]) == ids


# -- settings -----------------------------------------------------------------------------------------------------
def test_a_config_from_before_decoders_had_names_still_loads():
    old = json.loads((ROOT / "assets/sample_runs/standard/config.json").read_text(encoding="utf-8"))["config"]
    later = ("decoder", "revert", "admm_", "search_")
    old = {name: value for name, value in old.items() if not name.startswith(later)}
    assert "decoder" not in old and len(old) > 20
    assert settings.build(DistillConfig, settings.from_saved(DistillConfig, old)).decoder == "nearest"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"decoder": "nearst"}, "Did you mean 'nearest'"),
        ({"decoder": "guided", "admm_every": 61}, "admm_every is 61, but there are 60 updates"),
        ({"admm_rho": -1.0}, "admm_rho is -1.0"),
        ({"admm_neighbours": 0}, "admm_neighbours is 0"),
        ({"revert": 1}, "revert is 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, says):
    with pytest.raises(UserError, match=says):
        settings.build(DistillConfig, values)
