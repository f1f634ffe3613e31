"""The names of the bench: whatever its settings may name has words, and the engine behind it uses the same names."""

from typing import get_args

from backend.core.models import adapters
from backend.core.scoring.scored import FREE_METRICS, METRICS
from backend.studies.bench import config, shapes, words
from backend.studies.bench.study import STUDY


def test_every_arm_regime_and_metric_has_words():
    assert {word.name for word in STUDY.words.arms} == set(config.ARM_OF.values())
    assert {word.name for word in STUDY.words.regimes} == set(config.REGIMES)
    assert [metric.name for metric in STUDY.words.metrics] == [*METRICS, *FREE_METRICS]


def test_an_export_holds_the_very_arms_regimes_and_metrics():
    allowed = {name: set(get_args(field.annotation)) for name, field in shapes.ResultsRow.model_fields.items()}
    assert (allowed["arm"], allowed["regime"]) == (set(config.ARM_OF.values()), set(config.REGIMES))
    assert allowed["metric"] == {*METRICS, *FREE_METRICS}


def test_every_way_to_tune_has_words_and_a_maker():
    assert set(words.METHODS) == set(config.METHODS) == {*adapters.METHODS, config.BA_LORA}


def test_what_a_student_learns_from_has_a_noun_unless_it_is_nothing_or_a_file():
    assert set(words.NOUNS) == set(config.DATA) - {"none", "file"}
