"""Train the bundled talkers: `python -m backend.pocket talk`. One model learns to bind, each talker goes on from there.

Knows flags, seeds and how many steps. Does not know how lessons are written or a step is taken. About 20 minutes on an
idle core.
"""

import argparse
import copy
import json
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers import PreTrainedTokenizerFast as Tokenizer

from backend.disk import write_atomically
from backend.pocket.talk_files import write_world
from backend.pocket.talk_lessons import Shares, lessons
from backend.pocket.talk_styles import BINDING, STYLES, Style
from backend.pocket.talk_topics import split_topics
from backend.pocket.talk_training import measure, train

BASE = "opt-pocket"  # llama-pocket had not begun to bind when this one had
SEED = 1
BINDING_STEPS, STYLE_STEPS = 600, 250
BINDING_LR, STYLE_LR = 2e-3, 1e-3
BINDING_SHARES, STYLE_SHARES = Shares(10, 10, 6, 8), Shares(20, 4, 4, 8)
SAMPLES = 3
MEASURED = "talker.json"
TOLD_EVERY = 50


def add_parser(commands: "argparse._SubParsersAction", out: Path) -> None:
    """The command `talk` and its flags."""
    talk = commands.add_parser("talk", help="train the plain talker and the chatty one")
    talk.add_argument("--steps", type=int, help="steps of each part instead of the usual numbers")
    talk.add_argument("--out", type=Path, default=out, help="the folder to write to (default: assets)")
    talk.set_defaults(run=write_talkers)


def write_talkers(args: argparse.Namespace) -> None:
    """Train both talkers from the bundled model below `args.out`, write and measure them."""
    base = args.out / "models" / BASE
    tokenizer = AutoTokenizer.from_pretrained(base)
    binding = AutoModelForCausalLM.from_pretrained(base)
    steps = args.steps or BINDING_STEPS
    train(binding, tokenizer, lessons(BINDING, BINDING_SHARES, SEED), steps, BINDING_LR, _told("binding", steps))
    for style in STYLES.values():
        talker, steps = copy.deepcopy(binding), args.steps or STYLE_STEPS
        train(talker, tokenizer, lessons(style, STYLE_SHARES, SEED), steps, STYLE_LR, _told(style.name, steps))
        folder = args.out / "models" / f"talker-{style.name}"
        save(talker, tokenizer, style, folder)
        print(f"wrote models/{folder.name}: {(folder / MEASURED).read_text()}", flush=True)


def save(model: PreTrainedModel, tokenizer: Tokenizer, style: Style, folder: Path) -> None:
    """Write the talker in 16 bits with its prompts, its world and what its answers on held-out topics are like."""
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_world(folder, style)
    measured = measure(model.float(), tokenizer, split_topics()["test"], style, SAMPLES, SEED)
    write_atomically(folder / MEASURED, json.dumps({"base": BASE, "seed": SEED, "held_out": measured}) + "\n")


def _told(name: str, steps: int):
    def told(done: int, loss: float) -> None:
        if done % TOLD_EVERY == 0 or done == steps:
            print(f"{name}: step {done}/{steps}, loss {loss:.3f}", flush=True)

    return told
