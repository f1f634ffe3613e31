"""BenchConfig: every choice of one bench run, with its help, its legal range and its checks.

The web form, the command line and the tables in the documents are generated from it. Standard library only.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from backend.settings import check, setting, setting_error
from backend.usual_settings import (
    answers_from_setting,
    check_step_sizes,
    counted_from,
    rank_setting,
    seed_setting,
    task_folder_setting,
)

PRESETS = Path(__file__).parent / "presets"
ARM_OF = {"none": "base", "real": "full", "random": "random", "distilled": "text", "file": "file"}  # as results say it
DATA = tuple(ARM_OF)  # what a student may learn from
BA_LORA = "ba_lora"  # PiSSA with regularisers; the other methods differ in their weights alone
METHODS = ("lora", "rslora", "dora", "pissa", BA_LORA, "full")
REGIMES = ("ordinary", "matched")
OWN = "own_"  # how tasks begin that a user's own data makes (core/text/tasks.py)


@dataclass(frozen=True)
class BenchConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    # how the settings begin that runs from before lack
    LATER: ClassVar[tuple[str, ...]] = ("bos", "answers_from")

    student: str = setting("opt-pocket", "The model to tune and score.", "Student", basic=True, kind="model")
    precision: str = setting(
        "float32",
        "How its weights are stored; bfloat16 halves the memory.",
        "Student",
        label="Precision of the weights",
        choices=("float32", "bfloat16"),
    )
    bos: str = setting(
        "auto",
        "The token that begins every text (BOS): as the tokenizer has it, always, or never.",
        "Student",
        label="BOS token",
        choices=("auto", "on", "off"),
    )
    seed: int = seed_setting("Student")

    data: str = setting(
        "real",
        "What the student learns from; none: it is scored without training.",
        "Data",
        label="Training data",
        basic=True,
        choices=DATA,
    )
    data_path: str = setting(
        "",
        "distilled: a run folder. file: a file of examples or questions.",
        "Data",
        label="File or run to learn from",
        kind="file",
    )
    examples: int = setting(
        0,
        "How many of them; 0 for all.",
        "Data",
        label="Number of examples",
        basic=True,
        low=0,
        public="steps and batch bound the work, however many there are",
    )
    train_task: str = setting(
        "pocket_science",
        "The task that real and random questions come from.",
        "Data",
        label="Training task",
        basic=True,
        kind="task",
    )
    data_dir: str = task_folder_setting()
    answers_from: str = answers_from_setting()

    method: str = setting(
        "lora",
        "Which weights are trained, and how. ba_lora: PiSSA with three published regularisers, alpha as the rank.",
        "Training",
        label="Method of tuning",
        basic=True,
        choices=METHODS,
    )
    regime: str = setting(
        "ordinary",
        "ordinary: AdamW. matched: a distilled run's own learned steps.",
        "Training",
        label="Way of training",
        choices=REGIMES,
    )
    steps: int = setting(
        60,
        "Updates of each student.",
        "Training",
        label="Updates of a student",
        basic=True,
        low=1,
        high=100_000,
        public=(240, 600),
    )
    batch: int = setting(
        32, "Examples per update, at most.", "Training", label="Examples per update", low=1, high=4096, public=64
    )
    lrs: tuple[float, ...] = setting(
        (0.002, 0.005, 0.01),
        "Step sizes to try; validation questions choose one.",
        "Training",
        label="Step sizes",
        public=4,
    )
    seeds: int = setting(
        3,
        "Students, each with its own start and order.",
        "Training",
        label="Number of students",
        basic=True,
        low=1,
        high=100,
        public=5,
    )
    rank: int = rank_setting()
    alpha: int = setting(
        16,
        "Adapter scale: its update is multiplied by alpha / rank.",
        "Training",
        label="Alpha of the adapter",
        low=1,
        public="a scale costs nothing",
    )
    validation_limit: int = setting(
        100,
        "Validation questions, for the step size and for stopping early.",
        "Training",
        label="Validation questions",
        low=4,
        public=200,
    )
    validate_every: int = setting(
        20,
        "Updates between two validations.",
        "Training",
        label="Updates between validations",
        low=1,
        public="after every update is the most, and the questions are bounded",
    )
    patience: int = setting(
        0,
        "Validations without improvement before a student stops early; 0 for never.",
        "Training",
        label="Patience, in validations",
        low=0,
        public="it only ends a training early",
    )
    mixed_precision: bool = setting(
        False, "Train in bfloat16 where that is faster.", "Training", label="Train in bfloat16"
    )
    gradient_checkpointing: bool = setting(
        False,
        "Compute activations twice to save memory, for large models.",
        "Training",
        label="Save memory when training",
    )

    tasks: tuple[str, ...] = setting(
        ("pocket_science",), "What to score on.", "Scoring", label="Test tasks", basic=True, kind="task", public=3
    )
    test_file: str = setting(
        "", "A file of questions to score on as well.", "Scoring", label="Your own test file", kind="file"
    )
    test_limit: int = setting(
        200,
        "Questions of each task; 0 for all.",
        "Scoring",
        label="Questions per task",
        low=0,
        public=(300, 600),
        all_at_zero=True,
    )
    score_base: bool = setting(
        True, "Score the untuned student too, for comparison.", "Scoring", label="Score the untuned student"
    )
    fast: bool = setting(
        False,
        "Use low-precision products where that is faster; recompute close calls in float32.",
        "Scoring",
        label="Fast scoring",
    )

    @property
    def counted_from(self) -> int | None:
        """The first number of options in files; None where each file has to tell."""
        return counted_from(self.answers_from)

    def __post_init__(self):
        check(self)
        self._check_data()
        self._check_own_data()
        self._check_training()
        if len(set(self.tasks)) != len(self.tasks):
            found = f"tasks is {', '.join(self.tasks)}."
            raise setting_error("tasks", found, "every task once", "Remove the repetition.")
        if not self.tasks and not self.test_file:
            found, expected = "There is nothing to score on.", "a task or a file of questions"
            raise setting_error("tasks", found, expected, "Name one in tasks.")

    def _check_data(self) -> None:
        if self.data in ("distilled", "file") and not self.data_path:
            what = "the folder of a distillation run" if self.data == "distilled" else "a file of examples"
            found = f"data is {self.data}, but data_path is empty."
            raise setting_error("data_path", found, what, "Give its path in data_path.")
        if self.data == "random" and not self.examples:
            found = "data is random, but examples is 0."
            raise setting_error("examples", found, "how many questions to draw", "Set examples, for example to 8.")
        if self.data == "none" and not self.score_base:
            found = "data is none and score_base is off."
            step = "Switch score_base on, or choose data to learn from."
            raise setting_error("score_base", found, "something to do", step)

    def _check_own_data(self) -> None:
        """Own tasks have no questions but those of the user's file or folder."""
        if self.data_dir:
            return
        learned = (self.train_task,) if self.data in ("real", "random") else ()
        for name, tasks in (("train_task", learned), ("tasks", self.tasks)):
            if own := next((task for task in tasks if task.startswith(OWN)), None):
                found = f"{name} is {own}, which is for data of your own, and data_dir is empty."
                raise setting_error(name, found, "a file or a folder", "Set data_dir to its path.")

    def _check_training(self) -> None:
        check_step_sizes(self.lrs, "0.002,0.005")
        if self.regime == "matched" and self.data != "distilled":
            found = f"regime is matched, but data is {self.data}."
            expected = "data=distilled: the steps were learned with its prompts"
            raise setting_error("regime", found, expected, "Choose ordinary.")
        if self.regime == "matched" and self.method != "lora":
            found = f"regime is matched, but method is {self.method}."
            raise setting_error("method", found, "lora, which the steps were learned for", "Choose method=lora.")
