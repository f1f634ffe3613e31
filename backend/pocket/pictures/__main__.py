"""Look at the bundled pictures: `python -m backend.pocket.pictures sheet --to FILE.png`.

`python -m backend.pocket.pictures check` draws the fixed test set and compares its hash;
`python -m backend.pocket.pictures emoji --from FOLDER` builds an atlas of emoji that npm fetched into that folder;
`python -m backend.pocket.pictures teach` trains the bundled model of pictures, and `score` scores it; with
`--world emoji` or `--world own` it trains one on the atlas, or on a user's own pictures.
Parses words and prints.
"""

import argparse
import time
from pathlib import Path

from backend.disk import home
from backend.errors import UserError
from backend.pocket.pictures.emoji import build, default_folder
from backend.pocket.pictures.pairs import CHOICES, TEST_HASH, TEST_PARTS, fixed_hash
from backend.pocket.pictures.sheet import scenes_sheet, things_sheet, write_sheet

MODEL = Path(__file__).resolve().parents[3] / "assets" / "models" / "clip-pocket"


def main(argv: list[str] | None = None) -> None:
    """Do what is asked for."""
    root = parser()
    args = root.parse_args(argv)
    try:
        args.run(args)
    except UserError as error:
        root.error(str(error))


def sheet(args: argparse.Namespace) -> None:
    """Write a sheet of every thing by every hand, or of the first pictures of a split."""
    if args.to.suffix.lower() != ".png":
        raise UserError(f"{args.to} is no name of a PNG file.", "a name that ends in .png", "Name the file so.")
    pixels = scenes_sheet(args.split, args.count, args.seed) if args.split else things_sheet()
    write_sheet(pixels, args.to, args.zoom)
    print(f"wrote {args.to}, {pixels.shape[1] * args.zoom} x {pixels.shape[0] * args.zoom} pixels")


def check(_: argparse.Namespace) -> None:
    """Say whether the fixed test set has the pixels and captions it had when its hash was taken."""
    start = time.process_time()
    found = fixed_hash()
    seconds = time.process_time() - start
    print(f"{sum(TEST_PARTS.values())} pairs in {seconds:.1f} s of one core, SHA-256 {found}")
    if found != TEST_HASH:
        raise UserError(
            "The test set is not the one whose hash is on record.",
            TEST_HASH,
            "Compare no numbers with those of others; install the Pillow of requirements.txt and check again.",
        )


def emoji(args: argparse.Namespace) -> None:
    """Build the atlas of emoji and say what is in it."""
    target = args.to or default_folder()
    atlas = build(args.source, target)
    print(f"wrote {len(atlas.drawings)} drawings of {len(atlas.concepts)} emoji to {target}; see ATTRIBUTION.md there")


def teach(args: argparse.Namespace) -> None:
    """Train the model, or go on; with --world one of another world."""
    if args.world != "pocket":
        from backend.pocket.source_teaching import teach as run  # noqa: PLC0415 - torch takes seconds to import
    else:
        from backend.pocket.picture_teaching import teach as run  # noqa: PLC0415 - see above

        args.to, args.work = args.to or MODEL, args.work or home() / "picture-teacher"
    run(args)


def score(args: argparse.Namespace) -> None:
    """Score the model on every part of the test set."""
    from backend.pocket.picture_teaching import score as run  # noqa: PLC0415 - see above

    run(args)


def parser() -> argparse.ArgumentParser:
    """The flags of the command."""
    root = argparse.ArgumentParser(
        prog="python -m backend.pocket.pictures", description="Look at the bundled pictures."
    )
    commands = root.add_subparsers(required=True)
    one = commands.add_parser("sheet", help="write many pictures into one PNG file")
    one.add_argument("--to", type=Path, required=True, help="the PNG file to write")
    one.add_argument(
        "--split", choices=sorted(CHOICES), help="scenes of this split instead of every thing by every hand"
    )
    one.add_argument("--count", type=int, default=240, help="how many scenes")
    one.add_argument("--seed", type=int, default=0, help="which scenes")
    one.add_argument("--zoom", type=int, default=2, help="pixels of the file along one pixel of a picture")
    one.set_defaults(run=sheet)
    commands.add_parser("check", help="draw the test set and compare its hash").set_defaults(run=check)
    atlas = commands.add_parser("emoji", help="build an atlas of emoji from npm packages")
    atlas.add_argument("--from", dest="source", type=Path, required=True, help="where npm installed the packages")
    atlas.add_argument("--to", type=Path, help="the folder to write to (default: emoji in this program's home)")
    atlas.set_defaults(run=emoji)
    _add_teaching(commands)
    return root


def _add_teaching(commands: argparse._SubParsersAction) -> None:
    one = commands.add_parser("teach", help="train the bundled model of pictures, or go on where it was broken off")
    one.add_argument(
        "--world", choices=("pocket", "emoji", "own"), default="pocket", help="what pictures to learn from"
    )
    one.add_argument("--data", help="the folder of the atlas, or of one's own pictures with captions")
    one.add_argument("--groups", default="", help="of emoji only these groups, such as animals,food")
    one.add_argument("--to", type=Path, help="the folder to write the model to (bundled: in assets, emoji: at home)")
    one.add_argument("--work", type=Path, help="where its states are kept (default: in this program's home)")
    one.add_argument("--steps", type=int, help="so many steps instead of the usual number")
    one.set_defaults(run=teach)
    two = commands.add_parser("score", help="score a model of pictures on the fixed test set")
    two.add_argument("--model", type=Path, default=MODEL, help="its folder")
    two.set_defaults(run=score)
    for each in (one, two):
        each.add_argument("--threads", type=int, default=1, help="torch threads")
        each.add_argument("--no-baselines", action="store_true", help="leave out the two baselines")


if __name__ == "__main__":
    main()
