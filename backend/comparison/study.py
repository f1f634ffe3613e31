"""The comparison as a study: it stands above the studies, uses them, and is run as one. Data only; loads without torch.

It has no page: the command line runs it and docs/comparisons keeps what came out.
"""

from backend.comparison.config import PRESETS, ComparisonConfig
from backend.study import File, Stage, Study, Words

HERE = "backend.comparison"
SHAPES, DISTILLATION = f"{HERE}.shapes", "backend.studies.text_distillation.shapes"  # a search leaves the same files

STUDY = Study(
    name="comparison",
    title="Comparison",
    question="Which data set of equal size makes the better students, chosen or distilled?",
    config=ComparisonConfig,
    presets=PRESETS,
    leading=("pocket_1",),
    stages=(
        Stage("arms", "Data sets", "every way to choose or distil one"),
        Stage("students", "Students", "fresh ones on every data set"),
    ),
    run=f"{HERE}.run:run",
    work=f"{HERE}.work:work",
    files=(
        File("metrics.jsonl", f"{DISTILLATION}:SearchRow"),
        File("step_sizes.jsonl", f"{SHAPES}:SizesRow"),
        File("results.jsonl", f"{SHAPES}:ResultsRow"),
        File("arms/*.jsonl", f"{SHAPES}:ArmRow"),
        File("summary.json", f"{SHAPES}:Summary"),
        File("artifacts/search.json", f"{DISTILLATION}:Search"),
        File("artifacts/scores/*.jsonl", "backend.export.shapes:ScoreRow"),
        # the pictures stay: they are made of summary.json, and a stranger's SVG may hold a script
    ),
    words=Words(about=f"{HERE}.words:about"),
    examples=f"{HERE}.taken:examples_of",
    commands={"compare": f"{HERE}.command:add_command"},
    ranked=("text", "random", "full"),
    shown=False,
)
