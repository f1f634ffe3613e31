"""A recipe in the four ways it can be pasted: YAML, a command line, Python, a request to a running app.

Each text starts the very same run. Knows how values are spelled; runs nothing.
"""

import hashlib
import json
import shlex
from collections.abc import Mapping

import yaml

from backend.runs.recipe import Recipe
from backend.settings import spell

FILE = "run.yaml"
ADDRESS = "START"  # the shell variable with the address of a running app's `start`; the page puts it before the request
GO_ON = " \\\n  "  # a command goes on in the next line


def folder_of(recipe: Recipe) -> str:
    """Where the run goes: a name of its own for every set of changes, so that two never meet in one folder."""
    spelled = json.dumps(recipe.changes, sort_keys=True)
    mark = f"-{hashlib.sha256(spelled.encode()).hexdigest()[:6]}" if recipe.changes else ""
    return f"runs/{recipe.preset or recipe.study}{mark}"


def as_yaml(recipe: Recipe) -> str:
    """What differs from the preset, and the command that takes the file."""
    told = {"study": recipe.study, "preset": recipe.preset, "changes": dict(recipe.changes), "stages": recipe.stages}
    body = {name: value for name, value in told.items() if value}
    command = shlex.join(["python", "-m", "backend", "run", "--from-yaml", FILE, "--out", folder_of(recipe)])
    return f"# {command}\n{yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=1_000_000)}"


def as_command(recipe: Recipe) -> str:
    """What to type in the project's folder, an option a line."""
    options = [["--preset", recipe.preset]] if recipe.preset else []
    options += [["--set", f"{name}={spell(value)}"] for name, value in recipe.changes.items()]
    options += [["--stages", recipe.stages]] if recipe.stages else []
    lines = [["python", "-m", "backend", "run", recipe.study], *options, ["--out", folder_of(recipe)]]
    return GO_ON.join(shlex.join(words) for words in lines)


def as_branch(study: str, parent: str, step: int, changes: Mapping[str, object], stages: str) -> str:
    """The command for a run that goes on from a snapshot of the run in runs/`parent`, its settings with `changes`."""
    options = [["--branch", f"runs/{parent}", "--at", str(step)]]
    options += [["--set", f"{name}={spell(value)}"] for name, value in changes.items()]
    options += [["--stages", stages]] if stages else []
    lines = [["python", "-m", "backend", "run", study], *options, ["--out", f"runs/{parent}-{step}"]]
    return GO_ON.join(shlex.join(words) for words in lines)


def as_python(recipe: Recipe) -> str:
    """A program for the project's folder. The guard is needed: the engine starts processes that read it again."""
    changes = "".join(f"\n            {_literal(name)}: {_literal(value)}," for name, value in recipe.changes.items())
    lines = [
        "from backend.runs.carry_out import run",
        "",
        'if __name__ == "__main__":',
        "    run(",
        f"        study={_literal(recipe.study)},",
        f"        preset={_literal(recipe.preset)},",
        f"        changes={{{changes}\n        }}," if changes else "        changes={},",
        *([f"        stages={_literal(recipe.stages)},"] if recipe.stages else []),
        f"        out={_literal(folder_of(recipe))},",
        "    )",
    ]
    return "\n".join(lines) + "\n"


def as_http(recipe: Recipe) -> str:
    """A request to a running app, whose address the shell variable ADDRESS holds."""
    body = {"data": [recipe.study, recipe.preset or "", dict(recipe.changes), recipe.stages, ""]}
    sent = shlex.quote(json.dumps(body, ensure_ascii=False))
    lines = [f'curl -sS "${ADDRESS}"', "-H content-type:application/json", f"-d {sent}"]  # short: the box is narrow
    return GO_ON.join(lines)


def _literal(value: object) -> str:
    """Python's spelling, texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(part) for part in value)}]"
    return repr(value)
