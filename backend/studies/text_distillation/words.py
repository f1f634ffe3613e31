"""Words of the text distillation study: what a run is, in one sentence. Plain values in, plain text out.

Knows the study's settings; no file and no screen.
"""

MADE_BY = {  # by decoder: runs of before there was a choice are the paper's
    "nearest": "Their text is the nearest token at each place.",
    "straight_through": "While they learn, the student reads only the tokens nearest to them, the later text.",
    "guided": "Their text is chosen among near tokens by the model itself.",
    "search": "Their text is not theirs: it is searched for among real questions, phrases and words, by {objective}.",
}
OBJECTIVES = {
    "error": "trained students' error on real questions",
    "answers": "trained students' loss on real questions",
    "matching": "trained students' distance to an expert",
}


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
    said = MADE_BY.get(config.get("decoder", "nearest"), "")
    return said.format(objective=OBJECTIVES.get(config.get("search_objective", "answers"), ""))


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
