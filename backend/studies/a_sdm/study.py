"""A-SDM as a study: how a diffusion model becomes faster, and what that costs. Data only; loads without torch."""

from backend.studies.a_sdm.config import PRESETS, ASdmConfig
from backend.studies.a_sdm.words import ABOUT, TITLES
from backend.study import Curve, File, Metric, Panel, Stage, Study, Word, Words

HERE = "backend.studies.a_sdm"
SHAPES = f"{HERE}.shapes"

NETS = {  # what all curves share: the light nets of one arm, and the step sizes that were tried
    "x": "step",
    "x_label": "update",
    "by": ("phase", "lr", "seed"),
    "line": f"{HERE}.words:net_line",
    "quiet": {"phase": "grid"},
    "winner": ("lr",),
    "choice": "arm",
}

STUDY = Study(
    name="a_sdm",
    title="A-SDM",
    question="How much faster can a diffusion model draw, and what is lost?",
    config=ASdmConfig,
    presets=PRESETS,
    leading=("quick", "standard"),
    stages=(
        Stage("prepare", "Prepare", "the full model draws, every module is timed and inherited alone"),
        Stage("tune", "Tune", "light nets learn, every arm at its own step size"),
        Stage("sweep", "Sweep", "every setting draws the same prompts from the same noise, and is timed"),
        Stage("conclude", "Compare", "picture by picture and seed by seed, with intervals"),
    ),
    run=f"{HERE}.run:run",
    work=f"{HERE}.work:work",
    curves=(
        Curve("psnr", "Sameness", "evaluate", y="psnr", label="PSNR to the full model's pictures, dB", **NETS),
        Curve("right", "Right pictures", "evaluate", y="right", label="pictures as asked", range=(0.0, 1.0), **NETS),
        Curve(
            "output",
            "Distillation",
            "tune",
            y="output",
            label="squared distance to the full answer",
            log=True,
            view="losses",
            **NETS,
        ),
        Curve("task", "Distillation", "tune", y="task", label="loss on pictures", log=True, view="losses", **NETS),
        Curve(
            "features",
            "Distillation",
            "tune",
            y="features",
            label="distance of features",
            log=True,
            view="losses",
            **NETS,
        ),
    ),
    panels=(
        Panel("race", "Race", ("races", "settings")),
        Panel("map", "The map: steps and blocks", ("modules", "settings")),
        Panel("inherited", "What may be inherited?", ("changes", "harms", "modules")),
        Panel("workbench", "Light nets", ("nets", "metrics", "routing")),
        Panel("switch", "Switching", ("errors", "settings")),
        Panel("front", "Speed against fidelity", ("settings", "looks")),
        Panel("results", "Results", ("results", "settings")),
    ),
    files=(
        File("metrics.jsonl", f"{SHAPES}:MetricsRow"),
        File("modules.jsonl", f"{SHAPES}:ModuleRow"),
        File("changes.jsonl", f"{SHAPES}:ChangeRow"),
        File("harms.jsonl", f"{SHAPES}:HarmRow"),
        File("nets.jsonl", f"{SHAPES}:NetRow"),
        File("settings.jsonl", f"{SHAPES}:SettingsRow"),
        File("looks.jsonl", f"{SHAPES}:LooksRow"),
        File("races.jsonl", f"{SHAPES}:RacesRow"),
        File("errors.jsonl", f"{SHAPES}:ErrorsRow"),
        File("routing.jsonl", f"{SHAPES}:RoutingRow"),
        File("results.jsonl", f"{SHAPES}:ResultsRow"),
        File("summary.json", f"{SHAPES}_summary:Summary"),
        File("artifacts/seconds.json", f"{SHAPES}_summary:Seconds"),
        # the light nets stay: a stranger's weights are not loaded
    ),
    words=Words(
        about=f"{HERE}.words:about",
        run_title=f"{HERE}.words:title",
        own="Make it faster",
        nothing="Choose plans of inheritance and light nets, then press Start. Every setting draws the same prompts "
        "from the same noise, and fewer steps is always among them.",
        arms=tuple(Word(name, title, ABOUT[name]) for name, title in TITLES.items()),
        metrics=(
            Metric("psnr", "sameness with the full model's pictures", "dB"),
            Metric("right", "pictures as asked"),
            Metric("slots", "details as asked"),
            Metric("speed", "speed, the full model as 1", "times"),
        ),
    ),
    questions={"a_sdm_race": f"{HERE}.questions:race", "a_sdm_measure": f"{HERE}.questions:measure"},
    commands={"race": f"{HERE}.command:add_command"},
    checks=f"{SHAPES}:check_together",
)
