"""Archives: a zip whose bytes depend on nothing but its content, and the reading of one that anybody may have made.

Reading trusts no number in the file: names, kinds, sizes and ratios are checked before, and what is unpacked is counted
while it is unpacked. Everything stays in memory, so a refusal leaves nothing behind. Knows bytes; no run.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

from backend.core.text.places import printable
from backend.errors import UserError

MOST_PACKED = 32 * 2**20
MOST_UNPACKED = 128 * 2**20
MOST_FILES = 2000
MOST_INDEX = 512 * 1024  # bytes of the list of files: 2000 names need less
MOST_RATIO = 200  # rows of a run shrink to a tenth; deflate can go to a thousandth, which is what bombs do
SMALL = 100_000  # below this size a ratio says nothing
EPOCH = (1980, 1, 1, 0, 0, 0)
TAIL = struct.Struct("<4s4H2LH")  # the end of a zip without a comment: its list of files, and where that lies
ANEW = "Download the run again from where it came, and use that file unchanged."


def zipped(files: dict[str, bytes]) -> bytes:
    """The files as one zip: sorted, without dates or owners."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, files[name])
    return out.getvalue()


def unzipped(data: bytes, known: Callable[[str], bool]) -> dict[str, bytes]:
    """The files of a zip. UserError for anything but plain files with names for which `known(name)` holds."""
    if len(data) > MOST_PACKED:
        raise UserError(f"The file has {megabytes(len(data))}.", f"at most {megabytes(MOST_PACKED)}", ANEW)
    count = check_tail(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) != count:
                raise damaged()
            check_entries(entries, known)
            return read_all(archive, entries)
    except UserError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise damaged() from error
    except (struct.error, ValueError, OverflowError, OSError, KeyError, IndexError) as error:
        raise damaged() from error


def check_tail(data: bytes) -> int:
    """How many files there are. UserError unless the bytes end as a plain zip does, with a short list of files."""
    if len(data) < TAIL.size or not data.startswith(b"PK\x03\x04"):
        raise UserError("The file is not a zip archive.", "a run file, *.distilloscope.zip", ANEW)
    mark, _, _, here, count, size, start, comment = TAIL.unpack(data[-TAIL.size :])
    if mark != b"PK\x05\x06" or comment or here != count or start + size + TAIL.size != len(data):
        raise damaged()
    if count > MOST_FILES or size > MOST_INDEX:
        raise UserError(f"The archive lists {count:,} files.", f"at most {MOST_FILES:,}, as a run has", ANEW)
    return count


def check_entries(entries: list[zipfile.ZipInfo], known: Callable[[str], bool]) -> None:
    """UserError for a name, a kind or a size that no archive of ours has."""
    names = [entry.filename for entry in entries]
    for entry in entries:
        name, shown = entry.filename, printable(entry.filename, 60)
        if not known(name) or entry.orig_filename != name:
            raise UserError(f"The archive holds {shown!r}.", "nothing but the files of a run", ANEW)
        if names.count(name) > 1:
            raise UserError(f"The archive holds {shown!r} twice.", "each file once", ANEW)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or entry.is_dir():
            raise UserError(f"{shown} is no plain file.", "plain files, no links", ANEW)
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UserError(f"{shown} is packed in a way that is not read here.", "a plain zip", ANEW)
        if entry.file_size > SMALL and entry.file_size > MOST_RATIO * max(1, entry.compress_size):
            raise UserError(f"{shown} would grow {MOST_RATIO} times when unpacked.", "an ordinary file", ANEW)
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise UserError("The archive is too large when unpacked.", f"at most {megabytes(MOST_UNPACKED)}", ANEW)


def read_all(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    """Every entry's bytes, no more than it announced."""
    found = {}
    for entry in entries:
        with archive.open(entry) as file:
            content = file.read(entry.file_size + 1)
        if len(content) != entry.file_size:
            raise damaged()
        found[entry.filename] = content
    return found


def damaged() -> UserError:
    return UserError("The archive is damaged or was packed by another program.", "an unchanged run file", ANEW)


def megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
