"""TinyCLIP as a study: how a small CLIP is made of a large one. Data only; loads without torch."""

from backend.studies.tiny_clip.config import PRESETS, TinyClipConfig
from backend.studies.tiny_clip.words import ABOUT, TITLES
from backend.study import Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.tiny_clip"
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


def shares(view: str, title: str, columns: dict[str, str]) -> tuple[Curve, ...]:
    """A picture with a pane for each column of what students score on the test."""
    return tuple(
        Curve(column, title, "evaluate", y=column, label=label, view=view, range=(0.0, 1.0), **STUDENTS)
        for column, label in columns.items()
    )


STUDY = Study(
    name="tiny_clip",
    title="TinyCLIP",
    question="How much of a large CLIP does a small one need to inherit?",
    config=TinyClipConfig,
    presets=PRESETS,
    leading=("quick", "standard"),
    stages=(
        Stage("prepare", "Prepare", "pictures are drawn, the teacher is asked about all of them"),
        Stage("train", "Train", "every arm, at its own step size"),
        Stage("conclude", "Compare", "seed by seed, with intervals"),
    ),
    run=f"{HERE}.run:run",
    work=f"{HERE}.work:work",
    curves=(
        *shares(
            "zero_shot",
            "Zero-shot",
            {"top5": "test pictures whose name is among the first five", "top1": "test pictures named right"},
        ),
        *shares(
            "retrieval",
            "Retrieval",
            {"i2t5": "pictures whose caption is among five", "t2i5": "captions whose picture is among five"},
        ),
        Curve("kl", "Affinities", "train", y="kl", label="KL from the teacher's affinities, nats", **STUDENTS),
        Curve("loss", "Loss", "train", y="loss", label="loss of the arm", **STUDENTS),
        Curve(
            "removed",
            "Masks",
            "masks",
            y="removed",
            label="share of blocks removed",
            view="masks",
            **STUDENTS,
        ),
        Curve("wanted", "Masks", "masks", y="wanted", label="share to be removed", view="masks", **STUDENTS),
    ),
    panels=(
        Panel("reach", "Steps to scratch's end", ("metrics",)),
        Panel("affinity", "Affinities", ("affinities", "pictures")),
        Panel("inheritance", "What was kept", ("maps", "attention")),
        Panel("own_words", "Zero-shot with your own words", ("pictures",)),
        Panel("retrieval", "Retrieval", ("pictures",)),
        Panel("ladder", "Ladder of stages", ("ladder",)),
        Panel("results", "Results", ("results",)),
    ),
    files=(
        File("metrics.jsonl", f"{SHAPES}:MetricsRow"),
        File("pictures.jsonl", f"{SHAPES}:PicturesRow"),
        File("attention.jsonl", f"{SHAPES}:AttentionRow"),
        File("affinities.jsonl", f"{SHAPES}:AffinitiesRow"),
        File("maps.jsonl", f"{SHAPES}:MapsRow"),
        File("ladder.jsonl", f"{SHAPES}:LadderRow"),
        File("results.jsonl", f"{SHAPES}:ResultsRow"),
        File("summary.json", f"{SHAPES}:Summary"),
        File("artifacts/seconds.json", f"{SHAPES}:Seconds"),
        File("artifacts/baselines.json", f"{SHAPES}:Baselines"),
        # the students stay: a stranger's weights are not loaded
    ),
    words=Words(
        about=f"{HERE}.words:about",
        run_title=f"{HERE}.words:title",
        own="Train students",
        nothing="Choose how small the students are and how loose their captions, then press Start. Every arm sees the "
        "same pictures in the same order.",
        arms=tuple(Word(name, title, ABOUT[name]) for name, title in TITLES.items()),
        regimes=(
            Word("precise", "Precise captions", "every caption says all it could"),
            Word("loose", "Loose captions", "some leave out or blur what they could say"),
            Word("wrong", "Wrong captions", "some belong to another picture"),
        ),
        metrics=(
            Metric("top1", "zero-shot: named right"),
            Metric("top5", "zero-shot: among the first five"),
            Metric("i2t5", "caption of a picture among five"),
            Metric("t2i5", "picture of a caption among five"),
        ),
    ),
    questions={"tiny_clip_words": f"{HERE}.questions:own_words", "tiny_clip_find": f"{HERE}.questions:find"},
    checks=f"{SHAPES}:check_together",
    commands={"heads": f"{HERE}.heads:add_command"},
)
