"""attention.jsonl: where each head of the teacher's image tower looks on the first stored pictures.

`python -m backend heads --run DIR` makes it for a run that was recorded without it. Knows the run folder and a teacher;
no screen. What takes seconds to import is imported when the command runs, so that `--help` is quick.
"""

import argparse
import base64
import json
from pathlib import Path

from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir

LOOKED_ON = 8  # pictures, about 1.5 kB each with the bundled teacher
FILE = "attention.jsonl"


def write_heads(run_dir: RunDir, teacher) -> None:
    """The whole file in one step, unless it is there; of the pictures as they are stored, so that a run recorded before
    gets the same."""
    file = run_dir.path / FILE
    if not file.is_file():
        rows = head_rows(teacher, run_dir.rows("pictures")[:LOOKED_ON])
        write_atomically(file, "".join(f"{json.dumps(row)}\n" for row in rows))


def head_rows(teacher, pictures: list[dict]) -> list[dict]:
    """A row a picture and layer. Of each head `seen`, a byte a patch with its share in 255ths of the head's largest,
    as base64; `most`, what that largest share is of all attention; `own`, what stays with the class token."""
    import torch  # noqa: PLC0415 - takes seconds

    from backend.core.vision.attention import class_attention  # noqa: PLC0415 - see above
    from backend.core.vision.images import normalised  # noqa: PLC0415 - see above
    from backend.studies.tiny_clip.questions import stored_picture  # noqa: PLC0415 - see above

    if not pictures:
        return []
    images = [stored_picture(one["png"], teacher.side).copy()[None] for one in pictures]  # Pillow's cannot be written
    pixels = [normalised(one, teacher.normal) for one in images]
    shares = class_attention(teacher.model, torch.cat(pixels))
    rows = []
    for number, picture in enumerate(pictures):
        for layer, found in enumerate(shares[:, number]):
            own, patches = found[:, 0], found[:, 1:]
            most = patches.amax(1)
            seen = (255 * patches / most[:, None]).round().byte()
            told = {"picture": picture["id"], "layer": layer}
            told["seen"] = [base64.b64encode(bytes(head.tolist())).decode() for head in seen]
            rows.append(told | {"most": _rounded(most), "own": _rounded(own)})
    return rows


def _rounded(values) -> list[float]:
    return [round(value, 5) for value in values.tolist()]


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the verb and its flag."""
    one = commands.add_parser("heads", help="store where the heads of a TinyCLIP run's teacher look")
    one.add_argument("--run", type=Path, required=True, metavar="DIR", help="a run that has its pictures")
    one.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    """Write the file; UserErrors are left to the caller."""
    from backend.core.models.backbones import quiet  # noqa: PLC0415 - takes seconds
    from backend.settings import build, from_saved  # noqa: PLC0415 - for the command alone
    from backend.studies.tiny_clip.config import TinyClipConfig  # noqa: PLC0415 - see above
    from backend.studies.tiny_clip.data import load_teacher  # noqa: PLC0415 - see above

    folder = RunDir(args.run)
    if not folder.rows("pictures"):
        found = f"{args.run} has no pictures."
        raise UserError(found, "a run of tiny_clip that has drawn its pictures", "Name such a run's folder.")
    with quiet():
        teacher = load_teacher(build(TinyClipConfig, from_saved(TinyClipConfig, folder.config()["config"])))
    write_heads(folder, teacher)
    print(folder.path / FILE)
    return 0
