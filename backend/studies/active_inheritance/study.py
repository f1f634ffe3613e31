"""Active inheritance as a study: what the house needs to know of it. Data only; loads without torch."""

from backend.studies.active_inheritance.config import PRESETS, ActiveConfig
from backend.study import Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.active_inheritance"
SHAPES = f"{HERE}.shapes"

STUDY = Study(
    name="active_inheritance",
    title="Active inheritance",
    question="What does a student take over when its texts are chosen by one measure?",
    config=ActiveConfig,
    presets=PRESETS,
    leading=("quick", "standard"),
    stages=(
        Stage("pool", "Pool", "talkers write several texts to each prompt"),
        Stage("tune", "Teach", "students learn what was chosen"),
        Stage("profile", "Profile", "everybody writes to prompts that were held out"),
    ),
    run=f"{HERE}.run:run",
    work=f"{HERE}.work:work",
    curves=(
        Curve(
            "pool",
            "Pool",
            "pool",
            "done",
            "words",
            "mean words of a text so far",
            x_label="prompts",
            by=("talker",),
            kind="made",
        ),
        Curve(
            "loss",
            "Students",
            "tune",
            "step",
            "loss",
            "loss on the chosen texts ({arm})",
            x_label="update",
            choice="arm",
            by=("arm", "objective", "k", "seed"),
            line=f"{HERE}.words:line",
        ),
    ),
    panels=(
        Panel("candidates", "The candidates of a prompt", ("pool",)),
        Panel("pool", "The pool and what was chosen", ("pool", "chosen")),
        Panel("profile", "Before, data, student", ("profiles",)),
        Panel("inherited", "What was inherited", ("profiles",)),
        Panel("blind", "Which is which?", ("profiles",)),
        Panel("results", "The price", ("results",)),
    ),
    files=(
        File("metrics.jsonl", f"{SHAPES}:MetricsRow"),
        File("pool.jsonl", f"{SHAPES}:PoolRow"),
        File("chosen.jsonl", f"{SHAPES}:ChosenRow"),
        File("profiles.jsonl", f"{SHAPES}:ProfilesRow"),
        File("results.jsonl", f"{SHAPES}:ResultsRow"),
        File("summary.json", f"{SHAPES}:Summary"),
        File("artifacts/seconds.json", f"{SHAPES}:Seconds"),
        File("artifacts/profiles/*.jsonl", f"{SHAPES}:ItemRow"),
        File("artifacts/scores/*.jsonl", "backend.export.shapes:ScoreRow"),
        # the students stay: a stranger's weights are not loaded
    ),
    words=Words(
        about=f"{HERE}.words:about",
        go="Start",
        own="Choose texts and teach them",
        run_title=f"{HERE}.words:title",
        kind=f"{HERE}.words:kind",
        nothing="Press Start: a talker writes several texts to each prompt, and students learn what you choose.",
        arms=(
            Word("before", "Before", "the student as it was"),
            Word("before_passive", "Unrelated student, before", "the model that is neither talker, as it was"),
            Word("random", "Random", "one of the k texts, drawn by chance", "made"),
            Word("best", "Best of k", "the text that has most of what was asked for", "made"),
            Word("worst", "Worst of k", "the text that has least of it: shows the direction", "made"),
            Word("best_of_two", "Best of two talkers", "as many candidates, half of each talker", "made"),
            Word("passive_first", "Passive, first talker", "an unrelated student of random texts", "made"),
            Word("passive_second", "Passive, second talker", "the same of the second talker", "made"),
        ),
        regimes=(
            Word("any", "Aimed at nothing", "no measure chose its texts"),
            Word("length", "Longer", "words"),
            Word("short", "Shorter", "words"),
            Word("mtld", "More varied (MTLD)", "how long words go on without repetition"),
            Word("mattr", "More varied (MATTR)", "the share of different words in a window"),
            Word("plain", "Plainer (Fog)", "shorter sentences and words of fewer syllables"),
            Word("rix", "Plainer (RIX)", "fewer long words a sentence"),
            Word("polite", "Less rude", "texts without a rude phrase"),
            Word("true", "Truer", "the share of sentences that are true in the bundled world"),
            Word("sum", "A weighted sum", "in standard deviations of the pool"),
        ),
        metrics=(Metric("acc", "accuracy"),),
    ),
    examples=f"{HERE}.dataset:examples_of",
    checks=f"{SHAPES}:check_together",
)
