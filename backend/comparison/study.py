"""The comparison as a study: it stands above the studies, uses them, and is run as one. Data only; loads without torch.

It has no page: the command line runs it and docs/comparisons keeps what came out.
"""

from backend.comparison.config import PRESETS, ComparisonConfig
from backend.study import Stage, Study, Words

HERE = "backend.comparison"

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
    words=Words(about=f"{HERE}.words:about"),
    commands={"compare": f"{HERE}.command:add_command"},
    ranked=("text", "random", "full"),
    shown=False,
)
