"""The study's settings: what they refuse, what its words say, and that its work is counted. No torch."""

import pytest

from backend import settings
from backend.errors import UserError
from backend.runs.work import Amount
from backend.studies.ba_lora import summary, words
from backend.studies.ba_lora.arms import ARMS
from backend.studies.ba_lora.config import PRESETS, BaLoraConfig
from backend.studies.ba_lora.work import work


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": ()}, "arms is empty"),
        ({"arms": ("pissa", "pissa")}, "different arms"),
        ({"arms": ("adapters",)}, "one of lora"),
        ({"lrs": ()}, "lrs is empty"),
        ({"lrs": (0.01, 0.01)}, "different step sizes"),
        ({"strength": 0.4}, "0.5 to 1"),
        ({"form": "v9"}, "one of iclr"),
        ({"train_task": "own_options"}, "data_dir is empty"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(UserError) as refused:
        BaLoraConfig(**changes)
    assert said in str(refused.value)


def test_every_preset_is_a_legal_run_and_says_what_it_is():
    for name in settings.list_presets(PRESETS):
        given = settings.load_preset(PRESETS, name)
        config = settings.build(BaLoraConfig, given["settings"])
        said = words.about(settings.as_json(config))
        assert given["title"] and given["about"] and said.endswith(".") and str(config.examples) in said
    assert set(words.TITLES) == {"base", "clean", *ARMS}


def test_more_arms_seeds_step_sizes_and_planting_are_more_work():
    def total(**changes) -> Amount:
        found = work(BaLoraConfig(**changes), 2)
        return sum((part.amount for part in found.parts), Amount())

    plain = total()
    assert plain.steps > 12 * 7 * 45 and plain.questions > 12 * 5 * 200
    for fewer in ({"arms": ("pissa",)}, {"seeds": 2}, {"lrs": (0.01,)}, {"steps": 20}):
        assert total(**fewer).steps < plain.steps
    assert total(plant="own").tokens > plain.tokens + 2 * 420 * 2048
    assert total(test_limit=50).questions < plain.questions
    assert work(BaLoraConfig(), 2).memory_mb > work(BaLoraConfig(), 1).memory_mb


def test_one_student_has_no_interval_and_a_share_of_an_untrained_model_one_over_its_items():
    rows = [{"who": "base", "seed": 0, "probe": "pairs", "metric": "pair_score", "value": 1.0, "n": 20, "items": "x"}]
    (base,) = summary.table(rows)
    assert base["high"] == 1 and 0.8 < base["low"] < 1 and base["over"] == "questions" and base["against"] is None
    assert summary.spread([0.5]) == {"mean": 0.5, "low": None, "high": None}
    assert summary.difference({0: 1.0}, {1: 1.0}) is None
