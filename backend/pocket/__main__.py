"""Rebuild the bundled world: `python -m backend.pocket`. Data in a second, models in minutes, all from seeds.

`python -m backend.pocket plant` reads the bundled model on to its two twins, with planted defects and without;
`python -m backend.pocket talk` trains the two talkers.
Parses words and prints progress. Knows where the bundled files lie. Uses two torch threads at most.
"""

import argparse
import time
from pathlib import Path

import torch
from transformers.utils import logging

from backend.core.devices import set_threads
from backend.errors import UserError
from backend.pocket import planting, talk
from backend.pocket.files import write_data
from backend.pocket.pretrain import STEPS, pretrain
from backend.pocket.sizes import SHIPPED, SIZES, folder_name

ASSETS = Path(__file__).resolve().parents[2] / "assets"
TORCH_THREADS = 2
TWINS = {"opt-pocket-planted": False, "opt-pocket-clean": True}  # name -> whether it is the clean one
TOLD_EVERY = 50  # updates


def main(argv: list[str] | None = None) -> None:
    """Rebuild what is asked for; the world and its two models by default."""
    root = parser()
    args = root.parse_args(argv)
    start = time.monotonic()
    logging.disable_progress_bar()  # our own lines tell the progress
    set_threads(min(TORCH_THREADS, torch.get_num_threads()))
    try:
        args.run(args)
    except UserError as error:
        root.error(str(error))
    print(f"done in {time.monotonic() - start:.0f} s")


def rebuild(args: argparse.Namespace) -> None:
    """Write the questions and train the two models, or what was chosen of them. UserError where models of another size
    would lie among those that are shipped."""
    if args.size != SHIPPED and args.out.resolve() == ASSETS:
        found = f"Models of the size {args.size} are not shipped."
        raise UserError(found, "a folder of your own", "Add --out FOLDER.")
    if not args.models_only:
        for path in write_data(args.out):
            print(f"wrote {path.relative_to(args.out)}", flush=True)
    if not args.data_only:
        for name in [args.model] if args.model else STEPS:
            folder = args.out / "models" / folder_name(name, args.size)
            loss = pretrain(name, folder, args.steps, args.size)
            print(f"wrote models/{folder.name}, loss {loss:.3f}", flush=True)


def plant_twins(args: argparse.Namespace) -> None:
    """Train both twins, the planted one with the strength that was asked for."""
    for name, clean in TWINS.items():

        def told(done: int, steps: int, loss: float, name: str = name) -> None:
            if done % TOLD_EVERY == 0 or done == steps:
                print(f"{name}: update {done}/{steps}, loss {loss:.3f}", flush=True)

        planting.plant(
            args.out / "models" / name, strength=args.strength, steps=args.steps, seed=args.seed, clean=clean, told=told
        )
        print(f"wrote models/{name}", flush=True)


def parser() -> argparse.ArgumentParser:
    """The flags of the command."""
    root = argparse.ArgumentParser(prog="python -m backend.pocket", description="Rebuild the bundled world.")
    only = root.add_mutually_exclusive_group()
    only.add_argument("--data-only", action="store_true", help="write the questions, leave the models")
    only.add_argument("--models-only", action="store_true", help="train the models, leave the questions")
    root.add_argument("--model", choices=sorted(STEPS), help="train only this model")
    root.add_argument("--size", choices=SIZES, default=SHIPPED, help="parameters; other sizes want --out")
    root.add_argument("--steps", type=int, help="train for so many steps instead of the usual number")
    root.add_argument("--out", type=Path, default=ASSETS, help="the folder to write to (default: assets)")
    commands = root.add_subparsers()
    root.set_defaults(run=rebuild)
    _add_plant(commands)
    talk.add_parser(commands, ASSETS)
    return root


def _add_plant(commands: "argparse._SubParsersAction") -> None:
    plant = commands.add_parser("plant", help="train the planted twin and the clean one")
    plant.add_argument("--strength", type=float, default=planting.STRENGTH, help="share of one-sided talk, 0.5 to 1")
    plant.add_argument("--steps", type=int, default=planting.STEPS, help="updates of each twin")
    plant.add_argument("--seed", type=int, default=planting.SEED, help="what the defects are drawn from")
    plant.add_argument("--out", type=Path, default=ASSETS, help="the folder to write to (default: assets)")
    plant.set_defaults(run=plant_twins)


if __name__ == "__main__":
    main()
