"""The recipe: all that a run needs to be repeated: study, preset, what differs from the preset, stages.

Whoever wrote it is a stranger: a recipe is checked before anything is made of it. Knows every study's config, no tensor
and no screen; how it is spelled is next door in recipe_texts.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from backend import settings
from backend.errors import UserError
from backend.studies import STUDIES
from backend.study import find

FIELDS = ("study", "preset", "changes", "stages")
MOST_BYTES = 64 * 1024  # of a file; the longest honest one is a few kB
MOST_DEPTH = 4  # a mapping in a mapping holds a list
MOST_LETTERS = 1000  # of one text
MOST_VALUES = 100  # of one list
WRITE = f"Write for example `study: {next(iter(STUDIES))}`, a line each for `preset` and `changes`."


@dataclass(frozen=True)
class Recipe:
    """`changes`: setting -> plain value (a list for a tuple). `stages`: comma separated, empty for all."""

    study: str
    preset: str | None = None
    changes: Mapping[str, object] = field(default_factory=dict)
    stages: str = ""

    def config(self) -> object:
        """The study's checked config. Raises UserError for whatever cannot be run."""
        study = find(self.study)
        study.check_stages(tuple(self.stages.split(",")) if self.stages else ())
        base = settings.load_preset(study.presets, self.preset)["settings"] if self.preset else {}
        return settings.build(study.config, base | dict(self.changes))


def checked(study: object, preset: object = None, changes: object = None, stages: object = "") -> Recipe:
    """A recipe of values from outside, its config sound. Raises UserError."""
    for name, value in (("study", study), ("preset", preset or ""), ("stages", stages or "")):
        if not isinstance(value, str) or len(value) > MOST_LETTERS:
            raise UserError(f"{name} is no short text.", "a name", WRITE)
    if not isinstance(changes or {}, Mapping):
        raise UserError("changes is not a mapping.", "setting: value, one a line", "Write for example `seeds: 2`.")
    _check_size(changes or {})
    recipe = Recipe(study, preset or None, dict(changes or {}), stages or "")
    recipe.config()
    return recipe


def read_yaml(text: str) -> Recipe:
    """The recipe that a YAML text spells. Raises UserError: it is not YAML, not a mapping, or no run can be made of it.

    Plain values only: aliases, tags, anchors and repeated keys are refused, before anything is built from them.
    """
    found = _plain_yaml(text)
    if not isinstance(found, dict):
        raise UserError("The YAML is not a mapping.", "lines of `name: value`", WRITE)
    if unknown := [name for name in found if name not in FIELDS]:
        said = f"There is no field {str(unknown[0])[:80]!r}."
        raise UserError(said, ", ".join(FIELDS), "Settings go below changes.")
    if "study" not in found:
        raise UserError("The YAML names no study.", "a line `study: NAME`", WRITE)
    changes = _with_floats(found["study"], found.get("changes"))
    return checked(found["study"], found.get("preset"), changes, found.get("stages"))


# -- how ----------------------------------------------------------------------------------------------------------
def _plain_yaml(text: str) -> object:
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise UserError("The YAML is too long.", f"at most {MOST_BYTES // 1024} kB", "Keep only what differs.")
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _check_keys(node)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise UserError(f"This is not YAML{where}.", "lines of `name: value`", WRITE) from None
    except (ValueError, OverflowError):  # a date that is none, a number of thousands of digits
        raise UserError("A value in the YAML cannot be read.", "numbers, texts, true or false", WRITE) from None


def _check_events(text: str) -> None:
    """Refuse what can make a small file large or deep."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UserError("The YAML holds an anchor or an alias.", "every value written out", "Write it out.")
        if getattr(event, "tag", None):
            raise UserError("The YAML holds a tag.", "plain values", "Remove what begins with `!`.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise UserError("The YAML is nested too deeply.", "changes, and lists in it", "Flatten it.")


def _check_keys(node: yaml.Node | None) -> None:
    """YAML takes the last of two equal keys without a word."""
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if repeated := [name for name in names if names.count(name) > 1]:
            raise UserError(f"{str(repeated[0])[:80]} stands twice.", "every name once", "Remove one of them.")
        for _, value in node.value:
            _check_keys(value)


def _with_floats(study: object, changes: object) -> object:
    """YAML reads 1e-5 as a text, for want of a dot; where a number is wanted it is one."""
    if not isinstance(changes, dict) or not isinstance(study, str):
        return changes
    numbers = {item.name for item in settings.describe(find(study).config) if item.type is float}
    return {name: _number(value) if name in numbers else value for name, value in changes.items()}


def _number(value: object) -> object:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value  # the check of the setting has a better sentence


def _check_size(changes: Mapping) -> None:
    """Nothing that would fill a disk or a screen."""
    for name, value in changes.items():
        if not isinstance(name, str) or len(name) > 80:
            raise UserError(f"There is no setting {str(name)[:80]!r}.", "names of settings", "Correct the name.")
        parts = value if isinstance(value, list | tuple) else [value]
        if len(parts) > MOST_VALUES or any(isinstance(part, str) and len(part) > MOST_LETTERS for part in parts):
            raise UserError(f"{name} is too long.", f"at most {MOST_VALUES} values", "Shorten it.")
        if any(isinstance(part, int) and abs(part) >= 2**63 for part in parts):
            raise UserError(f"{name} is too large.", "a number that the machine can represent", "Lower it.")
        if not all(isinstance(part, str | int | float) for part in parts):
            raise UserError(f"{name} holds something else.", "numbers, texts, true or false", "Write a plain value.")
