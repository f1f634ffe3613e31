"""BaLoraConfig: every choice of one run, with its help, its legal range and its checks.

The web form, the command line and the tables in the documents are generated from it. Standard library only.
"""

from dataclasses import dataclass
from pathlib import Path

from backend.settings import check, setting, setting_error
from backend.studies.ba_lora.arms import ARMS
from backend.usual_settings import (
    answers_from_setting,
    check_arms,
    check_step_sizes,
    counted_from,
    rank_setting,
    seed_setting,
    students_setting,
    task_folder_setting,
)

PRESETS = Path(__file__).parent / "presets"
FORMS = ("iclr", "v5", "v1", "no_grad", "same_k", "nlu")
UNPLANTED = "opt-pocket"  # what reads on where a run plants its own twin
OWN = "own_"  # how tasks begin that a user's own data makes (core/text/tasks.py)


@dataclass(frozen=True)
class BaLoraConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    model: str = setting(
        "opt-pocket-planted",
        "The model to tune; probes of planted defects need a planted one.",
        "Model",
        basic=True,
        kind="model",
        only_with=("plant", ("bundled",)),
    )
    clean_model: str = setting(
        "opt-pocket-clean",
        "Its twin that read the same without the defects; empty for none.",
        "Model",
        label="Clean twin",
        kind="model",
        optional=True,
        only_with=("plant", ("bundled",)),
    )
    plant: str = setting(
        "bundled",
        f"bundled: the models above. own: {UNPLANTED} reads on, with defects of the strength below and without.",
        "Model",
        label="Where the defects come from",
        basic=True,
        choices=("bundled", "own"),
    )
    strength: float = setting(
        0.9,
        "How one-sided the planted talk is: the share of sentences on the planted side.",
        "Model",
        label="Strength of the planted talk",
        low=0.5,
        high=1.0,
        public="a share costs nothing",
        only_with=("plant", ("own",)),
    )
    plant_steps: int = setting(
        420,
        "Updates of 2,048 tokens with which each twin reads on.",
        "Model",
        label="Updates of planting",
        low=1,
        high=10_000,
        public=420,
        only_with=("plant", ("own",)),
    )
    seed: int = seed_setting("Model")

    train_task: str = setting(
        "pocket_science",
        "The task whose questions are learned, chosen by and asked.",
        "Data",
        label="Task",
        basic=True,
        kind="task",
    )
    data_dir: str = task_folder_setting()
    answers_from: str = answers_from_setting()
    examples: int = setting(
        48,
        "Training questions.",
        "Data",
        label="Training questions",
        low=2,
        high=100_000,
        public="steps and batch bound the work, however many there are",
    )
    wrong_share: float = setting(
        0.25,
        "Share of them that is taught a wrong option.",
        "Data",
        label="Share of wrong labels",
        basic=True,
        low=0.0,
        high=1.0,
        public="a share costs nothing",
    )

    form: str = setting(
        "iclr",
        "Whose formulas: ICLR 2026, arXiv v2 to v5, v1, two released versions in which a term has no gradient, or the "
        "form for classifiers.",
        "Terms",
        label="Form of the terms",
        choices=FORMS,
    )
    anchor: str = setting(
        "answers",
        "What consistency is taken on: the taught answers, as published, or true statements of the world, replayed.",
        "Terms",
        label="Anchor of consistency",
        choices=("answers", "statements"),
    )
    consistency: float = setting(
        0.025,
        "Weight of consistency with the untouched model.",
        "Terms",
        low=0.0,
        high=1000.0,
        public="a weight is free",
    )
    diversity: float = setting(
        0.005, "Weight of diversity (entropy).", "Terms", low=0.0, high=1000.0, public="a weight is free"
    )
    spectrum: float = setting(
        0.005, "Weight of the singular values.", "Terms", low=0.0, high=1000.0, public="a weight is free"
    )
    times: float = setting(
        40.0,
        "The strong arms have the weights times this.",
        "Terms",
        label="Strong weights, times",
        basic=True,
        low=0.0,
        high=1000.0,
        public="a factor costs nothing",
    )
    temperature: float = setting(
        2.0, "Temperature of consistency.", "Terms", low=0.1, high=100.0, public="a temperature costs nothing"
    )
    top_entropy: int = setting(
        20,
        "How many of a place's largest logits diversity looks at.",
        "Terms",
        label="Logits of diversity",
        low=2,
        public="fewer than the vocabulary, which is read anyway",
    )
    top_singular: int = setting(
        10,
        "How many singular values count as the top.",
        "Terms",
        label="Top singular values",
        low=1,
        public="all are computed anyway",
    )
    centred: bool = setting(
        False,
        "Take each row's mean away before the spectrum: a constant added to a row changes no probability.",
        "Terms",
        label="Centre the rows",
    )
    schedule: str = setting(
        "published",
        "published: consistency falls to a tenth, the others begin after a fifth. constant: as they are.",
        "Terms",
        label="Schedule of the weights",
        choices=("published", "constant"),
    )

    arms: tuple[str, ...] = setting(
        tuple(ARMS), "Which ways to fine-tune.", "Training", label="Arms", choices=tuple(ARMS), public=len(ARMS)
    )
    rank: int = rank_setting("Rank of the adapters; alpha is the same.")
    lrs: tuple[float, ...] = setting(
        (0.003, 0.01, 0.03),
        "Step sizes to try in each arm; validation questions choose one.",
        "Training",
        label="Step sizes",
        public=4,
    )
    steps: int = setting(
        45,
        "Updates of each student.",
        "Training",
        label="Updates of a student",
        basic=True,
        low=1,
        high=100_000,
        public=(90, 300),
    )
    batch: int = setting(
        16, "Questions per update, at most.", "Training", label="Questions per update", low=1, high=4096, public=64
    )
    seeds: int = students_setting()
    validation_limit: int = setting(
        200,
        "Validation questions, for the step size and for stopping early.",
        "Training",
        label="Validation questions",
        low=4,
        public=200,
    )

    test_limit: int = setting(
        200,
        "Questions each student is asked; 0 for all.",
        "Probes",
        label="Test questions",
        low=0,
        public=(300, 600),
        all_at_zero=True,
    )
    crows_pairs: str = setting("", "CrowS-Pairs, a csv file.", "Probes", label="CrowS-Pairs file", kind="file")
    stereoset: str = setting("", "StereoSet, a json file.", "Probes", label="StereoSet file", kind="file")
    bbq: str = setting("", "BBQ, a jsonl file.", "Probes", label="BBQ file", kind="file")

    @property
    def counted_from(self) -> int | None:
        """The first number of options in files; None where each file has to tell."""
        return counted_from(self.answers_from)

    def __post_init__(self):
        check(self)
        check_arms(self.arms, "pissa,ba_lora")
        check_step_sizes(self.lrs, "0.003,0.01")
        if self.train_task.startswith(OWN) and not self.data_dir:
            found = f"train_task is {self.train_task}, which is for data of your own, and data_dir is empty."
            raise setting_error("train_task", found, "a file or a folder", "Set data_dir to its path.")

    @property
    def wrong(self) -> int:
        """How many training questions are taught a wrong option."""
        return round(self.wrong_share * self.examples)
