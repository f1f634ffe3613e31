"""A-SDM runs written by hand, file by file: for tests of the page, which only reads them.

No net draws here: a picture is noise that fades into a square of a colour, and all figures are made up.
"""

import base64
import io
import json
import math
import random
from pathlib import Path

from PIL import Image

from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.a_sdm.config import ASdmConfig
from tests.a_sdm_modules import Unet

STEPS, SIDE, N, SEEDS = 10, 32, 64, 3
FIRST = 7_000_000  # the seed of the first race's noise
PROMPTS = ("two red circles above a blue square, sand", "one green star left of a red circle, grass")
COLOURS = ((200, 60, 50), (60, 150, 70))
WORDS = (
    "one two three red green blue yellow circle circles square squares star stars above below left right of a sand "
    "grass sky big small"
).split()
ARMS = {"base": (30.0, 0.64), "small": (27.0, 0.5), "scratch_task": (17.0, 0.64)}  # PSNR at the end, part of the time
TURN = "computed every 2 steps"
ODD = [step for step in range(STEPS) if step % 2]


def plan(*modules: str, at: list[int] = ODD, reading: str = "output") -> dict:
    return {"steps": STEPS, "inherit": [{"module": name, "reading": reading, "at": at} for name in modules]}


def setting(name: str, family: str, title: str, speed: float, psnr: float | None, **more) -> dict:
    row = {"id": name, "family": family, "title": title, "plan": None, "net": "full", "nets": None, "steps": STEPS,
           "computed": STEPS, "flops": round(1 / speed, 3), "psnr": psnr, "psnr_se": None if psnr is None else 0.3,
           "right": 0.9, "right_se": 0.03, "slots": 0.98, "slots_se": 0.01, "distance": 0.1,
           "distance_se": 0.01, "frechet": 0.0184, "n": N, "seeds": 1, "cache_mb": 0.2}  # fmt: skip
    for batch, part in (("speed8", 1.0), ("speed1", 0.94)):
        value = round(part * speed if name != "full" else 1.0, 3)
        row |= {batch: value, f"{batch}_low": 0.97 * value, f"{batch}_high": 1.03 * value}
    return row | more


def settings() -> list[dict]:
    rows = [setting("full", "full", "Full model", 1.0, None)]
    rows += [setting(f"steps_{k}", "fewer_steps", f"{k} steps", STEPS / k, 20 + 2.4 * k, steps=k, computed=k) for k in
             (7, 5, 3)]  # fmt: skip
    rows += [
        setting("mid", "inherit", f"Middle block, {TURN}", 1.12, 61.0, plan=plan("mid_block"), computed=5),
        setting("deep1@every2", "inherit", f"Two inner levels, {TURN}", 1.62, 44.1,
                plan=plan("down_blocks.1", "down_blocks.2", "mid_block", "up_blocks.0", "up_blocks.1"), computed=5),
        setting("branch", "inherit", f"DeepCache at branch 0, {TURN}", 2.3, 36.0,
                plan=plan("up_blocks.2.resnets.1"), computed=5),
        setting("resnets", "inherit", f"Resnets as branch, {TURN}", 1.3, 39.0,
                plan=plan("down_blocks.0.resnets.0", reading="branch"), computed=5),
        setting("base", "light", "Base", 1.56, 30.0, net="base"),
        setting("small", "light", "Small", 2.0, 27.0, net="small"),
        setting("both", "combined", f"Base; Middle block, {TURN}", 2.4, 28.0, net="base", plan=plan("mid_block")),
    ]  # fmt: skip
    for at in (3, 5, 8):
        rest, speed = STEPS - at, 1 + 0.04 * at
        first, last = f"Base for {at} steps, then Full model", f"Full model for {rest} steps, then Base"
        light, full = ["base"] * at, ["full"] * rest
        rows.append(setting(f"light_{at}", "switch", first, speed, 38 - 0.9 * at, net="base", nets=light + full))
        rows.append(setting(f"late_{at}", "switch", last, speed, 33 - 0.9 * at, net="base", nets=full + light))
    return rows


def write_run(folder: Path, pictures: int = 2, **config) -> RunDir:
    """A finished run."""
    run = RunDir.create(folder, "a_sdm", "quick", as_json(ASdmConfig(**config)))
    modules = Unet().rows
    append(run, "modules", modules)
    append(run, "changes", changes(modules))
    append(run, "harms", harms(modules))
    append(run, "metrics", metrics())
    append(run, "nets", nets(modules))
    append(run, "settings", settings())
    append(run, "errors", errors())
    append(run, "routing", routing())
    append(run, "looks", [look(one["id"], number) for one in settings() for number in range(pictures)])
    append(run, "races", [row for who, pace in (("full", 1.0), ("branch", 2.3)) for row in race(0, who, pace)])
    (run.path / "summary.json").write_text(json.dumps(summary()))
    run.set_status(state="finished", stage="conclude")
    return run


def append(run: RunDir, name: str, rows: list[dict]) -> None:
    for row in rows:
        run.append(name, row)


# -- pictures ---------------------------------------------------------------------------------------------------------
def png(number: int, noise: float, shift: int = 0) -> str:
    """A square of a colour on sand under so much noise, 0 to 1, in base64."""
    luck, colour = random.Random(f"{number} {noise}"), COLOURS[number % len(COLOURS)]

    def pixel(x: int, y: int) -> tuple[int, ...]:
        clean = colour if 8 <= x < 22 and 8 <= y < 22 else (220, 200, 150)
        return tuple(int((1 - noise) * min(255, one + shift) + noise * luck.randrange(256)) for one in clean)

    image = Image.new("RGB", (SIDE, SIDE))
    image.putdata([pixel(x, y) for y in range(SIDE) for x in range(SIDE)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def look(name: str, number: int) -> dict:
    shift = 0 if name == "full" else 4
    return {"setting": name, "prompt": number, "text": PROMPTS[number % 2], "png": png(number, 0.0, shift),
            "read": PROMPTS[number % 2], "right": True}  # fmt: skip


def race(prompt: int, who: str, pace: float) -> list[dict]:
    rows = []
    for step in range(STEPS):
        left, last = 1 - (step + 1) / STEPS, step == STEPS - 1
        seconds = round(0.03 * (step + 1) / pace, 4)
        row = {"prompt": prompt, "text": PROMPTS[prompt], "seed": FIRST + prompt, "who": who, "step": step,
               "png": png(prompt, left, 3 * (who != "full")), "clean": png(prompt, 0.3 * left, 3 * (who != "full")),
               "read": PROMPTS[prompt] if last else None, "right": True if last else None, "seconds": seconds,
               "psnr": 36.2 if last and who != "full" else None}  # fmt: skip
        rows.append(row)
    return rows


# -- numbers ----------------------------------------------------------------------------------------------------------
def tried(modules: list[dict]) -> list[dict]:
    return [row for row in modules if row["kind"] not in ("unet", "conv_in", "conv_out")]


def changes(modules: list[dict]) -> list[dict]:
    return [
        {"module": row["id"], "step": step, "change": round(0.4 * math.exp(-step / 4) * (1 + place % 7) / 4, 4)}
        for place, row in enumerate(tried(modules))
        for step in range(1, STEPS)
    ]


def harms(modules: list[dict]) -> list[dict]:
    found = []
    for place, row in enumerate(tried(modules)):
        for reading in ("output", "branch") if row["kind"] in ("resnet", "attention") else ("output",):
            psnr = 34 + (place * 7) % 30 + 3 * (reading == "branch")
            found.append({"module": row["id"], "reading": reading, "psnr": float(psnr), "se": 0.3, "n": N})
    return found


def metrics() -> list[dict]:
    rows = []
    for arm, (end, _) in ARMS.items():
        for seed in range(SEEDS):
            about = {"arm": arm, "phase": "final", "lr": 0.001, "seed": seed}
            for step in range(0, 101, 20):
                psnr = round(9 + (end - 9) * (1 - math.exp(-step / 25)) + 0.3 * seed, 2)
                rows.append({"stage": "evaluate", **about, "step": step, "psnr": psnr, "right": 0.5, "n": N,
                             "seconds": 0.4 * step})  # fmt: skip
                rows.append({"stage": "tune", **about, "step": step, "loss": 1.0, "task": 0.5, "output": 0.3,
                             "features": 0.2, "local": None})  # fmt: skip
    return rows


def nets(modules: list[dict]) -> list[dict]:
    layers = [row["id"] for row in modules if row["level"] == "layer"]
    light = [one for one in layers if not one.endswith(("resnets.1", "attentions.1")) or one.startswith("mid_block")]
    kept = {"full": layers, "base": light, "small": [one for one in light if not one.startswith("mid_block")]}
    kept["scratch_task"] = []
    cost = {"full": 1.0, **{arm: part for arm, (_, part) in ARMS.items()}}
    return [
        {"arm": arm, "net": "base" if arm == "scratch_task" else arm, "title": arm, "kept": mine,
         "parameters": int(2_100_000 * cost[arm]), "flops": cost[arm], "ms1": 22 * cost[arm], "ms8": 36 * cost[arm]}
        for arm, mine in kept.items()
    ]  # fmt: skip


def errors() -> list[dict]:
    return [
        {"net": arm, "seed": seed, "step": step, "t": 999 - 100 * step,
         "error": round(0.02 * (1 + k) * math.exp(-step / 5) + 0.001 * seed, 5)}
        for k, arm in enumerate(ARMS)
        for seed in range(SEEDS)
        for step in range(STEPS)
    ]  # fmt: skip


def routing() -> list[dict]:
    """The kept kernel counts less and less, the pruned one more; in the second layer both are half of that."""
    return [
        {"seed": seed, "step": step, "layer": layer,
         "weights": [round((0.9 - 0.05 * step) / share, 3), round((0.1 + 0.04 * step + 0.01 * seed) / share, 3)]}
        for seed in range(SEEDS)
        for share, layer in ((1, "down_blocks.0.resnets.0"), (2, "up_blocks.1.resnets.1"))
        for step in range(STEPS)
    ]  # fmt: skip


BARS = (  # as the engine says them, the last three as it said them once
    ("full model", "85 % of pictures all right, 96 % of slots", "88.5 % all right, 97.0 % of slots (n = 64)", True),
    ("inheritance, nearly the same", "1.4 times the speed at 40 dB, pictures as right within 1 point",
     f"DeepCache at branch 0, {TURN}: 2.30 times, 36.0 dB (n = 64), -1.0 points of pictures right", False),
    ("inheritance, twice as fast", "2 times the speed at 35 dB, 1.5 dB above fewer steps of equal time",
     f"DeepCache at branch 0, {TURN}: 2.30 times, 36.0 dB (n = 64), +4.8 dB", True),
    ("a light net", "1.3 times the speed, at most 70 % of the parameters, 5 dB above scratch at equal updates",
     "1.51 times, 68 %, +8.6 dB (95 %: +5.52 to +11.67; 3 seeds)", True),
    ("a very light net", "one 2.5 times as fast", "Small: 2.00 times, 27.0 dB (n = 64)", False),
    ("the front", "30 settings; inheritance, a light or switched net and a combination on the front",
     "17 settings; on the front: fewer steps, inheritance, light net", False),
    ("memory", "at most 1,500 MB", "564 MB", True),
    ("order of harm", "mid < deep2 < deep1 < deepcache0 < whole, each step beyond 4 paired standard errors",
     "deep2 after mid: -3.2, deep1 after deep2: 24.4, deepcache0 after deep1: 16.4, whole after deepcache0: 1.3",
     False),
    ("branch against output", "the branch above the output, beyond 4 paired standard errors",
     "resnets -2.2 dB (n = 64), attentions -0.2 dB (n = 64)", False),
)  # fmt: skip
VERDICTS = [
    "Inheritance, sameness at equal time: 1 of 4 above fewer steps, 2 below, beyond noise. The best is “Two inner "
    f"levels, {TURN}” at 1.62 times: +5.10 dB (95 %: +4.00 to +6.20, n = 64).",
    "Several at once, sameness at equal time: Fewer steps wins, 1 are below, beyond noise. The best is “Base; Middle "
    f"block, {TURN}” at 2.40 times: −2.07 dB (95 %: −2.34 to −1.80, n = 64).",
    "Base against Small: +0.10 dB (95 %: −0.20 to +0.40, 3 seeds), not beyond noise.",
    "Base against Scratch: +8.69 dB (95 %: +8.13 to +9.24, one net each, n = 48 pictures).",
    "“Base for 3 steps, then Full model” against “Full model for 7 steps, then Base”: +2.76 dB (95 %: +1.57 to +3.95). "
    "The light net first wins.",
    "deep1@every2 against Base: -3.00 dB (no interval, 3 seeds).",
]


def summary() -> dict:
    apart = {"metric": "psnr", "se": 0.4, "seeds": 1}
    return {
        "steps": STEPS,
        "words": WORDS,
        "judge": {"right": 0.995, "slots": 0.999, "n": 2000, "second_right": 0.99, "second_agrees": 0.98,
                  "full_right": 0.9, "full_slots": 0.98},
        "floor": 0.0158,
        "differences": [
            {"what": "rival", "a": "deep1@every2", "b": "fewer_steps", **apart, "mean": 5.1, "low": 4.0,
             "high": 6.2, "n": N, "beyond": True},
            {"what": "arms", "a": "base", "b": "small", **apart, "mean": 0.1, "low": -0.2, "high": 0.4, "n": SEEDS,
             "beyond": False},
        ],
        "front": [{"setting": "deep1@every2", "metric": "psnr"}],
        "order": [{"setting": "mid", "level": "mid", "psnr": 61.0, "se": 0.3, "errors": 9.0}],
        "bars": [{"name": name, "asked": asked, "found": found, "met": met} for name, asked, found, met in BARS],
        "verdicts": VERDICTS,
        "warnings": [],
    }  # fmt: skip
