"""DD-Ranking's measures of distilled data, for text: what the data themselves add, apart from the recipe around them.

Li et al. 2025, "DD-Ranking: Rethinking the Evaluation of Dataset Distillation" (arXiv 2505.13300). Any recipe that
lifts distilled data may lift random data as well, so random examples of equal number, trained with the same recipe and
a learning rate of their own, are subtracted first. An accuracy is a fraction of held-out questions answered rightly, by
the student as it ended. Knows numbers only, not how they came about.

It differs from the package ddranking 0.2.0: that one works on images; puts percentages into the exponential, so that
its scores leave 0 to 1 at once; takes the best test accuracy over the epochs; and counts each hard-label run twice.
The two recipes of its augmentation score are here two prompt templates. Transfer ratio and decode gap are our own.
"""

import math

from backend.errors import UserError


def hard_label_recovery(full: float, distilled: float) -> float:
    """HLR: what is lost by training on the distilled text and not on all the data. 0 is recovered, less is better."""
    return _fraction(full) - _fraction(distilled)


def improvement_over_random(distilled: float, random: float) -> float:
    """IOR: what the distilled text gains over random real examples of equal number under the same recipe."""
    return _fraction(distilled) - _fraction(random)


def label_robust_score(improvement: float, recovery: float, weight: float = 0.5) -> float:
    """LRS, from 0 to 1: of alpha = weight * IOR - (1 - weight) * HLR. No gain and no loss give 0.27."""
    return _score(weight * improvement - (1 - weight) * recovery)


def template_robust_score(own: float, foreign: float, weight: float = 0.5) -> float:
    """ARS for text, from 0 to 1: of beta = weight * IOR(own template) + (1 - weight) * IOR(foreign template).

    `own` and `foreign` are improvements over random, asked in the template of the data and in another one.
    """
    return _score(weight * own + (1 - weight) * foreign)


def transfer_ratio(own: float, other: float) -> float | None:
    """TR: the improvement over random in another student, as a share of that in the student the text was distilled for.

    1 is full transfer. None where the text gains nothing for its own student: there is nothing to transfer.
    """
    return other / own if own > 0 else None


def decode_gap(soft: float, text: float) -> float:
    """DG: what the learned prompts lose by being written down as text."""
    return _fraction(soft) - _fraction(text)


def _score(value: float) -> float:
    """-1 to 1 becomes 0 to 1, and a step near the top counts for more."""
    return (math.exp(value) - math.exp(-1)) / (math.e - math.exp(-1))


def _fraction(accuracy: float) -> float:
    if not 0 <= accuracy <= 1:
        found = f"An accuracy is {accuracy:g}."
        raise UserError(found, "a fraction from 0 to 1", "Divide a percentage by 100.")
    return accuracy
