"""ASdmConfig: every choice of one run, with its help, its legal range and its checks.

The web form, the command line and the tables in the documents are generated from it. Standard library only.
"""

from dataclasses import dataclass
from pathlib import Path

from backend.settings import check, setting, setting_error
from backend.studies.a_sdm import usual
from backend.studies.a_sdm.arms import ARMS
from backend.studies.a_sdm.recipes import Recipe, recipe_of
from backend.usual_settings import seed_setting

PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class ASdmConfig:
    """Raises UserError on construction when a field, or two fields together, make no sense."""

    teacher: str = setting(
        "",
        "A Stable Diffusion pipeline as a folder or a hub id: the full model. Empty: the bundled one.",
        "Models",
        label="Full model",
        kind="place",
    )
    size: str = setting(
        "32",
        "Pixels along a side. 16: the run first teaches a full model of its own, from nothing.",
        "Models",
        label="Picture size",
        choices=("32", "16"),
        public="the updates of its teaching are limited",
    )
    lesson: int = setting(
        1500,
        "Updates of the full model that the run teaches.",
        "Models",
        label="Updates of the full model",
        low=2,
        high=100_000,
        public=(2000, 5000),
        only_with=("size", ("16",)),
    )
    prediction: str = setting(
        "v_prediction",
        "What the full model that the run teaches answers. Stable Diffusion 1 answers with the noise: epsilon.",
        "Models",
        label="Answer of the full model",
        choices=("v_prediction", "epsilon", "sample"),
        public="all cost the same",
        only_with=("size", ("16",)),
    )
    ready: tuple[str, ...] = setting(
        (),
        "Light UNets, as folders or hub ids. Their latents, words and noise must be the full model's.",
        "Models",
        label="Light nets that exist",
        kind="place",
        public="a shared host takes none",
    )
    seed: int = seed_setting("Models")

    prompts: int = setting(
        96,
        "Pictures of each setting, each from its own prompt and its own noise. The Fréchet distance needs 512.",
        "Sampling",
        label="Pictures of a setting",
        basic=True,
        low=4,
        high=512,
        public=(128, 512),
    )
    prompt_file: str = setting(
        "",
        "A text file with a prompt a line; empty: the fixed prompts. Pictures of prompts of your own are not judged.",
        "Sampling",
        label="Prompts of your own",
        kind="place",
    )
    steps: int = setting(
        20,
        "Steps of the full model's sampling.",
        "Sampling",
        label="Steps",
        basic=True,
        low=2,
        high=100,
        public=(20, 50),
    )
    sampler: str = setting(
        "ddim",
        "Both draw without chance: DDIM, or DPM-Solver++ of second order.",
        "Sampling",
        label="Sampler",
        choices=("ddim", "dpm"),
        public="both cost the same a step",
    )
    guidance: float = setting(
        2.0,
        "How much further than the prompt's answer from that of no prompt; 1 asks the prompt alone, at half the cost.",
        "Sampling",
        label="Guidance",
        low=1.0,
        high=20.0,
        public="at most twice the cost",
    )
    fewer: tuple[int, ...] = setting(
        usual.FEWER,
        "The rival: the full model in fewer steps. Every other setting is compared with the one of equal time.",
        "Sampling",
        label="Fewer steps",
        public=12,
    )

    plans: tuple[str, ...] = setting(
        usual.PLANS,
        "What is inherited, at which steps: a level and a set of computed steps, such as deep1@uniform10.",
        "Inheritance",
        label="Plans of inheritance",
        basic=True,
        public=40,
    )
    plan: str = setting(
        "",
        "A plan as JSON, as the map saves it; it is measured beside the others.",
        "Inheritance",
        label="A plan of your own",
        kind="file",
    )
    depth: str = setting(
        "layer",
        "How deep the harm of modules is looked into: blocks, layers too, or units too.",
        "Inheritance",
        label="Depth of the look",
        choices=("block", "layer", "unit"),
        public="the modules of one UNet",
    )
    looked: int = setting(
        8,
        "Pictures by which the harm of inheriting each module alone is told.",
        "Inheritance",
        label="Pictures of a module",
        low=2,
        high=512,
        public=(32, 64),
    )

    arms: tuple[str, ...] = setting(
        usual.TRAINED, "Which light UNets to train.", "Light nets", label="Arms", choices=tuple(ARMS), public=len(ARMS)
    )
    updates: int = setting(
        120,
        "Updates of each light net, those of incubation among them.",
        "Light nets",
        label="Updates of a light net",
        basic=True,
        low=2,
        high=1_000_000,
        public=(300, 2000),
    )
    batch: int = setting(
        24, "Pictures an update.", "Light nets", label="Pictures an update", low=1, high=1024, public=(48, 128)
    )
    lrs: tuple[float, ...] = setting(
        (0.002, 0.004), "Step sizes to try in each arm; validation prompts choose one.", "Light nets",
        label="Step sizes", public=3,
    )  # fmt: skip
    features: float = setting(
        0.05,
        "Weight of the feature loss: each block's outputs, relative to the variance of the full model's.",
        "Light nets",
        label="Weight of features",
        low=0.0,
        high=100.0,
        public="a factor costs nothing",
    )
    incubation: float = setting(
        0.3,
        "Share of the arm incubated's updates in which its blocks learn one by one inside the full model.",
        "Light nets",
        label="Share of incubation",
        low=0.05,
        high=0.95,
        public="a share of updates that are made anyway",
    )
    experts: int = setting(
        2,
        "Kernels that the arm experts mixes: the kept one, those of pruned neighbours, then copies of the kept one.",
        "Light nets",
        label="Experts",
        low=2,
        high=8,
        public=4,
    )
    router: float = setting(
        10.0,
        "How many times larger the routers' step size is than the kernels'.",
        "Light nets",
        label="Step size of routers",
        low=0.0,
        high=1000.0,
        public="a factor costs nothing",
    )
    seeds: int = setting(
        3,
        "Light nets of each arm, each with its own order of pictures and, from scratch, its own start.",
        "Light nets",
        label="Light nets of each arm",
        basic=True,
        low=1,
        high=20,
        public=3,
    )

    switches: tuple[str, ...] = setting(
        usual.SWITCHES,
        "Which net draws first, and the step from which the other does, such as base>full@5. Those of arms that are "
        "not trained are left out.",
        "Switching",
        label="Switches",
        public=12,
    )
    mixed: tuple[str, ...] = setting(
        usual.MIXED,
        "Several of these at once, such as base+deep1@every2; :10 at the end means 10 steps in all.",
        "Switching",
        label="Combinations",
        public=12,
    )
    rounds: int = setting(
        5, "Times that each setting is timed, in turn with the full model; the median counts.", "Switching",
        label="Rounds of timing", low=1, high=50, public=9,
    )  # fmt: skip

    def __post_init__(self):
        check(self)
        self._check_lists()
        self._check_world()
        self.recipes()  # a setting that cannot be read is said before anything is computed

    def _check_lists(self) -> None:
        for name in ("fewer", "plans", "ready", "arms", "lrs", "switches", "mixed"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                found = f"{name} names one thing twice: {', '.join(map(str, values))}."
                raise setting_error(name, found, "different ones", "Leave one of the two out.")
        if self.arms and not (self.lrs and all(0 < lr <= 1 for lr in self.lrs)):
            found = f"lrs is {', '.join(map(str, self.lrs)) or 'empty'}."
            raise setting_error("lrs", found, "step sizes above 0, at most 1", "Write for example lrs=0.002,0.004.")
        odd = [count for count in self.fewer if not 1 <= count < self.steps]
        if odd:
            found = f"fewer holds {odd[0]}, and steps is {self.steps}."
            raise setting_error("fewer", found, "numbers of steps below it", f"Leave {odd[0]} out, or raise steps.")

    def _check_world(self) -> None:
        if len(self.ready_nets) < len(self.ready) or set(self.ready_nets) & {*ARMS, "full"}:
            found = f"ready holds nets called {', '.join(self.ready_nets)}."
            raise setting_error("ready", found, "a last name of its own for each", "Rename a folder.")
        if self.size == "16" and self.teacher:
            found = f"size is 16, and teacher is {self.teacher}."
            step = "Leave teacher empty, or set size to 32."
            raise setting_error("size", found, "either a model that exists or one that is taught", step)
        if self.updates < 2 * len(self.lrs) and self.arms:
            found = f"updates is {self.updates}."
            raise setting_error("updates", found, "a few for each step size", "Raise updates.")

    @property
    def ready_nets(self) -> dict[str, str]:
        """The places of light nets that exist already, by their last names, which settings call them."""
        return {place.rstrip("/").rpartition("/")[2]: place for place in self.ready}

    def recipes(self) -> list[Recipe]:
        """Every setting of the sweep, each once, the full model first.

        Those of arms that are not trained are left out. Raises UserError for one that cannot be read.
        """
        known = (*ARMS, *self.ready_nets)
        absent = set(ARMS) - set(self.arms)
        found = [Recipe(), *(Recipe(steps=count) for count in sorted(self.fewer, reverse=True))]
        for name in ("plans", "switches", "mixed"):
            found += [self._read(name, text, known) for text in getattr(self, name)]
        found += [Recipe(first=net) for net in known]
        return [one for one in dict.fromkeys(found) if not absent.intersection(one.nets)]

    def _read(self, name: str, text: str, known: tuple[str, ...]) -> Recipe:
        recipe = recipe_of(text, known)
        steps = recipe.steps or self.steps
        if recipe.then is not None and recipe.until >= steps:
            found = f"{name} holds {text!r}, which would switch after the last of {steps} steps."
            raise setting_error(name, found, f"a step from 1 to {steps - 1}", "Choose an earlier step.")
        return recipe
