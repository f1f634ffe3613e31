"""The toy as a study: what the house needs to know of it. Data only; loads without torch."""

from backend.studies.toy.config import PRESETS, ToyConfig

from backend.runs.work import START, Amount, Part, Work
from backend.study import Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.toy"


def about(config: dict) -> str:
    """The run in one sentence."""
    return f"{config['seeds']} lines are fitted to {config['points']} points each, in {config['steps']} steps."


def work(config: ToyConfig, workers: int, begun: int = 0) -> Work:
    """The steps of all fits, and the points that are looked at."""
    fits = Amount(steps=config.seeds * config.steps * (0.01 + 100 * config.pause))
    looks = Amount(tokens=2 * config.seeds * config.points)
    start = Part(START, "python", Amount(starts=0.1))
    return Work((start, Part("fit", "lines", fits), Part("judge", "points", looks)), memory_mb=60.0)


STUDY = Study(
    name="toy",
    title="Toy",
    question="How does a line find its points?",
    config=ToyConfig,
    presets=PRESETS,
    leading=("quick",),
    stages=(
        Stage("fit", "Fit", "lines move to their points"),
        Stage("judge", "Judge", "unseen points are asked"),
    ),
    run=f"{HERE}.run:run",
    work=f"{HERE}.study:work",
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
