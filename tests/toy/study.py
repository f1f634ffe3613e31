"""The toy as a study: what the house needs to know of it. Data only; loads without torch."""

from backend.studies.toy.config import PRESETS, ToyConfig

from backend.study import Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.toy"


def about(config: dict) -> str:
    """The run in one sentence."""
    return f"{config['seeds']} lines are fitted to {config['points']} points each, in {config['steps']} steps."


def fitting(config: ToyConfig) -> float:
    """The steps of all fits."""
    return float(config.seeds * config.steps * (1 + 1000 * config.pause))


def judging(config: ToyConfig) -> float:
    """The points that are looked at."""
    return float(2 * config.seeds * config.points)


STUDY = Study(
    name="toy",
    title="Toy",
    question="How does a line find its points?",
    config=ToyConfig,
    presets=PRESETS,
    leading=("quick",),
    stages=(
        Stage("fit", "Fit", "lines move to their points", f"{HERE}.study:fitting"),
        Stage("judge", "Judge", "unseen points are asked", f"{HERE}.study:judging"),
    ),
    run=f"{HERE}.run:run",
    curves=(Curve("loss", "Loss", "fit", "step", "loss", "mean squared error", by=("seed",), log=True),),
    panels=(Panel("results", "Does it fit?", ("results",)),),
    files=(
        File("metrics.jsonl", f"{HERE}.shapes:FitRow"),
        File("results.jsonl", "backend.export.shapes:ResultsRow"),
    ),
    words=Words(
        about=f"{HERE}.study:about",
        own="Fit your own",
        go="Fit",
        arms=(Word("base", "Flat line", "the line before it moved"), Word("fitted", "Fitted line", "after", "real")),
        regimes=(Word("plain", "Gradient descent", "with one step size"),),
        metrics=(Metric("near", "points near the line"),),
    ),
)
