"""The bundled model that draws, by command: `python -m backend.pocket.drawing teach` trains it, and `judge` the judges
of its pictures, or goes on where that was broken off; `score` asks a model the fixed prompts and writes scores.json
beside it.

Parses words and prints.
"""

import argparse
from pathlib import Path

from backend.disk import home
from backend.errors import UserError

MODEL = Path(__file__).resolve().parents[3] / "assets" / "models" / "sdm-pocket"


def main(argv: list[str] | None = None) -> None:
    """Do what is asked for."""
    root = parser()
    args = root.parse_args(argv)
    try:
        args.run(args)
    except UserError as error:
        root.error(str(error))


def teach(args: argparse.Namespace) -> None:
    """Train the model, or go on."""
    from backend.pocket.drawing.commands import teach as run  # noqa: PLC0415 - torch takes seconds to import

    args.work = args.work or home() / "drawing-teacher"
    run(args)


def judge(args: argparse.Namespace) -> None:
    """Train a judge, or go on, and say how often it is right."""
    from backend.pocket.drawing.judging import judge as run  # noqa: PLC0415 - torch takes seconds to import

    run(args)


def score(args: argparse.Namespace) -> None:
    """Score a model on the fixed prompts."""
    from backend.pocket.drawing.scores import score as run  # noqa: PLC0415 - see above

    run(args)


def parser() -> argparse.ArgumentParser:
    """The flags of the command."""
    root = argparse.ArgumentParser(prog="python -m backend.pocket.drawing", description="The bundled model that draws.")
    commands = root.add_subparsers(required=True)
    _add_teach(commands)
    _add_judge(commands)
    _add_score(commands)
    for each in commands.choices.values():
        each.add_argument("--threads", type=int, default=1, help="torch threads")
    return root


def _add_teach(commands: argparse._SubParsersAction) -> None:
    one = commands.add_parser("teach", help="train the bundled model that draws, or go on where it was broken off")
    one.add_argument("--to", type=Path, default=MODEL, help="the folder to write the model to")
    one.add_argument("--work", type=Path, help="where its states are kept (default: in this program's home)")
    one.add_argument("--side", type=int, choices=(16, 32), help="pixels along a side of its pictures (default: 32)")
    one.add_argument(
        "--prediction",
        choices=("v_prediction", "epsilon", "sample"),
        help="what it answers (default: v_prediction; Stable Diffusion 1 answers epsilon)",
    )
    one.add_argument("--steps", type=int, help="so many steps instead of the usual number")
    one.add_argument("--again", type=int, help="steps of a second leg (default: 5,000, none where --steps is given)")
    one.add_argument("--seed", type=int, help="another start and other pictures (default: 0)")
    one.set_defaults(run=teach)


def _add_judge(commands: argparse._SubParsersAction) -> None:
    one = commands.add_parser("judge", help="train a judge of pictures, or go on where it was broken off")
    one.add_argument("--which", choices=("judge", "judge_second"), default="judge", help="the first, or the check")
    one.add_argument("--to", type=Path, help="the folder to write it to (default: beside the bundled model)")
    one.add_argument("--work", type=Path, help="where its states are kept (default: in this program's home)")
    one.add_argument("--steps", type=int, help="so many steps instead of the usual number")
    one.set_defaults(run=judge)


def _add_score(commands: argparse._SubParsersAction) -> None:
    one = commands.add_parser("score", help="score a model that draws on the fixed prompts")
    one.add_argument("--model", type=Path, default=MODEL, help="its folder")
    one.add_argument("--judges", type=Path, default=MODEL, help="the folder with the two judges")
    one.add_argument("--split", choices=("test", "validation"), default="test", help="which fixed prompts")
    one.add_argument("--count", type=int, help="so many of them instead of all")
    one.add_argument("--steps", type=int, default=20, help="steps of the sampler")
    one.add_argument("--sampler", choices=("ddim", "dpm"), default="ddim", help="the sampler")
    one.add_argument("--guidance", type=float, default=2.0, help="how much the prompt is stressed; 1: not at all")
    one.set_defaults(run=score)


if __name__ == "__main__":
    main()
