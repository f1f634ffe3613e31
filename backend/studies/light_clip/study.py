"""LightCLIP as a study: small vision-language models, trained better without a teacher. Loads without torch."""

from backend.studies.light_clip.config import PRESETS, LightClipConfig
from backend.studies.light_clip.words import ABOUT, OUR_READING, TITLES
from backend.study import Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.light_clip"
SHAPES = f"{HERE}.shapes"

STUDENTS = {  # what all curves share: the students of one arm, and the step sizes that were tried
    "x": "step",
    "x_label": "update",
    "by": ("phase", "lr", "seed"),
    "line": f"{HERE}.words:student_line",
    "quiet": {"phase": "grid"},
    "winner": ("lr",),
    "choice": "arm",
}


def curves(stage: str, view: str, title: str, columns: dict[str, str], **more) -> tuple[Curve, ...]:
    """A picture with a pane for each column of the rows of a stage."""
    return tuple(
        Curve(column, title, stage, y=column, label=label, view=view, **STUDENTS, **more)
        for column, label in columns.items()
    )


STUDY = Study(
    name="light_clip",
    title="LightCLIP",
    question="What makes a small vision-language model better without a teacher?",
    config=LightClipConfig,
    presets=PRESETS,
    leading=("quick", "standard"),
    stages=(
        Stage("prepare", "Prepare", "pictures and captions are drawn"),
        Stage("train", "Train", "every arm, at its own step size"),
        Stage("depth", "Text towers", "CLIP's loss with text towers of other depths"),
        Stage("noise", "False negatives", "hard and softened labels on looser captions"),
        Stage("conclude", "Compare", "seed by seed, with intervals"),
    ),
    run=f"{HERE}.run:run",
    work=f"{HERE}.work:work",
    curves=(
        *curves(
            "evaluate",
            "validation",
            "Validation",
            {
                "i2t5": "picture to text, first of 5",
                "t2i5": "text to picture, first of 5",
                "top1": "zero-shot, first",
                "pointing": "pointing accuracy",
                "masked_with": "hidden words, with the picture",
                "masked_without": "hidden words, without it",
            },
            range=(0.0, 1.0),
        ),
        *curves(
            "train",
            "losses",
            "Losses",
            {
                "loss": "whole loss",
                "instance": "pairs",
                "tokens": "token matching",
                "masked_words": "masked words",
                "softness": "softness of the labels",
            },
        ),
    ),
    panels=(
        Panel("matches", "Which patch is this word?", ("matches", "metrics")),
        Panel("labels", "Softened labels", ("labels",)),
        Panel("masked", "The hidden word", ("masked",)),
        Panel("ablation", "What each part does", ()),
        Panel("curves", "Text tower and false negatives", ("depth", "noise")),
        Panel("results", "Results", ("results",)),
    ),
    files=(
        File("metrics.jsonl", f"{SHAPES}:MetricsRow"),
        File("pictures.jsonl", f"{SHAPES}:PicturesRow"),
        File("labels.jsonl", f"{SHAPES}:LabelsRow"),
        File("matches.jsonl", f"{SHAPES}:MatchesRow"),
        File("masked.jsonl", f"{SHAPES}:MaskedRow"),
        File("depth.jsonl", f"{SHAPES}:DepthRow"),
        File("noise.jsonl", f"{SHAPES}:NoiseRow"),
        File("results.jsonl", f"{SHAPES}:ResultsRow"),
        File("summary.json", f"{SHAPES}:Summary"),
        File("artifacts/seconds.json", f"{SHAPES}:Seconds"),
        # students stay: a stranger's weights are not loaded
    ),
    words=Words(
        about=f"{HERE}.words:about",
        run_title=f"{HERE}.words:title",
        own="Train with and without each part",
        nothing="Choose the parts' weights and press Start: the same small model is trained with each part alone, with "
        f"all three and with none, from the same starts on the same pairs. {OUR_READING}",
        arms=tuple(Word(name, title, ABOUT[name]) for name, title in TITLES.items()),
        regimes=(Word("pairs", "Pictures and captions"),),
        metrics=(
            Metric("top1", "zero-shot, first"),
            Metric("top5", "zero-shot, first of 5"),
            Metric("i2t1", "picture to text, first"),
            Metric("i2t5", "picture to text, first of 5"),
            Metric("t2i1", "text to picture, first"),
            Metric("t2i5", "text to picture, first of 5"),
            Metric("pointing", "pointing accuracy"),
            Metric("masked_with", "hidden words, with the picture"),
            Metric("masked_without", "hidden words, without it"),
        ),
    ),
    questions={"light_word": f"{HERE}.questions:hidden_word", "light_match": f"{HERE}.questions:own_match"},
    checks=f"{SHAPES}:check_together",
)
