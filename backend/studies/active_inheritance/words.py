"""Words of active inheritance: what a run is, in one sentence, and what its lines are called. Plain values in, plain
text out.

Knows the study's settings; no file and no screen.
"""

AIMS = {
    "length": "longest",
    "short": "shortest",
    "mtld": "most varied by MTLD",
    "mattr": "most varied by MATTR",
    "plain": "plainest by Fog",
    "rix": "plainest by RIX",
    "polite": "least rude",
    "true": "truest",
    "sum": "best by a weighted sum",
}
LINES = {
    "random": "random",
    "best": "best of {k}",
    "worst": "worst of {k}",
    "best_of_two": "best of {k}, two talkers",
    "passive_first": "unrelated student, first talker",
    "passive_second": "unrelated student, second talker",
}


def title(config: dict) -> str:
    """A run's name."""
    return f"Best of {config['k']}: {listed([AIMS.get(name, name) for name in config['objectives']])}"


def about(config: dict) -> str:
    """The run in one sentence."""
    aims = listed([f"the {AIMS.get(name, name)}" for name in config["objectives"]])
    pool = f"{config['talker']} writes {config['k']} texts to each of {config['prompts']:,} prompts"
    return f"{pool}, and {config['student']} is taught {aims}, {times(config['seeds'])} each."


def line(values: dict) -> str:
    """The name of a student's line; people count students from 1."""
    said = LINES.get(str(values.get("arm")), str(values.get("arm"))).format(k=values.get("k"))
    aim = values.get("objective")
    return f"{said}{f', {AIMS.get(aim, aim)}' if aim else ''}, student {int(values.get('seed') or 0) + 1}"


def kind(config: dict) -> str:
    """Students learn from what a model wrote."""
    return "made"


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
