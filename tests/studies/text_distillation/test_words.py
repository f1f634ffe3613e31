"""The words of text distillation: whatever its settings may name has some, and a run of any of them is one sentence."""

from typing import get_args

import pytest

from backend import settings
from backend.core.scoring.scored import FREE_METRICS, METRICS
from backend.search.names import OBJECTIVES
from backend.studies.text_distillation import card, shapes, words
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decoders import DECODERS, SEARCH
from backend.studies.text_distillation.study import STUDY

CONFIG = settings.as_json(DistillConfig())


def choices(name: str) -> set[str]:
    return set(next(item.choices for item in settings.describe(DistillConfig) if item.name == name))


def test_every_arm_regime_and_metric_has_words():
    assert {word.name for word in STUDY.words.arms} == choices("arms")
    assert {word.name for word in STUDY.words.regimes} == choices("regimes")
    assert [metric.name for metric in STUDY.words.metrics] == [*METRICS, *FREE_METRICS]
    assert all(word.title and word.about for word in (*STUDY.words.arms, *STUDY.words.regimes))


def test_an_export_holds_the_very_arms_regimes_and_metrics_and_its_card_has_a_line_for_each():
    allowed = {name: set(get_args(field.annotation)) for name, field in shapes.ResultsRow.model_fields.items()}
    assert (allowed["arm"], allowed["regime"]) == (choices("arms"), choices("regimes"))
    assert allowed["metric"] == {*METRICS, *FREE_METRICS}
    assert set(card.ARMS) == choices("arms") and set(card.MADE) == set(DECODERS)


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_run_says_how_its_text_came_about(decoder):
    said = words.about(CONFIG | {"decoder": decoder})
    assert said.startswith("8 synthetic prompts of 16 tokens follow 4 experts on pocket science. ")
    assert said.endswith(".") and "{" not in said
    others = {words.made_by(CONFIG | {"decoder": other}) for other in DECODERS if other != decoder}
    assert len(others) == len(DECODERS) - 1 and words.made_by(CONFIG | {"decoder": decoder}) not in others


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_search_says_by_which_objective(objective):
    said = words.made_by(CONFIG | {"decoder": SEARCH, "search_objective": objective})
    assert said.endswith(f", guided by {words.OBJECTIVES[objective]}.")


def test_a_run_of_before_there_was_a_choice_is_the_papers_and_one_of_another_version_says_nothing():
    old = {name: value for name, value in CONFIG.items() if name != "decoder"}
    assert words.made_by(old) == DECODERS["nearest"].about
    assert words.made_by(CONFIG | {"decoder": "of tomorrow"}) == ""
