"""Text distillation as a study: what the house needs to know of it. Data only; loads without torch."""

from backend.studies.text_distillation.config import PRESETS, DistillConfig
from backend.study import Branching, Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.text_distillation"
SHAPES = f"{HERE}.shapes"

UPDATES = {"stage": "distil", "x": "step", "x_label": "update", "view": "matching"}

STUDY = Study(
    name="text_distillation",
    title="Distil text",
    question="How much can a handful of texts teach a model?",
    config=DistillConfig,
    presets=PRESETS,
    leading=("quick", "standard"),
    stages=(
        Stage("experts", "Experts", "learn from the real data"),
        Stage("distil", "Distil", "prompts learn to match the experts"),
        Stage("decode", "Decode", "prompts become text"),
        Stage("evaluate", "Score", "fresh students are trained and tested"),
    ),
    run=f"{HERE}.run:run",
    curves=(
        Curve(
            name="matching",
            title="Matching",
            y="matching_loss",
            label="matching loss",
            reference=(1.0, "1 = learned nothing"),
            log=True,
            smooth=True,
            linked=True,
            kind="made",
            **UPDATES,
        ),
        Curve(name="cosine", title="Direction", y="cosine", label="agreement of direction (cosine)", **UPDATES),
        Curve(
            name="regulariser",
            title="Distance to real tokens",
            y="regulariser",
            label="distance to the nearest real tokens",
            **UPDATES,
        ),
        Curve(
            "experts",
            "Experts",
            "experts",
            "step",
            "loss",
            "loss on real questions",
            by=("expert",),
            line=f"{HERE}.words:expert",
            log=True,
        ),
    ),
    panels=(
        Panel("finding", "What was found", ("results", "distilled")),
        Panel("wall", "See the texts form, change one", ("prompts", "distilled", "facts")),
        Panel("what_if", "What if?", ("distilled",)),
        Panel("slow_motion", "One update in slow motion", ("metrics",)),
        Panel("lens", "Nearby real tokens", ("neighbours", "vocabulary")),
        Panel("map", "The student's path and the expert's", ("paths",)),
        Panel("results", "Does it teach?", ("results",)),
        Panel("paired", "Question by question", ("results",)),
    ),
    files=(
        File("metrics.jsonl", f"{SHAPES}:MetricsRow"),
        File("prompts.jsonl", f"{SHAPES}:PromptsRow"),
        File("paths.jsonl", f"{SHAPES}:PathsRow"),
        File("neighbours.jsonl", f"{SHAPES}:NeighboursRow"),
        File("distilled.jsonl", f"{SHAPES}:DistilledRow"),
        File("facts.jsonl", f"{SHAPES}:FactsRow"),
        File("results.jsonl", f"{SHAPES}:ResultsRow"),
        File("summary.json", f"{SHAPES}:Summary"),
        File("own_file.json", f"{SHAPES}:OwnFile"),
        File("vocabulary.json", f"{SHAPES}:Vocabulary"),
        File("artifacts/search.json", f"{SHAPES}:Search"),
        File("artifacts/scores/*.jsonl", "backend.export.shapes:ScoreRow"),
        File("artifacts/checkpoint.safetensors", f"{HERE}.tensors:check_checkpoint"),
        File("artifacts/snapshots/*.safetensors", f"{HERE}.tensors:check_checkpoint", most=16 * 2**20),
    ),
    words=Words(
        about=f"{HERE}.words:about",
        go="Distil",
        own="Distil your own",
        nothing=(
            "Press Distil to start one. The curve appears within seconds, and the run continues if you close this page."
        ),
        arms=(  # in the order shown: what every model can read first, so that the rows of two models lie side by side
            Word("text", "Distilled text", "the texts that the run wrote", "made"),
            Word(
                "random",
                "Random questions",
                "the same number of other real questions, drawn anew for each student",
                "real",
            ),
            Word("decoded", "Nearest-neighbour text", "the learned prompts, decoded token by token", "made"),
            Word("init", "Starting questions", "the real questions the prompts started from", "real"),
            Word("full", "All the data", "every real question", "real"),
            Word("base", "Untrained", "a student that was not trained"),
            Word(
                "projected", "Nearest tokens", "the learned prompts, each position moved to its closest token", "made"
            ),
            Word("soft", "Soft prompts", "the learned prompts as embeddings, which no text can express", "made"),
        ),
        regimes=(
            Word("matched", "Trained like the expert", "with the learned step sizes"),
            Word("ordinary", "Trained the ordinary way", "with AdamW"),
        ),
        metrics=(
            Metric("acc", "accuracy"),
            Metric("acc_norm", "length-normalised accuracy"),
            Metric("bits", "bits per character of the right answer; fewer is better", "bits", "lower"),
            Metric("rouge_l", "ROUGE-L of what students write"),
            Metric("exact", "answers written word for word"),
        ),
        exports=(
            Word("dataset", "The data set", "For datasets.load_dataset, with a card that says how it was made."),
            Word("csv", "The tables", "Losses, prompts, results and settings as CSV."),
        ),
    ),
    ranked=("text", "random", "full"),
    work=f"{HERE}.cost:work",
    diagnose=f"{HERE}.doctor:diagnose",
    branch=Branching(
        f"{HERE}.branching:parents_config", f"{HERE}.branching:check_branch", f"{HERE}.branching:make_branch"
    ),
    exports={
        "dataset": f"{HERE}.dataset:dataset_of",
        "csv": f"{HERE}.tables:tables_of",
    },
    examples=f"{HERE}.dataset:examples_of",
    questions={"what_if": f"{HERE}.what_if:what_if", "reading": f"{HERE}.questions:reading"},
    commands={"what-if": f"{HERE}.what_if_command:add_command"},
    checks=f"{SHAPES}:check_together",
)
