"""DistillConfig: every choice of one distillation run, with its help, its legal range and its checks.

The web form, the command line and the tables in the documents are generated from it. Standard library only: it knows
names of models and tasks, never loads one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from backend.search.names import GEOMETRIES, MOVES, OBJECTIVES
from backend.search.schedule import check_restarts
from backend.settings import check, setting, setting_error
from backend.studies.text_distillation.decoders import DECODERS, PAPER, SEARCH
from backend.usual_settings import answers_from_setting, counted_from, seed_setting

SEARCHED, GUIDED = ("decoder", (SEARCH,)), ("decoder", ("guided",))  # settings that no other decoder looks at
PRESETS = Path(__file__).parent / "presets"
# as they are trained; study.py has their words
ARMS = ("base", "soft", "projected", "decoded", "text", "init", "random", "full")
OWN_MODEL_ONLY = ("projected", "soft")  # ids and embeddings mean nothing to another model
REGIMES = ("matched", "ordinary")
OWN = "own_"  # how tasks begin that a user's own data makes (core/text/tasks.py)
EXACT = ("own_prompts", "own_chat")  # asked without words of ours around them
INNER_RULES = ("normalised", "sgd", "preconditioned")
ENGINES = ("exact", "compiled", "one_sided", "plain")  # see engines.py


@dataclass(frozen=True)
class DistillConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    # of runs from before a setting existed, see settings.from_saved
    BEFORE: ClassVar[dict] = {"decoder": PAPER, "engine": "plain"}
    # how the settings begin that such runs lack
    LATER: ClassVar[tuple[str, ...]] = (
        "data_file",
        "answers_from",
        "start",
        "decoder",
        "revert",
        "search_",
        "admm_",
        "engine",
        "reference_seeds",
    )

    # one argument a line would make four hundred lines of these
    # fmt: off
    task: str = setting("pocket_science", "What the student should learn to answer.", "Data", basic=True, kind="task")
    data_dir: str = setting(
        "",
        "A folder of local data; for own tasks also a file, or a hub data set as owner/name. Empty: the task's data.",
        "Data", label="Data folder", kind="place")
    data_file: str = setting(
        "", "A file of your own; its rows are parted for training, validation and the test.", "Data", label="Your file",
        kind="file")
    answers_from: str = answers_from_setting()
    train_limit: int = setting(
        0, "Use only the first rows of the training set; 0 for all.", "Data", label="Training questions", low=0,
        public=2400)
    test_limit: int = setting(
        200, "Questions each student is scored on; 0 for all.", "Data", label="Test questions", basic=True, low=0,
        public=(300, 600), all_at_zero=True)
    model: str = setting(
        "opt-pocket", "The model of the experts, and of the student the prompts are learned on.", "Models", basic=True,
        kind="model")
    other_model: str = setting(
        "llama-pocket", "A model of another family whose students also learn from the text; empty for none.", "Models",
        label="Second model", basic=True, kind="model", optional=True)
    seed: int = seed_setting("Models")

    experts: int = setting(
        4, "Number of LoRA trainings on the real data to record and follow.", "Experts", low=1, high=64, public=8)
    heldout_experts: int = setting(
        1, "Additional experts, never followed, used only to check the matching.", "Experts", label="Held-out experts",
        low=0, high=16, public=2)
    expert_steps: int = setting(
        24, "Training steps of each expert.", "Experts", label="Steps of an expert", low=2, high=100_000, public=60)
    expert_batch: int = setting(
        128, "Real questions per expert step. Small batches make a noisy path.", "Experts",
        label="Questions per expert step", low=1, public=256)
    expert_lr: float = setting(
        0.002, "Learning rate for training the experts.", "Experts", label="Step size of an expert", low=1e-8,
        high=100.0)
    inner_rule: str = setting(
        "normalised", "Update rule of the expert and the student; both use the same.", "Experts", label="Step rule",
        choices=INNER_RULES)
    lora_rank: int = setting(
        8, "Inner width of the LoRA matrices.", "Experts", label="LoRA rank", low=1, high=512, public=32)
    lora_alpha: int = setting(
        16, "LoRA scale: the update is multiplied by alpha / rank.", "Experts", label="LoRA alpha", low=1,
        public="a scale costs nothing")

    prompts: int = setting(
        8, "How many synthetic prompts to learn.", "Prompts", label="Number of prompts", basic=True, low=1, high=4096,
        public=(16, 32))
    start: str = setting(
        "", "A data set (jsonl) of real training questions to start from; empty: drawn at random.", "Prompts",
        label="Starting data set", kind="place")
    prompt_tokens: int = setting(
        16, "Length of each synthetic prompt, in tokens.", "Prompts", label="Tokens per prompt", low=1, high=1024,
        public=(32, 64))
    layout: str = setting(
        "replace", "Whether the prompt replaces the question or comes before it.", "Prompts",
        label="Position of the prompt", choices=("replace", "prefix"))

    outer_steps: int = setting(
        60, "Updates of the synthetic prompts.", "Matching", label="Updates of the prompts", basic=True, low=0,
        high=1_000_000, public=(250, 500))
    inner_steps: int = setting(
        16, "Steps of the student inside each update.", "Matching", label="Student steps per update", low=1, high=1024,
        public=24)
    inner_batch: int = setting(
        0, "Synthetic prompts per student step; 0 for all.", "Matching", label="Prompts per student step", low=0,
        public="at most the prompts")
    expert_span: int = setting(
        16, "How many expert steps the student has to retrace.", "Matching", label="Expert steps to retrace", low=1,
        public=24)
    max_start: int = setting(
        4, "Latest expert step a segment may start from.", "Matching", label="Latest start of a segment", low=0,
        public="at most the steps of an expert")
    curriculum: float = setting(
        0.5, "Share of the run over which the latest start grows from 0.", "Matching", low=0.0, high=1.0)
    prompt_lr: float = setting(
        0.05, "Outer step, in standard deviations of the model's token table.", "Matching",
        label="Step size of the prompts", low=0.0, high=1.0)
    lr_of_inner_lr: float = setting(
        0.02, "Learning rate of the student's step sizes, on a log scale.", "Matching",
        label="Learning rate of the student's step sizes", low=0.0, high=1.0)
    regulariser_weight: float = setting(
        0.01, "Pull towards the nearest real token; grows from 0 during the second half.", "Matching",
        label="Pull towards real tokens", low=0.0, high=1000.0)
    clip: float = setting(
        2.0, "Gradients are clipped at this multiple of their running norm.", "Matching", label="Gradient clipping",
        low=0.1)
    skip_above: float = setting(
        2.0, "Updates with a matching loss above this are skipped.", "Matching", label="Largest loss of an update",
        low=0.1)
    engine: str = setting(
        "exact",
        "exact; compiled: exact and faster in long runs; one_sided: a few % off, not for OPT; plain: slow, to compare.",
        "Matching", label="Gradient engine", choices=ENGINES)
    snapshot_every: int = setting(
        5, "Decode the prompts every N updates.", "Matching", label="Updates between snapshots", low=1,
        public="every update is the most, and the size of a snapshot is bounded")
    checkpoint_every: int = setting(
        10, "Save a checkpoint every N updates.", "Matching", label="Updates between checkpoints", low=1,
        public="every update is the most, and a checkpoint replaces the last one")

    decoder: str = setting(
        SEARCH, "How learned prompts become text; search edits text directly.", "Text", basic=True,
        choices=tuple(DECODERS))
    revert: bool = setting(
        True, "Keep the real question where a prompt's text does not follow held-out experts better.", "Text",
        label="Fall back to real questions")
    search_starts: int = setting(
        0, "Search: number of question sets to choose the start from; 0 starts from the prompts' own questions.",
        "Text", label="Starting sets to try", low=0, high=10_000, public=48, only_with=SEARCHED)
    search_questions: int = setting(
        200, "Search: real questions that judge a student.", "Text", label="Questions used for judging", low=1,
        public=480, only_with=SEARCHED)
    search_rounds: int = setting(
        6, "Search: rounds of changing the texts.", "Text", label="Rounds of the search", low=0, public=20,
        only_with=SEARCHED)
    search_restarts: int = setting(
        1,
        "Search: how often it begins; the rounds are shared, and twelve students of each model choose in the end.",
        "Text", label="Restarts of the search", low=1, high=100, public=4, only_with=SEARCHED)
    search_geometry: str = setting(
        "adam",
        "Search: what ranks changes. adam: steps as Adam weighs them. subspace: where real questions' gradients lie.",
        "Text", label="Geometry of the ranking", choices=GEOMETRIES, only_with=SEARCHED)
    search_moves: tuple[str, ...] = setting(
        ("question", "phrase", "word"),
        "Search: what a round changes; every other round a whole question, a real one or one that a model wrote, "
        "otherwise the others in turn.", "Text",
        label="What the search changes", choices=MOVES, public=len(MOVES), only_with=SEARCHED)
    search_objective: str = setting(
        "error",
        "Search: minimise the students' expected error or loss on real training questions, or their distance "
        "to an expert.",
        "Text", label="Objective of the search", choices=OBJECTIVES, only_with=SEARCHED)
    search_readers: str = setting(
        "both", "Search: judge texts with students of both models, or of the main model only.", "Text",
        label="Models that judge", choices=("both", "own"), only_with=SEARCHED)
    admm_every: int = setting(
        5, "Guided: choose tokens again every N updates.", "Text", label="Updates between token choices", low=1,
        public="every update is the most", only_with=GUIDED)
    admm_rho: float = setting(
        0.1, "Guided: pull towards the chosen tokens.", "Text", label="Pull towards chosen tokens", low=0.0,
        high=1000.0, only_with=GUIDED)
    admm_neighbours: int = setting(
        20, "Guided: near tokens that the language model chooses from.", "Text", label="Tokens to choose from", low=1,
        high=10_000, public=100, only_with=GUIDED)

    arms: tuple[str, ...] = setting(
        ARMS, "What fresh students are trained on.", "Scoring", label="What students learn from", choices=ARMS,
        public=len(ARMS))
    regimes: tuple[str, ...] = setting(
        REGIMES, "matched: the learned step sizes. ordinary: AdamW.", "Scoring", label="Ways of training",
        choices=REGIMES, public=len(REGIMES))
    seeds: int = setting(
        3, "Fresh students per arm.", "Scoring", label="Students per arm", basic=True, low=1, high=100, public=5)
    reference_seeds: int = setting(
        0, "Fresh students per arm, except text and random questions; 0 for the same number as those.", "Scoring",
        label="Students of the other arms", low=0, high=100, public=5)
    finetune_steps: int = setting(
        60, "AdamW steps of an ordinary student.", "Scoring", label="Steps of a student", low=1, high=100_000,
        public=(150, 400))
    finetune_batch: int = setting(
        32, "Examples per AdamW step, at most.", "Scoring", label="Examples per student step", low=1, public=64)
    finetune_lr: float = setting(
        0.005, "AdamW step size.", "Scoring", label="Step size of a student", low=1e-8, high=1.0)
    # fmt: on

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
        self._check_own_data()
        check_restarts("search_restarts", self.search_restarts, self.search_rounds)
        latest = self.max_start + self.expert_span
        if latest > self.expert_steps:
            raise setting_error(
                "max_start",
                f"max_start + expert_span is {latest}, past the expert's last step {self.expert_steps}.",
                "segments that end inside the expert's trajectory",
                "Lower max_start or expert_span, or raise expert_steps.",
            )
        if self.inner_batch > self.prompts:
            raise setting_error(
                "inner_batch",
                f"inner_batch is {self.inner_batch}, but there are {self.prompts} prompts.",
                "at most the number of prompts",
                "Lower inner_batch, or set it to 0 for all.",
            )
        self._check_guided()

    def _check_own_data(self) -> None:
        check_own_data(self.task, self.data_file, self.data_dir)
        check_moves(self.task, "search_moves", self.search_moves)
        if self.task == "own_letters":
            raise setting_error(
                "task",
                "task is own_letters, but a distilled text has no options to choose a letter from.",
                "own_options",
                "Set task to own_options: the same questions, answered with the text of an option.",
            )

    def _check_guided(self) -> None:
        if self.decoder == "guided" and self.admm_every > self.outer_steps > 0:
            raise setting_error(
                "admm_every",
                f"admm_every is {self.admm_every}, but there are {self.outer_steps} updates.",
                "at least one choice of tokens during the updates",
                "Lower admm_every, or raise outer_steps.",
            )


def check_own_data(task: str, data_file: str, data_dir: str) -> None:
    """Raise UserError where a task and where its questions come from do not belong together."""
    own = task.startswith(OWN)
    if own and not (data_file or data_dir):
        raise setting_error(
            "task",
            f"task is {task}, which is for data of your own, and there is none.",
            "a file or a folder",
            "Upload a file, or set data_file to its path.",
        )
    if data_file and not own:
        raise setting_error(
            "task",
            f"data_file is set, but task is {task}, which has its own data.",
            f"a task that begins with {OWN}",
            "`python -m backend describe FILE` names the task of a file.",
        )


def check_moves(task: str, name: str, moves: tuple[str, ...]) -> None:
    """Raise UserError where a search, whose moves the setting `name` has, needs words of ours around the questions."""
    if task in EXACT and "token" in moves:
        raise setting_error(
            name,
            f"{name} has token, which needs the words around a question; {task} has none.",
            "question, phrase, word or written",
            "Take token off the list.",
        )
