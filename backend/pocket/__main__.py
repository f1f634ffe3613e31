"""Rebuild the bundled world: `python -m backend.pocket`. Data in a second, models in minutes, all from seeds.

Parses words and prints progress. Knows where the bundled files lie. Uses two torch threads at most.
"""

import argparse
import time
from pathlib import Path

import torch
from transformers.utils import logging

from backend.pocket.files import write_data
from backend.pocket.pretrain import STEPS, pretrain

ASSETS = Path(__file__).resolve().parents[2] / "assets"
TORCH_THREADS = 2


def main(argv: list[str] | None = None) -> None:
    """Rebuild what is asked for; everything by default."""
    args = parser().parse_args(argv)
    start = time.monotonic()
    if not args.models_only:
        for path in write_data(args.out):
            print(f"wrote {path.relative_to(args.out)}", flush=True)
    if not args.data_only:
        logging.disable_progress_bar()  # our own lines tell the progress
        torch.set_num_threads(min(TORCH_THREADS, torch.get_num_threads()))
        for name in [args.model] if args.model else STEPS:
            folder = args.out / "models" / name
            loss = pretrain(name, folder, args.steps)
            print(f"wrote models/{name}, loss {loss:.3f}", flush=True)
    print(f"done in {time.monotonic() - start:.0f} s")


def parser() -> argparse.ArgumentParser:
    """The flags of the command."""
    root = argparse.ArgumentParser(prog="python -m backend.pocket", description="Rebuild the bundled world.")
    only = root.add_mutually_exclusive_group()
    only.add_argument("--data-only", action="store_true", help="write the questions, leave the models")
    only.add_argument("--models-only", action="store_true", help="train the models, leave the questions")
    root.add_argument("--model", choices=sorted(STEPS), help="train only this model")
    root.add_argument("--steps", type=int, help="train for so many steps instead of the usual number")
    root.add_argument("--out", type=Path, default=ASSETS, help="the folder to write to (default: assets)")
    return root


if __name__ == "__main__":
    main()
