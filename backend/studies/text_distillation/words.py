"""Words of the text distillation study: what a run is, in one sentence. Plain values in, plain text out.

Knows the study's settings; no file and no screen.
"""

from backend.core.text.tasks import OWN_TASKS
from backend.studies.text_distillation.decoders import DECODERS, PAPER

OBJECTIVES = {
    "error": "trained students' error on real questions",
    "answers": "trained students' loss on real questions",
    "matching": "trained students' distance to an expert",
}


BITS = "trained students' bits per character on real answers"
FREE = {name for name, spec in OWN_TASKS.items() if spec.free}


def about(config: dict) -> str:
    """The run in one sentence."""
    prompts, experts = config["prompts"], config["experts"]
    return (
        f"{count(prompts, 'synthetic prompt')} of {config['prompt_tokens']} tokens "
        f"{'follow' if prompts > 1 else 'follows'} {count(experts, 'expert')} on {config['task'].replace('_', ' ')}. "
        f"{made_by(config)}"
    )


def made_by(config: dict) -> str:
    """Which decoder made the text, and by which objective."""
    decoder = DECODERS.get(config.get("decoder", PAPER))
    if decoder is None:  # of another version
        return ""
    objective = config.get("search_objective", "answers")
    free = objective != "matching" and config.get("task") in FREE
    return decoder.about.format(objective=BITS if free else OBJECTIVES.get(objective, ""))


def expert(values: dict) -> str:
    """The name of an expert's line: people count from 1."""
    number = values.get("expert")
    return f"expert {number + 1}" if isinstance(number, int) else "expert"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
