"""Hosts: what a run may ask for, by the kind of machine that serves the page. All limits are in this file.

A laptop is unlimited. A public host is shared by strangers, so models and tasks come from a list, sizes have an upper
end, and nothing names a place on the server. Knows settings by name and sizes by number; no study, process or screen.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from backend.errors import UserError

LOCAL, CPU_SPACE, ZERO_GPU = "local", "cpu_space", "zero_gpu"
KIND = "DISTILLOSCOPE_HOST"  # says the kind; without it, what a Space's own variables tell
STORE = Path("/data")  # where a Space mounts its bucket
PLACES = ("data_dir", "start")  # settings that hold a path somebody typed
MODELS = ("model", "other_model", "student")
TASKS = ("task", "train_task", "tasks")
GIB = 2**30

SMALL = ("opt-pocket", "llama-pocket", "smollm2-135m", "facebook/opt-125m")
LARGER = (*SMALL, "HuggingFaceTB/SmolLM2-360M", "facebook/opt-350m", "facebook/opt-1.3b", "Qwen/Qwen2.5-0.5B")
POCKET = ("pocket_science", "pocket_mmlu")

CPU_SIZES = {
    "prompts": 16,
    "prompt_tokens": 32,
    "outer_steps": 250,
    "inner_steps": 24,
    "experts": 8,
    "heldout_experts": 2,
    "expert_steps": 60,
    "expert_span": 24,
    "expert_batch": 256,
    "finetune_steps": 150,
    "finetune_batch": 64,
    "steps": 240,
    "batch": 64,
    "rank": 32,
    "lora_rank": 32,
    "seeds": 5,
    "lrs": 4,
    "tasks": 3,
    "search_rounds": 20,
    "admm_neighbours": 100,
    "validation_limit": 200,
    "test_limit": 300,
    "train_limit": 2400,
}
ALL_AT_ZERO = ("test_limit",)  # settings whose 0 asks for everything there is, however much that is
LARGER_SIZES = CPU_SIZES | {
    "prompts": 32,
    "prompt_tokens": 64,
    "outer_steps": 500,
    "finetune_steps": 400,
    "steps": 600,
    "test_limit": 600,
}


@dataclass(frozen=True)
class Host:
    """A kind of host. None or an empty collection: no limit.

    `most` maps a setting to its upper end, of a list to its length. Times are in seconds, room is in bytes.
    """

    kind: str
    models: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    most: Mapping[str, int] = field(default_factory=dict)
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

    @property
    def public(self) -> bool:
        return self.kind != LOCAL

    def admit(self, config: Mapping[str, object]) -> None:
        """Raise UserError naming the first setting of a run that asks for more than a visitor may have here."""
        for name, found, expected in self._refusals(config):
            raise UserError(f"{name} is {found} (this host is shared).", expected, f"Change {name}, or run it at home.")

    def within(self, settings: Mapping[str, object]) -> dict:
        """The same settings with every size lowered to what a visitor may have here: how a preset fills the form."""
        lowered = {name: self._lowered(name, value) for name, value in settings.items() if name in self.most}
        return {**settings, **lowered}

    def said(self, name: str) -> str:
        """What the page says beside the knob of a setting; empty where it has no limit here."""
        if name in self.most:
            many = "values" if name in ("lrs", "tasks") else ""
            return " ".join(filter(None, ("Here at most", f"{self.most[name]:,}", many))) + "."
        allowed = self.models if name in MODELS else self.tasks if name in TASKS else ()
        return f"Here one of {', '.join(allowed)}." if allowed else ""

    def _lowered(self, name: str, value: object) -> object:
        if isinstance(value, list | tuple):
            return value[: self.most[name]]
        everything = name in ALL_AT_ZERO and value == 0
        return self.most[name] if everything else min(value, self.most[name])

    def _refusals(self, config: Mapping[str, object]) -> Iterator[tuple[str, object, str]]:
        for name, value in config.items():
            size = len(value) if isinstance(value, list | tuple) else value
            everything = name in ALL_AT_ZERO and size == 0
            if name in self.most and isinstance(size, int | float) and (size > self.most[name] or everything):
                yield name, "0, which is all" if everything else f"{size:,}", f"at most {self.most[name]:,}"
            allowed = self.models if name in MODELS else self.tasks if name in TASKS else ()
            for part in value if isinstance(value, list | tuple) else (value,):
                if allowed and part and part not in allowed:
                    yield name, repr(str(part)[:80]), f"one of {', '.join(allowed)}"
            if self.public and name in PLACES and value:
                yield name, "a place on the server", "nothing"


HOSTS = {
    host.kind: host
    for host in (
        Host(LOCAL),
        Host(
            CPU_SPACE,
            models=SMALL,
            tasks=(*POCKET, "arc_easy", "mmlu"),
            most=CPU_SIZES,
            per_owner=2,
            wall_clock_s=900.0,
            hung_s=120.0,
            memory=6 * GIB,
            room_per_owner=GIB // 5,
            reserve=GIB,
            retention_s=24 * 3600.0,
        ),
        Host(
            ZERO_GPU,
            models=LARGER,
            tasks=(*POCKET, "arc_easy", "mmlu"),
            most=LARGER_SIZES,
            waiting=16,
            per_owner=1,
            wall_clock_s=900.0,
            room_per_owner=GIB // 5,
            reserve=GIB,
            retention_s=24 * 3600.0,
            slice_s=15.0,
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
    return _within_memory(host, environment.get("MEMORY", ""))


def keeps(environment: Mapping[str, str] = os.environ) -> bool:
    """False on a Space that loses its files when it restarts."""
    return not environment.get("SPACE_ID") or os.path.ismount(STORE)


def _within_memory(host: Host, told: str) -> Host:
    """A Space tells its memory as `16Gi` or `16GB`: a worker gets at most half of it."""
    digits = "".join(takewhile(lambda c: c.isdigit(), told))
    if host.memory is None or not digits or "G" not in told:
        return host
    return replace(host, memory=min(host.memory, int(digits) * GIB // 2))
