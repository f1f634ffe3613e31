"""ComparisonConfig: every choice of one comparison, with its help, its legal range and its checks.

The command line and the tables in the documents are generated from it. Standard library only.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from backend.comparison.checks import check_together
from backend.comparison.names import ARMS, BASELINES, COSTLY, PLACES, REGIMES, STARTS
from backend.search.names import GEOMETRIES, MOVES, OBJECTIVES
from backend.search.schedule import check_restarts
from backend.settings import check, setting
from backend.usual_settings import answers_from_setting, counted_from, seed_setting, task_folder_setting

PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class ComparisonConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    # how the settings begin that runs lack from before they were there
    LATER: ClassVar[tuple[str, ...]] = (
        "data_file", "answers_from", "restarts", "geometry", "adapted_layers", "adapted_modules",
    )  # fmt: skip

    task: str = setting("pocket_science", "What the students should learn to answer.", "Data", basic=True, kind="task")
    # fmt: off
    data_dir: str = task_folder_setting()
    data_file: str = setting(
        "", "A file of your own; its rows are parted for training, validation and the test.", "Data", label="Your file",
        kind="file")
    answers_from: str = answers_from_setting()
    train_limit: int = setting(
        0, "Use only the first training questions; 0 for all.", "Data", label="Training questions", low=0, public=2400)
    # fmt: on
    validation_limit: int = setting(
        0, "Validation questions; 0 for all.", "Data", label="Validation questions", low=0, public=200, all_at_zero=True
    )
    test_limit: int = setting(
        0,
        "Questions each student is scored on; 0 for all.",
        "Data",
        label="Test questions",
        basic=True,
        low=0,
        public=(300, 600),
        all_at_zero=True,
    )
    budget: float = setting(
        0.05,
        "Examples of an arm, as a share of the training questions.",
        "Data",
        label="Share of the training questions",
        basic=True,
        low=1e-6,
        high=1,
    )

    style: str = setting(
        "texts",
        "What students learn and answer: the text of an option, or its letter below the listed options.",
        "Data",
        label="How options are read",
        choices=("texts", "letters"),
    )
    shuffle_options: bool = setting(
        False, "Control: the test questions' options in another order.", "Data", label="Shuffle the options"
    )

    model: str = setting("opt-pocket", "The model that selects and distils.", "Models", basic=True, kind="model")
    students: tuple[str, ...] = setting(
        ("opt-pocket", "llama-pocket"),
        "The models that are trained on every arm.",
        "Models",
        basic=True,
        kind="model",
        public=4,
    )
    seed: int = seed_setting("Models")
    lora_rank: int = setting(
        8, "Inner width of the LoRA matrices.", "Models", label="LoRA rank", low=1, high=512, public=32
    )
    lora_alpha: int = setting(
        16,
        "LoRA scale: the update is multiplied by alpha / rank.",
        "Models",
        label="LoRA alpha",
        low=1,
        public="a scale costs nothing",
    )
    adapted_layers: int = setting(
        0,
        "Layers with adapters, counted from the top; 0 for all. What lies below them is computed once.",
        "Models",
        label="Layers with adapters",
        low=0,
        high=1000,
        public="fewer layers cost less",
    )
    adapted_modules: str = setting(
        "attention",
        "What carries adapters in these layers: attention, the MLP, or both.",
        "Models",
        label="What carries adapters",
        choices=PLACES,
        public="three matrices more cost little",
    )

    arms: tuple[str, ...] = setting(
        ("base", *BASELINES, *COSTLY, "init", "text", "full"),
        "What students are trained on.",
        "Students",
        label="What students learn from",
        basic=True,
        choices=ARMS,
        public=len(ARMS),
    )
    regimes: tuple[str, ...] = setting(
        ("ordinary",),
        "ordinary: AdamW. matched: step sizes learned for each arm.",
        "Students",
        label="Ways of training",
        choices=REGIMES,
        public=len(REGIMES),
    )
    seeds: int = setting(
        5,
        "Students per arm: data order, LoRA start and, for random, the draw.",
        "Students",
        label="Students per arm",
        basic=True,
        low=1,
        public=5,
    )
    steps: int = setting(
        60,
        "AdamW steps of every student.",
        "Students",
        label="Steps of a student",
        low=1,
        high=100_000,
        public=(150, 400),
    )
    batch: int = setting(32, "Examples per step, at most.", "Students", label="Examples per step", low=1, public=64)
    lrs: tuple[float, ...] = setting(
        (0.001, 0.002, 0.005, 0.01),
        "Step sizes; validation questions choose one for each arm.",
        "Students",
        label="Step sizes",
        public=4,
    )
    mixed_precision: bool = setting(
        False, "Train in bfloat16 where that is faster.", "Students", label="Train in bfloat16"
    )
    lr_seeds: int = setting(
        2, "Students per step size when it is chosen.", "Students", label="Students per step size", low=1, public=2
    )

    start: str = setting(
        "best",
        "What learned arms start from. best: the selector's questions that make the best students. written: a model's.",
        "Text",
        label="Start of the search",
        choices=STARTS,
    )
    readers: str = setting(
        "both",
        "Which students judge a text: those of the model itself, or of all models.",
        "Text",
        label="Models that judge",
        choices=("own", "both"),
    )
    objective: str = setting(
        "error",
        "error, answers: expected error, or loss, on real training questions. matching: distance to the expert.",
        "Text",
        label="Objective of the search",
        choices=OBJECTIVES,
    )
    moves: tuple[str, ...] = setting(
        ("question", "phrase", "word"),
        "What a round changes: every other round a whole question, a real one or one that a model wrote, otherwise "
        "a phrase, a word or a token in turn.",
        "Text",
        label="What the search changes",
        choices=MOVES,
        public=len(MOVES),
    )
    # fmt: off
    rounds: int = setting(
        12, "Rounds of the search. With twelve texts, rounds 13 to 24 brought nothing; a second search did.",
        "Text", label="Rounds of the search", basic=True, low=0, high=100_000, public=20)
    restarts: int = setting(
        1, "How often the search begins; the rounds are shared, and twelve students of each model choose in the end.",
        "Text", label="Restarts of the search", low=1, high=100, public=4)
    geometry: str = setting(
        "adam", "What ranks changes. adam: steps as Adam weighs them. subspace: where real questions' gradients lie.",
        "Text", label="Geometry of the ranking", choices=GEOMETRIES)
    candidates: int = setting(
        200, "Changes ranked per round; trials made of them compete.", "Text", label="Changes ranked in a round",
        low=1, public=200)
    # fmt: on
    judged_by: int = setting(
        240,
        "Real training questions that judge a round.",
        "Text",
        label="Questions that judge a round",
        low=1,
        public=240,
    )
    judges: int = setting(
        1,
        "Students of each model that judge a trial at first; trials that survive are judged by more.",
        "Text",
        label="Judges of a trial",
        low=1,
        public=2,
    )
    outsider: str = setting(
        "",
        "A model that takes no part and whose perplexity measures how readable texts are; empty for none.",
        "Text",
        label="Model that reads the texts",
        kind="model",
        optional=True,
    )
    distillation: str = setting(
        "standard",
        "The distillation preset behind soft prompts and their texts.",
        "Text",
        label="Preset of the distillation",
        public="a preset's name; its sizes stand in settings of this study",
    )
    outer_steps: int = setting(
        120, "Updates of the soft prompts.", "Text", label="Updates of the prompts", low=0, public=(250, 500)
    )
    prompt_tokens: int = setting(
        24, "Longest soft prompt, in tokens.", "Text", label="Tokens per prompt", low=1, public=(32, 64)
    )

    @property
    def own_data(self) -> str | None:
        """Where the questions come from, if not from where the task has them."""
        return self.data_file or self.data_dir or None

    @property
    def counted_from(self) -> int | None:
        """Where the numbers among the answers of that data begin; None where it has to tell."""
        return counted_from(self.answers_from)

    def __post_init__(self):
        check(self)
        check_restarts("restarts", self.restarts, self.rounds)
        check_together(self)

    def adapted_elsewhere(self) -> dict[str, int | str]:
        """Where adapters lie; empty for where they lay before that was a setting, so that what was kept stays valid."""
        found = {"adapted_layers": self.adapted_layers, "adapted_modules": self.adapted_modules}
        return {} if found == {"adapted_layers": 0, "adapted_modules": PLACES[0]} else found
