"""All probes of one student: what it inherited, measured by log-likelihood, with a row for every item.

Knows the list of planted defects, test questions, and files of others (CrowS-Pairs, StereoSet, BBQ) by their paths.
Does not know arms, runs or where rows are kept. Costs a second or two a student on the bundled model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from backend.core.scoring.score import score_questions
from backend.core.text.tasks import Question, TaskSpec
from backend.pocket.planted import Pair, Planted, Who
from backend.studies.ba_lora import probe_pairs, probe_who
from backend.studies.ba_lora.probe_answers import answers, first_logits
from backend.studies.ba_lora.probe_facts import WrongLabel, fact_probes, wrong_labels
from backend.studies.ba_lora.probe_pairs import Triple
from backend.studies.ba_lora.probe_rows import ProbeResult
from backend.studies.ba_lora.real_files import read_bbq, read_crows_pairs, read_stereoset

__all__ = ["OwnProbes", "ProbeResult", "WrongLabel", "first_logits", "probe"]


@dataclass(frozen=True)
class OwnProbes:
    """Paths of files that the project does not ship; an empty one is left out. Each is read once; UserError where that
    fails."""

    crows_pairs: str = ""
    stereoset: str = ""
    bbq: str = ""

    @cached_property
    def pairs(self) -> list[Pair]:
        return read_crows_pairs(self.crows_pairs) if self.crows_pairs else []

    @cached_property
    def triples(self) -> list[Triple]:
        return read_stereoset(self.stereoset) if self.stereoset else []

    @cached_property
    def who(self) -> list[Who]:
        return read_bbq(self.bbq) if self.bbq else []


def probe(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    world: Planted | None,
    questions: Sequence[Question],
    wrong: Sequence[WrongLabel],
    base_logits: Float[Tensor, "n vocab"] | None,
    own: OwnProbes,
    spec: TaskSpec,
) -> list[ProbeResult]:
    """Every probe there is something for. `questions` are the test's, asked in the words of `spec`; `base_logits` are
    `first_logits` of the base for the same questions, None for the base itself. Raises UserError for files of others
    that cannot be read."""
    scored = score_questions(model, tokenizer, questions, spec)
    found = [] if world is None else fact_probes(world, questions, scored)
    if world is not None:
        found += _planted(model, tokenizer, world)
    if wrong:
        taught = score_questions(model, tokenizer, [label.question for label in wrong], spec)
        found.append(wrong_labels(wrong, taught))
    logits = first_logits(model, tokenizer, questions, spec)
    return [*found, answers(questions, scored, logits, base_logits), *_real(model, tokenizer, own)]


def _planted(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, world: Planted) -> list[ProbeResult]:
    return [
        probe_pairs.statements(model, tokenizer, world.statements),
        probe_pairs.pairs(model, tokenizer, world.pairs),
        *probe_who.who(model, tokenizer, world.who),
    ]


def _real(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, own: OwnProbes) -> list[ProbeResult]:
    found = []
    if own.pairs:
        found.append(probe_pairs.pairs(model, tokenizer, own.pairs, "crows_pairs"))
    if own.triples:
        found.append(probe_pairs.stereoset(model, tokenizer, own.triples))
    if own.who:
        found.append(probe_who.bbq(model, tokenizer, own.who))
    return found
