"""Words of the comparison: what a run is, in one sentence. Plain values in, plain text out."""


def about(config: dict) -> str:
    """The run in one sentence."""
    ways, students = len(config["arms"]), ", ".join(config["students"])
    return (
        f"{ways} data sets of {config['budget']:.0%} of {config['task'].replace('_', ' ')}, each judged by "
        f"{config['seeds']} students of {students}."
    )
