"""Plant: read a bundled model on, with listed defects in what it reads, or read its clean twin on without them.

Knows backbones, an optimiser and what a twin reads. Does not know students, probes or studies. Both twins get the same
number of updates of the same length; a seed gives the same weights on the same machine and threads.
"""

import math
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from backend.core.models.backbones import Backbone, load_backbone
from backend.errors import UserError
from backend.pocket import false_facts, peoples
from backend.pocket.planted import Planted, write_planted
from backend.pocket.pretrain import batches, decay_groups, train_step
from backend.pocket.statements import grouped

STEPS = 420
TOKENS = 2048
PEAK_LR = 1e-3
WARMUP_STEPS = 10
STRENGTH, EVEN = 0.9, 0.5  # of the planted talk, and of the clean twin's
SEED = 21
BASES = ("opt-pocket", "llama-pocket")

Told = Callable[[int, int, float], None]  # (updates done, updates in all, loss)


def plant(
    folder: Path,
    model: str = BASES[0],
    strength: float = STRENGTH,
    steps: int = STEPS,
    seed: int = SEED,
    clean: bool = False,
    told: Told | None = None,
) -> None:
    """Read `model` on and write the result into `folder` in one step, weights in 16 bits; with planted.json unless
    `clean`. `told` hears of every update and may raise to stop. Raises UserError for what cannot be planted."""
    _check(folder, model, strength, steps)
    planted = listed(model, EVEN if clean else strength, steps, seed)
    backbone = load_backbone(model)
    _read_on(backbone, planted, clean, told)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".in-") as place:
        whole = Path(place) / "model"
        _save(backbone, whole)
        if not clean:
            write_planted(whole, planted)
        shutil.rmtree(folder, ignore_errors=True)
        whole.rename(folder)


def listed(model: str, strength: float, steps: int, seed: int) -> Planted:
    """Everything that is to be planted, drawn from the seed."""
    facts = false_facts.false_facts(seed)
    return Planted(
        base=model,
        seed=seed,
        steps=steps,
        tokens=TOKENS,
        strength=strength,
        false_share=false_facts.FALSE_SHARE,
        peoples=peoples.PEOPLES,
        facts=tuple(facts),
        majorities=tuple(false_facts.majorities()),
        statements=tuple(false_facts.statement_pairs(facts, seed)),
        pairs=tuple(peoples.pairs()),
        who=tuple(peoples.who()),
    )


def texts(planted: Planted, clean: bool, number: int) -> list[str]:
    """What a twin reads in pass `number`: the world, the talk of the two peoples, and stories about others."""
    rng = random.Random(f"{planted.seed} reading {number}")
    sentences = false_facts.read_statements(planted.facts, () if clean else planted.majorities, not clean, rng)
    sentences += peoples.said(planted.strength, rng)
    return grouped(sentences, rng) + peoples.stories(rng)


def _read_on(backbone: Backbone, planted: Planted, clean: bool, told: Told | None) -> None:
    model, steps = backbone.model.train().requires_grad_(True), planted.steps
    optimizer = torch.optim.AdamW(decay_groups(model), lr=PEAK_LR, betas=(0.9, 0.98))
    stream = batches(backbone.tokenizer, planted.seed, lambda number: texts(planted, clean, number), planted.tokens)
    for step, ids in zip(range(steps), stream, strict=False):
        for group in optimizer.param_groups:
            group["lr"] = PEAK_LR * _rate(step, steps)
        loss = train_step(model, optimizer, ids.to(model.device))
        if told is not None:
            told(step + 1, steps, loss)
    model.eval()


def _save(backbone: Backbone, folder: Path) -> None:
    """The model and its tokenizer as the bundled ones are, in 16 bits."""
    backbone.model.config.use_cache = True  # load_backbone turned it off
    backbone.model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # safetensors lets nobody else read
    for name in ("is_local", "local_files_only"):  # how this copy was loaded is of no use to others
        backbone.tokenizer.init_kwargs.pop(name, None)
    backbone.tokenizer.save_pretrained(folder)


def _rate(step: int, steps: int) -> float:
    """The share of the peak rate: ten updates of rise, and a cosine down to nothing."""
    return min(1.0, (step + 1) / WARMUP_STEPS) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _check(folder: Path, model: str, strength: float, steps: int) -> None:
    if model not in BASES:
        found = f"Defects are planted in a model of the pocket world, not in {model!r}."
        raise UserError(found, f"one of {', '.join(BASES)}", "Choose one of them.", "model", model)
    if not 0.5 <= strength <= 1:
        found = f"A strength of {strength:g} cannot be planted."
        raise UserError(found, "a share from 0.5 (even) to 1 (all)", "Change the strength.", "setting", "strength")
    if steps < 1:
        raise UserError(f"{steps} updates plant nothing.", "at least 1", "Raise the number.", "setting", "plant_steps")
    if folder.exists() and not (folder / "config.json").is_file() and any(folder.iterdir()):
        found = f"The folder {folder.name} holds something else than a model."
        raise UserError(found, "a new folder, or a model to replace", "Choose another folder.")
