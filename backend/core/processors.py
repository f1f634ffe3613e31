"""What computes on this machine, as the system tells: the processor, the cores this process may use, the GPUs.

Standard library only, so that the page's server may ask; devices.py says what torch makes of it. Knows no work.
"""

import contextlib
import os
import platform
from functools import cache
from pathlib import Path

WORKERS, DEVICE = "DISTILLOSCOPE_WORKERS", "DISTILLOSCOPE_DEVICE"
MOST_WORKERS = 4  # where cores compute: each process holds the libraries and a model
CPUINFO, NVIDIA = Path("/proc/cpuinfo"), Path("/proc/driver/nvidia/gpus")
# the widest first; each name as Linux lists it, and what the instructions are called
LEVELS = (
    ("amx_bf16", "AMX"),
    ("avx512_bf16", "AVX-512 with bf16"),
    ("avx512f", "AVX-512"),
    ("avx2", "AVX2"),
    ("asimd", "NEON"),
)


def cores() -> int:
    """Those that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def gpus() -> int:
    """NVIDIA's GPUs that the driver lists and the environment shows; 0 where the CPU is asked for."""
    if os.environ.get(DEVICE) == "cpu":
        return 0
    try:
        listed = len(list(NVIDIA.iterdir()))
    except OSError:
        return 0
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    return listed if shown is None else min(listed, len([one for one in shown.split(",") if one.strip()]))


def workers(gpus: int) -> int:
    """Processes to use: one for each GPU, else one for each core, at most 4. $DISTILLOSCOPE_WORKERS overrides."""
    chosen = os.environ.get(WORKERS)
    return max(1, int(chosen)) if chosen else gpus or min(MOST_WORKERS, cores())


@cache
def processor() -> str:
    """The processor's name, as the system has it."""
    return _told("model name") or platform.processor() or platform.machine()


@cache
def level() -> str:
    """The widest instructions that matrix products may use here; the architecture's name where none is known."""
    flags = (_told("flags") or _told("Features")).split()
    return next((name for flag, name in LEVELS if flag in flags), platform.machine())


def _told(name: str) -> str:
    """What /proc/cpuinfo says of the first core; empty where there is no such file or line."""
    with contextlib.suppress(OSError):
        for line in CPUINFO.read_text(encoding="utf-8").splitlines():
            if line.partition(":")[0].strip() == name:
                return line.partition(":")[2].strip()
    return ""
