"""The run as one file, and back: the same run, to the byte.

A zip of the run's files and a manifest with the sha256 of each. What comes back is checked against the contract before
anything is written, so a refusal leaves no trace. Knows bytes and a folder to write to; whose folder is the shelf's.
"""

import hashlib
import json
import shutil
from pathlib import Path

from backend.disk import disk_error, write_folder
from backend.errors import UserError
from backend.export import travel
from backend.export.archive import ANEW, MOST_PACKED, megabytes, unzipped, zipped
from backend.export.contract import check, parsed
from backend.export.copy import RunCopy
from backend.runs.folder import RunDir

SUFFIX = ".distilloscope.zip"
MANIFEST = "distilloscope.json"
FORMAT, VERSION = "distilloscope run", 1
ROOM = 512 * 2**20  # bytes that stay free: runs that go on need them


def pack(copy: RunCopy) -> bytes:
    """One file, the same bytes for the same run. UserError where its own files would be refused.

    Of a study not known here nothing can be checked: whoever has the study can.
    """
    if copy.study:
        check(copy.files)
    manifest = {"format": FORMAT, "version": VERSION, "files": {n: digest(copy.files[n]) for n in sorted(copy.files)}}
    packed = zipped(copy.files | {MANIFEST: json.dumps(manifest, indent=1).encode()})
    if len(packed) > MOST_PACKED:
        step = "Take something smaller of it, or copy the run folder itself."
        raise UserError(f"The run packs to {megabytes(len(packed))}.", f"at most {megabytes(MOST_PACKED)}", step)
    return packed


def unpack(data: bytes) -> RunCopy:
    """The run in a file that anyone may have made. UserError unless every byte of it is as it should be."""
    files = unzipped(data, travel.plain)
    if MANIFEST not in files:
        raise UserError(
            "The archive is not a run of this program.", f"{MANIFEST} in it", "Bring a *.distilloscope.zip."
        )
    check_manifest(parsed(MANIFEST, files.pop(MANIFEST)), files)
    check(files)
    return RunCopy(files)


def check_manifest(manifest: object, files: dict[str, bytes]) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UserError("The archive is not a run of this program.", f"the format {FORMAT!r}", ANEW)
    if manifest.get("version") != VERSION:
        found = f"The archive has version {str(manifest.get('version'))[:20]} of the format."
        raise UserError(found, f"version {VERSION}", "Update Distilloscope, or export the run again.")
    if manifest.keys() != {"format", "version", "files"} or not isinstance(manifest["files"], dict):
        raise UserError(f"{MANIFEST} cannot be read.", "a list of files and their checksums", ANEW)
    if manifest["files"] != {name: digest(content) for name, content in files.items()}:
        raise UserError(
            "The checksums do not match the files: something was changed or lost.", "the unchanged run", ANEW
        )


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def restore(copy: RunCopy, folder: Path) -> RunDir:
    """Write the run to `folder`, which must not exist yet, in one step. UserError where there is no room."""
    there = next(parent for parent in folder.absolute().parents if parent.exists())
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        raise disk_error(error, folder) from error
    if free < ROOM:
        raise UserError("The disk is almost full.", "room for one more run", "Try again later, or free some space.")
    write_folder(folder, copy.files, ["artifacts"])
    return RunDir(folder)
