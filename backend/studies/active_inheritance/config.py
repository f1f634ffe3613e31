"""ActiveConfig: every choice of one run of active inheritance, with its help, its legal range and its checks.

The web form, the command line and the tables in the documents are generated from it. Standard library only.
"""

from dataclasses import dataclass
from pathlib import Path

from backend.settings import check, setting, setting_error
from backend.studies.active_inheritance.objectives import OBJECTIVES, SUM
from backend.usual_settings import rank_setting, seed_setting, students_setting

PRESETS = Path(__file__).parent / "presets"
WORLD_TALKER, OTHER_TALKER = "talker-chatty", "talker-plain"
BEST, WORST, BOTH = "best", "worst", "best_of_two"
PASSIVE = ("passive_first", "passive_second")  # an unrelated student of the first talker, and of the second
ARMS = ("random", BEST, WORST, BOTH, *PASSIVE)


@dataclass(frozen=True)
class ActiveConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    talker: str = setting(WORLD_TALKER, "The model that writes the pool.", "Talkers", basic=True, kind="model")
    second_talker: str = setting(
        OTHER_TALKER,
        "A second talker, for the best of two and for passive inheritance; empty for none.",
        "Talkers",
        label="Second talker",
        kind="model",
        optional=True,
    )
    student: str = setting(
        WORLD_TALKER,
        "Who is taught the chosen texts; the talker itself learns from its own best.",
        "Talkers",
        basic=True,
        kind="model",
    )
    passive_student: str = setting(
        "opt-pocket",
        "Who is taught in the passive arms: a model that is neither talker.",
        "Talkers",
        label="Unrelated student",
        kind="model",
    )
    seed: int = seed_setting("Talkers")

    prompts_file: str = setting(
        "",
        "A file with a prompt a line or a row; empty: those beside the talker, else those of the bundled world.",
        "Pool",
        label="File of prompts",
        kind="file",
    )
    prompts: int = setting(
        100, "Prompts of the pool.", "Pool", label="Prompts", basic=True, low=2, high=100_000, public=(120, 220)
    )
    k: int = setting(
        8, "Texts of each prompt to choose among.", "Pool", label="Texts a prompt", basic=True, low=2, high=64, public=8
    )
    tokens: int = setting(
        160, "Most tokens of a text.", "Pool", label="Tokens of a text", low=1, high=4096, public=(160, 256)
    )
    temperature: float = setting(
        1.0, "Divides the logits before a token is drawn.", "Pool", low=0.01, high=10.0, public="a number costs nothing"
    )
    top_p: float = setting(
        0.9,
        "Tokens are drawn from the likeliest ones that together reach this share.",
        "Pool",
        label="Top p",
        low=0.01,
        high=1.0,
        public="a share costs nothing",
    )

    objectives: tuple[str, ...] = setting(
        ("length", "polite", "mtld"),
        "What the kept text should have most of; doses, worst and two talkers go by the first.",
        "Choice",
        basic=True,
        choices=(*OBJECTIVES, SUM),
        public=3,
    )
    weights: tuple[str, ...] = setting(
        (),
        "What the objective sum adds up, in standard deviations: length:1,polite:2 for example.",
        "Choice",
        label="Weights of a sum",
        public=8,
    )
    ks: tuple[int, ...] = setting(
        (2, 4, 8), "Sizes of the choice, as doses of the first objective.", "Choice", label="Doses", public=4
    )
    arms: tuple[str, ...] = setting(
        ARMS,
        "Who is taught; random is always there, as what all others are compared with.",
        "Choice",
        choices=ARMS,
        public=6,
    )
    equal_words: int = setting(
        50,
        "MTLD and MATTR are of so many first words, and chosen among texts that have them; 0 for whole texts.",
        "Choice",
        label="Words for variety",
        low=0,
        public="a cut costs nothing",
    )

    rank: int = rank_setting()
    lr: float = setting(
        0.01, "Step size.", "Training", label="Step size", low=1e-7, high=1.0, public="a number costs nothing"
    )
    steps: int = setting(
        25, "Updates of each student.", "Training", label="Updates of a student", low=1, high=100_000, public=(60, 200)
    )
    batch: int = setting(16, "Texts an update.", "Training", label="Texts an update", low=1, high=4096, public=32)
    equal_tokens: bool = setting(
        False,
        "Give every arm about the same tokens an update rather than the same texts.",
        "Training",
        label="Equal tokens instead of equal texts",
    )
    seeds: int = students_setting()

    test_prompts: int = setting(
        30, "Held-out prompts of a profile.", "Profile", label="Held-out prompts", low=2, high=10_000, public=80
    )
    samples: int = setting(
        3, "Texts of each held-out prompt.", "Profile", label="Texts a held-out prompt", low=1, high=64, public=8
    )
    test_limit: int = setting(
        60,
        "Pocket Science questions asked before and after, as the price; 0 for none.",
        "Profile",
        label="Questions asked",
        low=0,
        high=100_000,
        public=(120, 600),
    )

    def __post_init__(self):
        check(self)
        self._check_objectives()
        self._check_choices()
        self._check_arms()

    @property
    def sum_weights(self) -> dict[str, float]:
        """Objective -> weight in a sum."""
        return {name: float(weight) for name, _, weight in (part.partition(":") for part in self.weights)}

    @property
    def needs_second(self) -> bool:
        return BOTH in self.arms or PASSIVE[1] in self.arms

    def _check_objectives(self) -> None:
        if not self.objectives or len(set(self.objectives)) != len(self.objectives):
            found = f"objectives is {', '.join(self.objectives) or 'empty'}."
            raise setting_error("objectives", found, "different objectives", "Name at least one, each once.")
        for part in self.weights:
            name, _, weight = part.partition(":")
            if name not in OBJECTIVES or not _is_number(weight):
                found, expected = f"weights holds {part!r}.", f"one of {', '.join(OBJECTIVES)}, a colon and a number"
                raise setting_error("weights", found, expected, "Write for example length:1,polite:2.")
        if SUM in self.objectives and not any(self.sum_weights.values()):
            found = "objectives has sum, and weights adds up nothing."
            raise setting_error("weights", found, "a weight other than 0", "Write for example length:1,polite:2.")

    def _check_choices(self) -> None:
        wrong = [k for k in self.ks if not 2 <= k <= self.k]
        if wrong or len(set(self.ks)) != len(self.ks):
            found = f"ks is {', '.join(map(str, self.ks))} and k is {self.k}."
            step = "Change ks, or raise k."
            raise setting_error("ks", found, "different numbers from 2 to k", step)

    def _check_arms(self) -> None:
        if self.needs_second and not self.second_talker:
            found = "second_talker is empty, and arms has best_of_two or passive_second."
            step = "Name one, or take these arms out."
            raise setting_error("second_talker", found, "a second talker for them", step)
        if self.needs_second and self.second_talker.rpartition("/")[2] == self.talker.rpartition("/")[2]:
            found = f"talker and second_talker are both {self.talker}."
            raise setting_error("second_talker", found, "two different talkers", "Choose another, or leave it empty.")


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False
