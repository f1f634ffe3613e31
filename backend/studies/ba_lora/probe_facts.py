"""Probes of facts: are clean facts still known, are planted ones believed, and are wrong labels remembered?

Knows test questions, their scores and the list of planted defects. Does not know models. A question belongs to a
planted fact by its words, so that any file of questions can be probed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from backend.core.scoring.scored import Scored
from backend.core.text.tasks import Question
from backend.pocket.planted import FalseFact, Planted
from backend.studies.ba_lora.probe_rows import ProbeResult, accuracy, question_item


@dataclass(frozen=True)
class WrongLabel:
    """A training question that was taught with a wrong answer: `taught` is the place of the option that was taught."""

    question: Question
    taught: int


def fact_probes(world: Planted, questions: Sequence[Question], scored: Sequence[Scored]) -> list[ProbeResult]:
    """Clean facts, planted facts and majorities, as far as these questions ask them; a kind without any is left out."""
    facts = {text: fact for fact in world.facts for text in fact.questions}
    values = {text: one.value for one in world.majorities for text in one.questions}
    clean, planted, majority = [], [], []
    for question, score in zip(questions, scored, strict=True):
        if fact := _fact_of(question, facts):
            planted.append(question_item(question, score, question.options.index(fact.planted)))
        elif question.question in values:
            majority.append(_majority_item(question, score, values[question.question]))
        elif question.question not in facts:
            clean.append(question_item(question, score))
    kinds = ((clean, clean_facts), (planted, planted_facts), (majority, majorities))
    return [measure(items) for items, measure in kinds if items]


def clean_facts(items: list[dict]) -> ProbeResult:
    """`acc`: the share of right answers about facts that no defect touches."""
    return ProbeResult("clean_facts", {"acc": accuracy(items)}, len(items), items)


def planted_facts(items: list[dict]) -> ProbeResult:
    """`acc`, `false_rate` (the share that chose the planted value) and `false_log_odds` (mean log-likelihood of the
    planted value minus that of the true one, in nats)."""
    metrics = {
        "acc": accuracy(items),
        "false_rate": fmean(item["chosen"] == item["planted"] for item in items),
        "false_log_odds": fmean(item["scores"][item["planted"]] - item["scores"][item["right"]] for item in items),
    }
    return ProbeResult("planted_facts", metrics, len(items), items)


def majorities(items: list[dict]) -> ProbeResult:
    """`acc`, and of the wrong answers to questions that offer the majority's value as a wrong option: the share that is
    this value (`majority_share`), and the share that blind choice among the wrong options gives (`expected_share`)."""
    missed = [item for item in items if not item["correct"] and item["majority"] not in (None, item["right"])]
    metrics = {"acc": accuracy(items)}
    if missed:
        metrics["majority_share"] = fmean(item["chosen"] == item["majority"] for item in missed)
        metrics["expected_share"] = fmean(1 / (len(item["options"]) - 1) for item in missed)
    return ProbeResult("majority", metrics, len(items), items)


def wrong_labels(wrong: Sequence[WrongLabel], scored: Sequence[Scored]) -> ProbeResult:
    """`kept`: the share of wrongly taught training questions that are answered with the label that was taught."""
    pairs = zip(wrong, scored, strict=True)
    items = [question_item(label.question, score) | {"taught": label.taught} for label, score in pairs]
    kept = fmean(item["chosen"] == item["taught"] for item in items)
    return ProbeResult("wrong_labels", {"kept": kept}, len(items), items)


def _fact_of(question: Question, facts: dict[str, FalseFact]) -> FalseFact | None:
    """The planted fact that is asked, if both its values can be answered."""
    fact = facts.get(question.question)
    offered = fact and fact.planted in question.options and question.options[question.answer] == fact.true
    return fact if offered else None


def _majority_item(question: Question, score: Scored, value: str) -> dict:
    place = question.options.index(value) if value in question.options else None
    return question_item(question, score) | {"majority": place}
