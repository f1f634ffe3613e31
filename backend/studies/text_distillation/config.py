"""DistillConfig: every choice of one distillation run, with its help, its legal range and its checks.

The web form, the command line and the tables in the documents are generated from it. Standard library only: it knows
names of models and tasks, never loads one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from backend.search.names import MOVES, OBJECTIVES
from backend.settings import check, setting, setting_error
from backend.studies.text_distillation.decoders import DECODERS, PAPER, SEARCH

PRESETS = Path(__file__).parent / "presets"
# as they are trained; study.py has their words
ARMS = ("base", "soft", "projected", "decoded", "text", "init", "random", "full")
OWN_MODEL_ONLY = ("projected", "soft")  # ids and embeddings mean nothing to another model
REGIMES = ("matched", "ordinary")
INNER_RULES = ("normalised", "sgd", "preconditioned")
ENGINES = ("exact", "compiled", "one_sided", "plain")  # see engines.py


@dataclass(frozen=True)
class DistillConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    # of runs from before a setting existed, see settings.from_saved
    BEFORE: ClassVar[dict] = {"decoder": PAPER, "engine": "plain"}
    # how the settings begin that such runs lack
    LATER: ClassVar[tuple[str, ...]] = ("start", "decoder", "revert", "search_", "admm_", "engine")

    task: str = setting("pocket_science", "What the student should learn to answer.", "Data", kind="task")
    data_dir: str = setting(
        "", "A folder of local data files; empty for bundled or hub data.", "Data", advanced=True, kind="place"
    )
    train_limit: int = setting(
        0, "Use only the first rows of the training set; 0 for all.", "Data", low=0, advanced=True, public=2400
    )
    test_limit: int = setting(
        200, "Questions each student is scored on; 0 for all.", "Data", low=0, public=(300, 600), all_at_zero=True
    )
    model: str = setting(
        "opt-pocket", "The expert, and the student the prompts are learned on.", "Models", kind="model"
    )
    other_model: str = setting(
        "llama-pocket", "A second reader, of another family, for the text; empty for none.", "Models", kind="model"
    )
    seed: int = setting(
        0, "Everything random follows from it.", "Models", low=0, high=2**31 - 1, public="a seed costs nothing"
    )

    experts: int = setting(
        4, "LoRA runs on the real data that are recorded and followed.", "Experts", low=1, high=64, public=8
    )
    heldout_experts: int = setting(
        1, "Further experts, never followed, to check the matching on.", "Experts", low=0, high=16, public=2
    )
    expert_steps: int = setting(24, "Training steps of each expert.", "Experts", low=2, high=100_000, public=60)
    expert_batch: int = setting(
        128, "Real questions per expert step. Small batches make a noisy path.", "Experts", low=1, public=256
    )
    expert_lr: float = setting(0.002, "Step size of the expert.", "Experts", low=1e-8, high=100.0)
    inner_rule: str = setting(
        "normalised", "How expert and student step: they must agree.", "Experts", choices=INNER_RULES, advanced=True
    )
    lora_rank: int = setting(8, "Rank of the LoRA matrices.", "Experts", low=1, high=512, advanced=True, public=32)
    lora_alpha: int = setting(
        16,
        "LoRA scale: the update is multiplied by alpha / rank.",
        "Experts",
        low=1,
        advanced=True,
        public="a scale costs nothing",
    )

    prompts: int = setting(8, "How many synthetic prompts to learn.", "Prompts", low=1, high=4096, public=(16, 32))
    start: str = setting(
        "",
        "A data set (jsonl) of real training questions to start from; empty draws them.",
        "Prompts",
        advanced=True,
        kind="place",
    )
    prompt_tokens: int = setting(
        16, "Length of each synthetic prompt, in tokens.", "Prompts", low=1, high=1024, public=(32, 64)
    )
    layout: str = setting(
        "replace", "Does the prompt replace the question or stand before it?", "Prompts", choices=("replace", "prefix")
    )

    outer_steps: int = setting(
        60, "Updates of the synthetic prompts.", "Matching", low=0, high=1_000_000, public=(250, 500)
    )
    inner_steps: int = setting(16, "Steps of the student inside each update.", "Matching", low=1, high=1024, public=24)
    inner_batch: int = setting(
        0,
        "Synthetic prompts per student step; 0 for all.",
        "Matching",
        low=0,
        advanced=True,
        public="at most the prompts",
    )
    expert_span: int = setting(16, "How many expert steps the student has to retrace.", "Matching", low=1, public=24)
    max_start: int = setting(
        4, "Latest expert step a segment may start from.", "Matching", low=0, public="at most the steps of an expert"
    )
    curriculum: float = setting(
        0.5, "Share of the run over which the latest start grows from 0.", "Matching", low=0.0, high=1.0, advanced=True
    )
    prompt_lr: float = setting(
        0.05, "Outer step, in standard deviations of the model's token table.", "Matching", low=0.0, high=1.0
    )
    lr_of_inner_lr: float = setting(
        0.02, "Outer step of the (logarithmic) student step sizes.", "Matching", low=0.0, high=1.0, advanced=True
    )
    regulariser_weight: float = setting(
        0.01, "Pull towards the nearest real token; grows in over the last half.", "Matching", low=0.0, high=1000.0
    )
    clip: float = setting(
        2.0, "Gradients are clipped at this multiple of their running norm.", "Matching", low=0.1, advanced=True
    )
    skip_above: float = setting(
        2.0, "Updates with a matching loss above this are skipped.", "Matching", low=0.1, advanced=True
    )
    engine: str = setting(
        "exact",
        "exact; compiled: exact and faster in long runs; one_sided: a few % off, not for OPT; plain: slow, to compare.",
        "Matching",
        choices=ENGINES,
        advanced=True,
    )
    snapshot_every: int = setting(
        5,
        "Decode the prompts every so many updates.",
        "Matching",
        low=1,
        advanced=True,
        public="every update is the most, and the size of a snapshot is bounded",
    )
    checkpoint_every: int = setting(
        10,
        "Save a checkpoint every so many updates.",
        "Matching",
        low=1,
        advanced=True,
        public="every update is the most, and a checkpoint replaces the last one",
    )

    decoder: str = setting(
        SEARCH, "How learned prompts become text; search changes text itself.", "Text", choices=tuple(DECODERS)
    )
    revert: bool = setting(
        True, "Keep the real question where a prompt's text does not follow held-out experts better.", "Text"
    )
    search_starts: int = setting(
        0,
        "Search: sets of real questions that students choose a beginning from; 0 begins with the prompts' own.",
        "Text",
        low=0,
        high=10_000,
        advanced=True,
        public=48,
    )
    search_questions: int = setting(
        200, "Search: real questions that judge a student.", "Text", low=1, advanced=True, public=480
    )
    search_rounds: int = setting(6, "Search: rounds of changing the texts.", "Text", low=0, advanced=True, public=20)
    search_moves: tuple[str, ...] = setting(
        ("question", "phrase", "word"),
        "Search: what rounds change; a whole question every other round, between them the others in turn.",
        "Text",
        choices=MOVES,
        advanced=True,
        public=len(MOVES),
    )
    search_objective: str = setting(
        "error",
        "Search: students' expected error, or their loss, on real training questions; or their distance to an expert.",
        "Text",
        choices=OBJECTIVES,
        advanced=True,
    )
    search_readers: str = setting(
        "both",
        "Search: whose students judge, both models' or the own one's.",
        "Text",
        choices=("both", "own"),
        advanced=True,
    )
    admm_every: int = setting(
        5,
        "Guided: choose tokens anew every so many updates.",
        "Text",
        low=1,
        advanced=True,
        public="every update is the most",
    )
    admm_rho: float = setting(
        0.1, "Guided: pull towards the chosen tokens.", "Text", low=0.0, high=1000.0, advanced=True
    )
    admm_neighbours: int = setting(
        20,
        "Guided: near tokens that the language model chooses from.",
        "Text",
        low=1,
        high=10_000,
        advanced=True,
        public=100,
    )

    arms: tuple[str, ...] = setting(
        ARMS, "What fresh students are trained on.", "Scoring", choices=ARMS, public=len(ARMS)
    )
    regimes: tuple[str, ...] = setting(
        REGIMES, "matched: the learned step sizes. ordinary: AdamW.", "Scoring", choices=REGIMES, public=len(REGIMES)
    )
    seeds: int = setting(3, "Fresh students per arm.", "Scoring", low=1, high=100, public=5)
    finetune_steps: int = setting(
        60, "AdamW steps of an ordinary student.", "Scoring", low=1, high=100_000, public=(150, 400)
    )
    finetune_batch: int = setting(32, "Examples per AdamW step, at most.", "Scoring", low=1, advanced=True, public=64)
    finetune_lr: float = setting(0.005, "AdamW step size.", "Scoring", low=1e-8, high=1.0)

    def __post_init__(self):
        check(self)
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
                "at most one step's worth of prompts",
                "Lower inner_batch, or set it to 0 for all.",
            )
        if self.decoder == "guided" and self.admm_every > self.outer_steps > 0:
            raise setting_error(
                "admm_every",
                f"admm_every is {self.admm_every}, but there are {self.outer_steps} updates.",
                "tokens that are chosen while the prompts are learned",
                "Lower admm_every, or raise outer_steps.",
            )
