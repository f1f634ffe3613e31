"""`python -m backend export` and `import`: a run as a file for someone else, and such a file as a run folder.

Parses words and prints where things went. The report is drawn by the page's own widgets, so it is made there.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from backend.disk import disk_error, write_atomically, write_folder
from backend.errors import UserError
from backend.runs.folder import RunDir

if TYPE_CHECKING:
    from backend.export.copy import RunCopy


def add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="a run folder")
    where = "the file to write; of several files a folder, where the name has no ending such as .zip"
    parser.add_argument("--to", required=True, type=Path, metavar="PATH", help=where)
    kinds = (
        "run (everything, `import` reads it; default), csv (its tables), what the run's study offers, or its examples "
        "as_it_came (like your own file), as alpaca, sharegpt, messages, prompt_completion, question_answer, parquet "
        "or jsonl; a layout in another format is spelled alpaca.jsonl"
    )
    parser.add_argument("--as", dest="kind", default="run", metavar="KIND", help=kinds)
    parser.set_defaults(command=export)


def add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="what `export` or the page wrote: *.distilloscope.zip")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="the run folder to make")
    parser.set_defaults(command=bring)


def export(args: argparse.Namespace) -> int:
    """Write the file, or the folder where there are several and `--to` has no ending; nothing there is touched."""
    from backend.export.copy import RunCopy  # noqa: PLC0415 - other commands need not wait for these
    from backend.export.kinds import joined, pieces  # noqa: PLC0415

    if not (args.run / "config.json").is_file():
        raise UserError(f"{args.run} is not a run folder.", "a folder with config.json", "Check the path.")
    if args.to.exists():
        raise UserError(f"{args.to} is there already.", "a new file", "Choose another --to.")
    copy = RunCopy.of(RunDir(args.run))
    files = pieces(copy, args.kind)
    if len(files) > 1 and not args.to.suffix:
        write_folder(args.to, files)
        print(f"{args.to}: a folder of {len(files)} files. Name it {args.to.name}.zip to have one file.")
        return 0
    content = joined(files)
    try:
        args.to.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, args.to) from error
    write_atomically(args.to, content)
    print(f"{args.to}: {len(content):,} bytes")
    tell_readers(copy, args.kind, args.to, len(files))
    return 0


def tell_readers(copy: "RunCopy", kind: str, file: Path, count: int) -> None:
    """What LLaMA-Factory has to be told of one file of examples; nothing of any other kind."""
    from backend.export.layouts import LAYOUTS, find_kind, for_llama_factory  # noqa: PLC0415
    from backend.export.samples import sets_of  # noqa: PLC0415

    found = find_kind(kind)
    if found is None or count > 1 or not LAYOUTS[found.layout].columns:
        return
    (samples,) = sets_of(copy).values()
    entry = {file.stem: for_llama_factory(samples, LAYOUTS[found.layout], file.name)}
    print(f"For LLaMA-Factory, in dataset_info.json beside it: {json.dumps(entry)}")


def bring(args: argparse.Namespace) -> int:
    """Check the file, then make the folder; a refused file leaves nothing behind."""
    from backend.export.archive import MOST_PACKED  # noqa: PLC0415
    from backend.export.run_file import restore, unpack  # noqa: PLC0415

    if not args.file.is_file():
        raise UserError(f"{args.file} is not there.", "a run file", "Check the path.")
    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        raise UserError(f"{args.out} is not empty.", "a new folder", "Choose another --out.")
    with args.file.open("rb") as file:
        copy = unpack(file.read(MOST_PACKED + 1))
    run = restore(copy, args.out.absolute())
    print(f"{run.path}: {run.status()['state']}")
    return 0
