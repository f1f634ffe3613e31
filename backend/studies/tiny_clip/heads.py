"""attention.jsonl: where each head of the teacher's towers looks, on the first stored pictures and in their captions.

`python -m backend heads --run DIR` makes it for a run that was recorded without it, or without the text tower. Knows
the run folder and a teacher; no screen. What takes seconds to import is imported when the command runs, so that
`--help` is quick.
"""

import argparse
import base64
import json
from pathlib import Path

from backend.disk import write_atomically
from backend.errors import UserError
from backend.runs.folder import RunDir

LOOKED_ON = 8  # pictures and captions; with the bundled teacher 2 and 1 kB each
FILE = "attention.jsonl"


def write_heads(run_dir: RunDir, teacher) -> None:
    """The whole file in one step, unless it is there with both towers; of the pictures as they are stored, so that a
    run recorded before gets the same."""
    if not any("words" in row for row in run_dir.rows("attention")):
        pictures = run_dir.rows("pictures")[:LOOKED_ON]
        rows = [*image_rows(teacher, pictures), *text_rows(teacher, pictures)]
        write_atomically(run_dir.path / FILE, "".join(f"{json.dumps(row)}\n" for row in rows))


def image_rows(teacher, pictures: list[dict]) -> list[dict]:
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
            seen = 255 * patches / most[:, None]
            told = {"picture": picture["id"], "layer": layer, "seen": [_bytes(head) for head in seen]}
            rows.append(told | {"most": _rounded(most), "own": _rounded(own)})
    return rows


def text_rows(teacher, pictures: list[dict]) -> list[dict]:
    """A row a caption and layer. `words`: its tokens, begin and end among them; of each head `read`, a byte for every
    two tokens of which the second is not later than the first, token after token, with what the first gives to the
    second in 255ths of its attention, as base64."""
    import torch  # noqa: PLC0415 - takes seconds

    from backend.core.vision.attention import text_attention  # noqa: PLC0415 - see above
    from backend.core.vision.captions import numbered, pieces  # noqa: PLC0415 - see above

    if not pictures:
        return []
    ids, mask = numbered(teacher.tokenizer, [one["text"] for one in pictures], teacher.context)
    shares, rows = text_attention(teacher.model, ids), []
    for number, picture in enumerate(pictures):
        length = int(mask[number].sum())
        words = pieces(teacher.tokenizer, ids[number, :length])
        before = torch.ones(length, length, dtype=torch.bool).tril()
        for layer, found in enumerate(shares[:, number, :, :length, :length]):
            told = {"picture": picture["id"], "layer": layer, "words": words}
            rows.append(told | {"read": [_bytes(255 * head[before]) for head in found]})
    return rows


def _bytes(values) -> str:
    return base64.b64encode(bytes(values.round().byte().tolist())).decode()


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
