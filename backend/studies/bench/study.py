"""The bench as a study: tune any student on any data and score it before and after. Data only; loads without torch."""

from backend.studies.bench.config import PRESETS, BenchConfig
from backend.study import Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.bench"
SHAPES = f"{HERE}.shapes"

TRAINING = {  # what loss and validation share: every student a line, and the step sizes that were tried
    "x_label": "update",
    "view": "training",
    "by": ("phase", "lr", "seed"),
    "line": f"{HERE}.words:student_line",
    "quiet": {"phase": "grid"},
    "winner": ("lr",),
}
BITS = "bits per character of validation answers, fewer is better"
SCORING = {
    "stage": "score",
    "x": "done",
    "x_label": "questions asked",
    "by": ("who",),
    "line": f"{HERE}.words:scored_line",
    "quiet": {"who": "base"},
    "choice": "task",
    "x_end": "total",
    "low": "low",
    "high": "high",
}

STUDY = Study(
    name="bench",
    title="Bench",
    question="What does a student know before and after it was tuned?",
    config=BenchConfig,
    presets=PRESETS,
    leading=("pocket", "handful", "base"),  # what a visitor can run at once, without any download
    stages=(
        Stage("tune", "Fine-tune", "the student learns"),
        Stage("score", "Score", "before and after, same questions"),
    ),
    run=f"{HERE}.run:run",
    work=f"{HERE}.work:work",
    curves=(
        Curve("loss", "Training", "tune", "step", "loss", "loss", **TRAINING),
        Curve("validation", "Validation", "validate", "step", "acc", "accuracy on validation questions", **TRAINING),
        Curve("validation_bits", "Validation", "validate", "step", "bits", BITS, **TRAINING),
        Curve("score", "Scoring", y="acc", label="accuracy on {task}", range=(0.0, 1.0), view="scoring", **SCORING),
        Curve("bits", "Scoring free answers", y="bits", label="bits per character on {task}", view="bits", **SCORING),
    ),
    panels=(
        Panel("results", "Before and after", ("results", "example")),
        Panel("ask", "Ask it something", ()),
        Panel("table", "All runs", ("results",)),
    ),
    files=(
        File("metrics.jsonl", f"{SHAPES}:MetricsRow"),
        File("results.jsonl", f"{SHAPES}:ResultsRow"),
        File("summary.json", f"{SHAPES}:Summary"),
        File("example.json", f"{SHAPES}:Example"),
        File("artifacts/seconds.json", f"{SHAPES}:Seconds"),
        File("artifacts/scores/*.jsonl", "backend.export.shapes:ScoreRow"),
        File("artifacts/scores/*.json", f"{SHAPES}:Sitting"),
        # the tuned students stay: after full fine-tuning each is a whole model, and a stranger's weights are not loaded
    ),
    words=Words(
        about=f"{HERE}.words:about",
        own="Tune and score a student",
        run_title=f"{HERE}.words:title",
        kind=f"{HERE}.words:kind",
        nothing="Pick a student and what it should learn from, then press Start. The same questions are asked before "
        "and after.",
        arms=(
            Word("base", "Untrained", "the student as it is"),
            Word("full", "Real questions", "every real question, or as many as were asked for", "real"),
            Word("random", "A random handful", "real questions drawn at random", "real"),
            Word("text", "Distilled prompts", "the text of a distillation run", "made"),
            Word("file", "Your own file", "uploaded examples or questions", "real"),
        ),
        regimes=(
            Word("ordinary", "Trained the ordinary way", "with AdamW"),
            Word("matched", "Trained like the expert", "with the learned step sizes"),
        ),
        metrics=(
            Metric("acc", "accuracy"),
            Metric("acc_norm", "length-normalised accuracy"),
            Metric("bits", "bits per character of the right answer; fewer is better", "bits", "lower"),
            Metric("rouge_l", "ROUGE-L of what students write"),
            Metric("exact", "answers written word for word"),
        ),
    ),
    commands={"paired": f"{HERE}.paired:add_command"},
    checks=f"{SHAPES}:check_together",
    questions={"example": f"{HERE}.questions:example"},
)
