"""The engine's command line in a process that kills itself while it writes: `dying MOMENT COUNT WORD...`.

    python -m benchmarks.dying "replace checkpoint.safetensors" 2 run text_distillation --out FOLDER --from-config

Kill -9 of the whole process group, at the second time that a new checkpoint is about to take the old one's place. With
the moment `count` nothing dies, and COUNT is a file for how often there was each moment. Python's audit events tell the
moments, so the engine is the same to the byte. Knows names of files; nothing of what is in them.

    row NAME      a row is about to be appended
    write NAME    half of the new file is written, beside the old one
    replace NAME  the new file is written, and still beside the old one

With no words it reads lines of JSON, [MOMENT, COUNT, LOG, WORD...], and answers each with the exit code of a process of
its own that it forks for it: torch is loaded once for many deaths.
"""

import importlib
import json
import os
import re
import signal
import sys
from collections import Counter
from pathlib import Path

from backend.__main__ import main as engine

LOADED = ("torch", "transformers", "transformers.models.clip.modeling_clip", "scipy.optimize")  # slowly
PART = re.compile(r"^\.?(?P<name>.+)\.(?:[\w-]*-)?\d+\.part$")


class Watch:
    """An audit hook that counts moments and may end the process at one of them."""

    def __init__(self, moment: str, which: int):
        self.moment, self.which, self.seen = moment, which, Counter()

    def __call__(self, event: str, args: tuple) -> None:
        if event == "open" and isinstance(args[0], str | os.PathLike) and isinstance(args[1], str):
            path, mode = Path(args[0]), args[1]
            part = PART.match(path.name)
            if "w" in mode and part:
                self._reach(f"write {part['name']}", path.with_name(part["name"]), path)
            elif "a" in mode and path.suffix == ".jsonl":
                self._reach(f"row {path.name}")
        elif event == "os.rename" and PART.match(Path(args[0]).name):
            self._reach(f"replace {Path(args[1]).name}")

    def _reach(self, moment: str, old: Path | None = None, part: Path | None = None) -> None:
        self.seen[moment] += 1
        if moment != self.moment or self.seen[moment] != self.which:
            return
        if part is not None:
            content = old.read_bytes() if old.is_file() else b'{"half": '
            part.write_bytes(content[: len(content) // 2])
        os.killpg(os.getpgid(0), signal.SIGKILL)


def one_after_another() -> int:
    """Each line's process is a child of this one, leads a group of its own and writes to LOG."""
    for name in LOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        moment, count, log, *words = json.loads(line)
        child = os.fork()
        if not child:
            os.setsid()
            with Path(log).open("ab") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            os._exit(main(moment, count, *words))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return 0


def main(moment: str, count: str, *words: str) -> int:
    watch = Watch(moment, int(count) if moment != "count" else 0)
    sys.addaudithook(watch)
    code = engine(list(words))
    if moment == "count":
        Path(count).write_text(json.dumps(watch.seen), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if sys.argv[1:] else one_after_another())
