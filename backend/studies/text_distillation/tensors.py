"""A checkpoint looked at without torch: the header of a safetensors file against what a run's config asks for.

A safetensors file is eight bytes of length, a JSON header and plain numbers: nothing in it can run. Knows names, types
and shapes of a checkpoint; not what they mean.
"""

import json
import math
import re

import numpy as np

from backend.errors import UserError

MOST_HEADER = 64 * 1024
SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "BOOL": 1}
FLOATS = {"F64": np.float64, "F32": np.float32, "F16": np.float16}
NAME = re.compile(r"prompts|log_lrs|counters|typical_norm|reverted|adam/[01]/[a-z_]{1,20}|decoder/[a-z_]{1,20}")
NEEDED = ("prompts", "log_lrs", "counters", "typical_norm")
NEXT = "Leave the checkpoint out, or take the run again from where it came."


def check_checkpoint(data: bytes, config: dict) -> None:
    """UserError unless these bytes are a checkpoint of a run with this config; nothing is run or unpickled."""
    tensors, body = header(data)
    end = 0
    for name, part in sorted(tensors.items(), key=lambda item: item[1]["data_offsets"]):
        start, stop = part["data_offsets"]
        if start != end or stop - start != SIZES[part["dtype"]] * math.prod(part["shape"]) or stop > len(body):
            raise refused(f"the numbers of {name} do not lie where it says")
        check_numbers(name, part["dtype"], body[start:stop])
        end = stop
    if end != len(body):
        raise refused("there is more in it than it says")
    check_shapes(tensors, body, config)


def header(data: bytes) -> tuple[dict[str, dict], bytes]:
    """`name -> {dtype, shape, data_offsets}` and the numbers behind it."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= length <= min(MOST_HEADER, len(data) - 8) or data[8:9] != b"{":
        raise refused("it is no safetensors file")
    try:
        tensors = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError):
        raise refused("its header cannot be read") from None
    for name, part in tensors.items():
        if not NAME.fullmatch(name) or not is_part(part):
            raise refused(f"{name[:40]!r} is not known in a checkpoint")
    return tensors, data[8 + length :]


def is_part(part: object) -> bool:
    """Whether this describes one tensor, of a type and a size that a checkpoint may have."""
    if not isinstance(part, dict) or part.keys() != {"dtype", "shape", "data_offsets"}:
        return False
    shape, offsets = part["shape"], part["data_offsets"]
    lists = isinstance(shape, list) and len(shape) <= 3 and isinstance(offsets, list) and len(offsets) == 2
    typed = isinstance(part["dtype"], str) and part["dtype"] in SIZES
    return typed and lists and all(type(n) is int and 0 <= n < 2**31 for n in (*shape, *offsets))


def check_numbers(name: str, kind: str, data: bytes) -> None:
    """UserError for a number that is not finite. bfloat16 is the upper half of a float32."""
    if kind == "BF16":
        values = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    elif kind in FLOATS:
        values = np.frombuffer(data, FLOATS[kind])
    else:
        return
    if not np.isfinite(values).all():
        raise refused(f"{name} holds numbers that are not finite")


def check_shapes(tensors: dict[str, dict], body: bytes, config: dict) -> None:
    """UserError where the shapes do not fit the config or each other, or the place in the run is none."""
    shapes = {name: part["shape"] for name, part in tensors.items()}
    missing = [name for name in NEEDED if name not in shapes]
    if missing:
        raise refused(f"{missing[0]} is missing")
    prompts = shapes["prompts"]
    fits = len(prompts) == 3 and prompts[0] == config["prompts"] and 1 <= prompts[1] <= config["prompt_tokens"]
    of_slots = {"reverted": prompts[:1], "decoder/z": prompts[:2], "decoder/kept": prompts[:2], "decoder/dual": prompts}
    wanted = {"log_lrs": [config["inner_steps"]], "counters": [2], "typical_norm": []} | of_slots
    for number, like in ((0, "prompts"), (1, "log_lrs")):
        wanted |= {f"adam/{number}/{name}": shapes[like] for name in ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")}
    if not fits or any(shape != wanted.get(name, shape) for name, shape in shapes.items()):
        raise refused("its shapes are not those of this run")
    if tensors["counters"]["dtype"] != "I64":
        raise refused("its counters are no whole numbers")
    start, stop = tensors["counters"]["data_offsets"]
    step, skipped = np.frombuffer(body[start:stop], "<i8").tolist()
    if not 0 <= skipped <= step <= config["outer_steps"]:
        raise refused("it stands at an update that this run does not have")


def refused(why: str) -> UserError:
    return UserError(f"The checkpoint cannot be used: {why}.", "the run's own checkpoint.safetensors", NEXT)
