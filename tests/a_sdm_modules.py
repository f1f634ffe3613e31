"""The modules of a made-up UNet as the rows of modules.jsonl: blocks, layers, units, and who reads whose output.

Their costs are made up. For tests of the page, which only reads such rows.
"""

COSTS = {"conv1": (0.5, 0.03), "conv2": (0.5, 0.03), "proj_in": (0.1, 0.003), "attn1": (0.3, 0.006),
         "attn2": (0.2, 0.004), "ff": (0.25, 0.01), "proj_out": (0.1, 0.003)}  # fmt: skip
TRANSFORMER = ("attn1", "attn2", "ff")
COST_NAMES = ("ms1", "ms8", "flops")


class Unet:
    """Down blocks, a middle and up blocks, layer by layer in the order in which they are executed."""

    def __init__(self, layers: int = 2, attends: tuple[bool, ...] = (False, True, True)):
        self.rows: list[dict] = []
        now = self.add("conv_in", "block", "conv_in", "", cost=(0.3, 0.02))
        skips = [now]
        for i, attention in enumerate(attends):
            now = self.block(f"down_blocks.{i}", "down", layers, attention, now, into=skips)
            if i + 1 < len(attends):
                name = f"down_blocks.{i}.downsamplers.0"
                now = self.add(name, "layer", "downsampler", f"down_blocks.{i}", [now], (0.3, 0.02))
                skips.append(now)
        now = self.middle(now)
        for i, attention in enumerate(reversed(attends)):
            now = self.block(f"up_blocks.{i}", "up", layers + 1, attention, now, outof=skips)
            if i + 1 < len(attends):
                name = f"up_blocks.{i}.upsamplers.0"
                now = self.add(name, "layer", "upsampler", f"up_blocks.{i}", [now], (0.3, 0.02))
        self.add("conv_out", "block", "conv_out", "", [now], (0.3, 0.02))
        self.sum_up()

    def add(self, name: str, level: str, kind: str, parent: str, reads=(), cost=(0.05, 0.0)) -> str:
        own = dict(zip(COST_NAMES, (cost[0], 3 * cost[0], cost[1]), strict=True))
        self.rows.append(
            {"id": name, "level": level, "kind": kind, "parent": parent, "reads": list(reads), "parameters": 1000,
             "cache_bytes": 12_288, **own, **{f"own_{key}": value for key, value in own.items()}}
        )  # fmt: skip
        return name

    def block(self, name: str, kind: str, layers: int, attention: bool, now: str, into=None, outof=None) -> str:
        self.add(name, "block", kind, "")
        for i in range(layers):
            now = self.resnet(f"{name}.resnets.{i}", name, [now] if outof is None else [now, outof.pop()])
            now = self.attention(f"{name}.attentions.{i}", name, now) if attention else now
            if into is not None:
                into.append(now)
        return now

    def middle(self, now: str) -> str:
        self.add("mid_block", "block", "mid", "")
        now = self.resnet("mid_block.resnets.0", "mid_block", [now])
        now = self.attention("mid_block.attentions.0", "mid_block", now)
        return self.resnet("mid_block.resnets.1", "mid_block", [now])

    def resnet(self, name: str, parent: str, reads: list[str]) -> str:
        self.add(name, "layer", "resnet", parent, [*reads, f"{name}.conv2"])
        self.unit(f"{name}.conv1", name, reads)
        self.unit(f"{name}.conv2", name, [f"{name}.conv1"])
        return name

    def attention(self, name: str, parent: str, read: str) -> str:
        self.add(name, "layer", "attention", parent, [read, f"{name}.proj_out"])
        before = [self.unit(f"{name}.proj_in", name, [read])]
        for unit in TRANSFORMER:
            before = [*before, self.unit(f"{name}.transformer_blocks.0.{unit}", name, before)]
        self.unit(f"{name}.proj_out", name, before)
        return name

    def unit(self, name: str, parent: str, reads: list[str]) -> str:
        last = name.rpartition(".")[2]
        return self.add(name, "unit", last, parent, reads, COSTS[last])

    def sum_up(self) -> None:
        """A parent takes as long as its parts and a little more; the row without a name is a whole step."""
        named = {row["id"]: row for row in self.rows}
        for row in reversed(self.rows):
            for key in COST_NAMES if row["parent"] else ():
                named[row["parent"]][key] += row[key]
        tops = [row for row in self.rows if not row["parent"]]
        self.add("", "unet", "unet", "", cost=(0.5, 0.0))
        whole = self.rows[-1] | {"parameters": 2_100_000}
        self.rows[-1] = whole | {key: whole[key] + sum(row[key] for row in tops) for key in COST_NAMES}
