"""The widgets' scripts: one file for every page, and the line by which a widget starts its own part of it.

Gradio sends each widget's script twice with each page, so a widget has only the line. Knows no widget.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parents[1]
WORDS = ("glossary", "lessons")  # files of assets; as the value of a widget they would be sent twice with each page
# what the others call by name. Each file may use what stands in these, and they may use each other
SHARED = ("frame/shared.js", "panels/curves.js", "panels/following.js", "panels/marked_words.js")
GIVEN = "element, trigger, props, server, upload, watch"  # gr.HTML's, in the order of Gradio 6.31
EVENT = re.compile(r"""\btrigger\("(\w+)\"""")


def script(*files: Path) -> str:
    """For `js_on_load` of a gr.HTML: runs these files. gr.HTML has an event only where this text quotes its name."""
    texts = [file.read_text(encoding="utf-8") for file in (*files, *(HERE / name for name in SHARED))]
    events = sorted({event for text in texts for event in EVENT.findall(text)})
    return f"distilloscope.run({json.dumps([name_of(file) for file in files])}, {GIVEN}); // {json.dumps(events)}"


def bundle(files: Sequence[Path] | None = None) -> str:
    """`distilloscope.run(names, ...)` for these files, else for all there are. Each sees what one widget was given.

    The shared text stands once, around them, because it uses the widget's `trigger` and `element` too.
    """
    files = every_script() if files is None else files
    words = "".join(f"{name}: {_compact(HERE.parent / 'assets' / f'{name}.json')}, " for name in WORDS)
    shared = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SHARED)
    parts = "".join(
        f"{json.dumps(name_of(file))}: () => {{\n{file.read_text(encoding='utf-8')}\n}},\n" for file in files
    )
    return (
        f"window.distilloscope = {{ {words}run(names, {GIVEN}) {{\n{shared}\nconst parts = {{\n{parts}}};\n"
        "names.forEach((name) => parts[name]());\n} };\n"
    )


def every_script() -> list[Path]:
    return [file for file in sorted(HERE.rglob("*.js")) if file.relative_to(HERE).as_posix() not in SHARED]


def name_of(file: Path) -> str:
    """What the bundle calls a script: panels/lens."""
    return file.relative_to(HERE).with_suffix("").as_posix()


def _compact(file: Path) -> str:
    return json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
