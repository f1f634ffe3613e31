"""BA-LoRA as a study: what a student inherits from a model with planted defects. Data only; loads without torch."""

from backend.studies.ba_lora.config import PRESETS, BaLoraConfig
from backend.studies.ba_lora.words import TITLES
from backend.study import Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.ba_lora"
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
SHARE = "share of the gradient"


def terms(view: str, title: str, columns: dict[str, str], **more) -> tuple[Curve, ...]:
    """A picture with a pane for each column of the rows that training writes."""
    return tuple(
        Curve(column, title, "tune", y=column, label=label, view=view, **STUDENTS, **more)
        for column, label in columns.items()
    )


STUDY = Study(
    name="ba_lora",
    title="BA-LoRA",
    question="What does a student inherit besides knowledge?",
    config=BaLoraConfig,
    presets=PRESETS,
    leading=("quick", "standard"),
    stages=(
        Stage("plant", "Plant", "a model reads what is wrong"),
        Stage("tune", "Fine-tune", "every arm, at its own step size"),
        Stage("probe", "Probe", "what was inherited"),
        Stage("conclude", "Compare", "seed by seed, with intervals"),
    ),
    run=f"{HERE}.run:run",
    work=f"{HERE}.work:work",
    curves=(
        *terms(
            "shares",
            "Share of the gradient",
            {
                "share_task": f"{SHARE}: cross entropy",
                "share_consistency": f"{SHARE}: consistency",
                "share_diversity": f"{SHARE}: diversity",
                "share_spectrum": f"{SHARE}: spectrum",
            },
            range=(0.0, 1.0),
        ),
        *terms(
            "weighted",
            "Weighted terms",
            {
                "loss": "cross entropy",
                "weighted_consistency": "consistency × its weight",
                "weighted_diversity": "diversity × its weight",
                "weighted_spectrum": "spectrum × its weight",
            },
        ),
        *terms(
            "raw",
            "Raw terms",
            {"consistency": "consistency, raw", "diversity": "diversity, raw", "spectrum": "spectrum, raw"},
        ),
        Curve(
            "validation",
            "Validation",
            "validate",
            y="acc",
            label="accuracy on validation questions",
            view="validation",
            range=(0.0, 1.0),
            **STUDENTS,
        ),
    ),
    panels=(
        Panel("probes", "What was inherited", ("probes",)),
        Panel("tradeoff", "Accuracy against stereotype", ("probes",)),
        Panel("spectrum", "Spectrum of the logits", ("spectra",)),
        Panel("pairs", "Pair by pair", ()),
        Panel("exhibits", "What the released code computed", ("exhibits",)),
        Panel("results", "Accuracy", ("results",)),
    ),
    files=(
        File("metrics.jsonl", f"{SHAPES}:MetricsRow"),
        File("spectra.jsonl", f"{SHAPES}:SpectraRow"),
        File("exhibits.jsonl", f"{SHAPES}:ExhibitsRow"),
        File("probes.jsonl", f"{SHAPES}:ProbesRow"),
        File("results.jsonl", f"{SHAPES}:ResultsRow"),
        File("summary.json", f"{SHAPES}:Summary"),
        File("artifacts/seconds.json", f"{SHAPES}:Seconds"),
        File("artifacts/probes/*/*.jsonl", f"{SHAPES}:ItemRow", most=40 * 2**20),
        # models and adapters stay: a stranger's weights are not loaded
    ),
    words=Words(
        about=f"{HERE}.words:about",
        run_title=f"{HERE}.words:title",
        own="Fine-tune and probe",
        nothing="Choose how many wrong labels are taught and how strong the terms are, then press Start. The model "
        "before training, its clean twin and every student are asked the same.",
        arms=tuple(Word(name, title) for name, title in TITLES.items()),
        regimes=(
            Word("answers", "Consistency on answers", "as published"),
            Word("statements", "Consistency on statements", "on what the model had read"),
        ),
        metrics=(Metric("acc", "accuracy"),),
    ),
    checks=f"{SHAPES}:check_together",
)
