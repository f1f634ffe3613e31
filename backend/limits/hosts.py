"""Hosts: what a run may ask for, by the kind of machine that serves the page.

A laptop is unlimited. A public host is shared by strangers, so models and tasks come from a list, nothing names a place
on the server, and sizes have an upper end, which stands at the setting itself (settings.setting). Knows settings by
what they say of themselves; no study, process or screen.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from backend.core.models.registry import BUNDLED
from backend.errors import UserError
from backend.settings import MODEL, PLACE, TASK, Setting, describe, setting_error

LOCAL, CPU_SPACE, ZERO_GPU = "local", "cpu_space", "zero_gpu"
KIND = "DISTILLOSCOPE_HOST"  # says the kind; without it, what a Space's own variables tell
SIZES = {"at_once": "DISTILLOSCOPE_AT_ONCE", "waiting": "DISTILLOSCOPE_WAITING"}  # of larger hosts, such as a cluster
STORE = Path("/data")  # where a Space mounts its bucket
GIB = 2**30

SMALL = (*BUNDLED, "smollm2-135m", "facebook/opt-125m")
LARGER = (*SMALL, "HuggingFaceTB/SmolLM2-360M", "facebook/opt-350m", "facebook/opt-1.3b", "Qwen/Qwen2.5-0.5B")
POCKET = ("pocket_science", "pocket_mmlu")
OWN = ("own_options", "own_letters", "own_text", "own_prompts", "own_chat")  # of a file that a visitor uploads


@dataclass(frozen=True)
class Waited:
    """What students may be trained on while a visitor waits for their answers: on which models, how many texts, how
    many characters one of these has, and how often a minute one visitor may ask."""

    models: tuple[str, ...]
    texts: int
    characters: int
    a_minute: int

    def admit(self, models: Collection[str], texts: int) -> None:
        """Raise UserError where this is more than this host trains while a visitor waits."""
        step = "Use your own machine, where nothing is limited."
        if other := [name for name in models if name not in self.models]:
            found = f"Its students use {other[0]} (this host is shared)."
            raise UserError(found, f"one of {', '.join(self.models)}", step)
        if texts > self.texts:
            raise UserError(f"There are {texts:,} texts (this host is shared).", f"at most {self.texts:,}", step)


@dataclass(frozen=True)
class Host:
    """A kind of host. None or an empty collection: no limit. Times are in seconds, room is in bytes.

    `level` is which of a setting's public limits holds: 0 for the smaller, 1 for the larger, None for none.
    """

    kind: str
    models: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    level: int | None = None
    at_once: int = 1  # runs that compute
    waiting: int = 8  # runs of all visitors that wait
    per_owner: int | None = None  # runs of one visitor that compute or wait
    wall_clock_s: float | None = None  # from the worker's start
    hung_s: float | None = None  # without a sign of life
    memory: int | None = None  # of a worker and its children
    room_per_owner: int | None = None  # on disk
    reserve: int = GIB // 4  # always left free on the disk
    retention_s: float | None = None  # how long a run is kept that nobody touches
    slice_s: float | None = None  # compute in slices of this length inside the server: no worker has a GPU of its own
    waited: Waited | None = None  # what is trained while a visitor waits

    @property
    def public(self) -> bool:
        return self.kind != LOCAL

    def most(self, item: Setting) -> int | None:
        """The upper end of a setting here, of a list of its length; None where there is none."""
        if self.level is None or not isinstance(item.public, int | tuple):
            return None
        return item.public if isinstance(item.public, int) else item.public[self.level]

    def allowed(self, item: Setting) -> tuple[str, ...]:
        """The names that a setting may hold here; empty where it may hold any."""
        return {MODEL: self.models, TASK: self.tasks}.get(item.kind, ())

    def admit(self, config_class: type, values: Mapping[str, object]) -> None:
        """Raise UserError naming the first of a run's settings that asks for more than a visitor may have here."""
        for item in describe(config_class):
            if item.name in values and (refused := self._refusal(item, values[item.name])):
                found, expected = refused
                said, step = (
                    f"{item.name} is {found} (this host is shared).",
                    f"Change {item.name}, or run it on your own machine.",
                )
                raise setting_error(item.name, said, expected, step)

    def within(self, config_class: type, values: Mapping[str, object]) -> dict:
        """`values` with every size lowered to what a visitor may have here, and no place named: how a preset fills the
        form."""
        items = {item.name: item for item in describe(config_class)}
        return {name: self._lowered(items[name], value) if name in items else value for name, value in values.items()}

    def said(self, item: Setting) -> str:
        """What the page says beside the knob of a setting; empty where it has no limit here."""
        most, allowed = self.most(item), self.allowed(item)
        if most is not None:
            return " ".join(filter(None, ("At most", f"{most:,}", "values" if item.many else ""))) + " here."
        return f"One of {', '.join(allowed)} here." if allowed else ""

    def _lowered(self, item: Setting, value: object) -> object:
        if self.public and item.kind == PLACE:
            return value[:0]  # of a word or of a list
        most = self.most(item)
        if most is None:
            return value
        if isinstance(value, list | tuple):
            return value[:most]
        return most if item.all_at_zero and value == 0 else min(value, most)

    def _refusal(self, item: Setting, value: object) -> tuple[str, str] | None:
        """What was found and what was expected, where this value may not be here."""
        parts = value if isinstance(value, list | tuple) else (value,)
        size, most = len(parts) if parts is value else value, self.most(item)
        everything = item.all_at_zero and size == 0
        if most is not None and isinstance(size, int | float) and (size > most or everything):
            return "0, which means all" if everything else f"{size:,}", f"at most {most:,}"
        allowed = self.allowed(item)
        if wrong := [part for part in parts if allowed and part and part not in allowed]:
            return repr(str(wrong[0])[:80]), f"one of {', '.join(allowed)}"
        if self.public and item.kind == PLACE and any(parts):
            return "a path on the server", "nothing"
        return None


HOSTS = {
    host.kind: host
    for host in (
        Host(LOCAL),
        Host(
            CPU_SPACE,
            models=SMALL,
            tasks=(*POCKET, "arc_easy", "mmlu", *OWN),
            level=0,
            per_owner=2,
            wall_clock_s=900.0,
            hung_s=120.0,
            memory=6 * GIB,
            room_per_owner=GIB // 5,
            reserve=GIB,
            retention_s=24 * 3600.0,
            waited=Waited(BUNDLED, texts=32, characters=400, a_minute=8),
        ),
        Host(
            ZERO_GPU,
            models=LARGER,
            tasks=(*POCKET, "arc_easy", "mmlu", *OWN),
            level=1,
            waiting=16,
            per_owner=1,
            wall_clock_s=900.0,
            room_per_owner=GIB // 5,
            reserve=GIB,
            retention_s=24 * 3600.0,
            slice_s=15.0,
            waited=Waited(BUNDLED, texts=32, characters=400, a_minute=8),
        ),
    )
}


def this_host(environment: Mapping[str, str] = os.environ) -> Host:
    """The host we run on: what $DISTILLOSCOPE_HOST says, else what a Space's variables tell, else local."""
    said = environment.get(KIND, "")
    if said and said not in HOSTS:
        raise UserError(f"{KIND} is {said!r}.", f"one of {', '.join(HOSTS)}", "Correct or remove the variable.")
    told = ZERO_GPU if environment.get("SPACES_ZERO_GPU", "") not in ("", "0", "false") else CPU_SPACE
    host = HOSTS[said or (told if environment.get("SPACE_ID") else LOCAL)]
    sizes = {field: _size(name, environment[name]) for field, name in SIZES.items() if environment.get(name)}
    return replace(_within_memory(host, environment.get("MEMORY", "")), **sizes)


def keeps(environment: Mapping[str, str] = os.environ) -> bool:
    """False on a Space that loses its files when it restarts."""
    return not environment.get("SPACE_ID") or os.path.ismount(STORE)


def _size(name: str, said: str) -> int:
    if not said.isdecimal() or int(said) < 1:
        found, step = f"{name} is {said!r}.", "Correct or remove the variable."
        raise UserError(found, "a whole number of at least 1", step)
    return int(said)


def _within_memory(host: Host, told: str) -> Host:
    """A Space tells its memory as `16Gi` or `16GB`: a worker gets at most half of it."""
    digits = "".join(takewhile(lambda c: c.isdigit(), told))
    if host.memory is None or not digits or "G" not in told:
        return host
    return replace(host, memory=min(host.memory, int(digits) * GIB // 2))
