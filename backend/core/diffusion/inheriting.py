"""Carries a plan of inheritance out on a UNet that stays as it is: hooks of diffusers, taken away afterwards.

What is dead does not run: it hands back a single number that is no number, stretched to the right shape, so that a
picture would show at once where the analysis was wrong. Values that later steps read stay in a cache until the
sampling ends. Knows nothing of prompts, schedulers or pictures; dead_code.py finds what is dead.
"""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.hooks import HookRegistry, ModelHook
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor, nn

from backend.core.diffusion.dead_code import ANSWER, Program, programs
from backend.core.diffusion.modules import modules_of
from backend.core.diffusion.plans import Plan
from backend.core.diffusion.spots import Spot, come_to, spots_of
from backend.errors import UserError

NAME = "feature inheritance"


class Inheriting:
    """Within `with Inheriting(unet, plan):` the UNet carries the plan out, one step a call.

    It counts its calls and begins anew after as many as the plan has steps; after a sampling that was left early call
    `restart`. All pictures of a batch, and both halves of guidance, inherit at the same steps; the words have to stay
    the same during a sampling. Raises UserError where the plan does not fit the UNet, and at a call whose batch is
    another than at step 0.
    """

    def __init__(self, unet: UNet2DConditionModel, plan: Plan) -> None:
        self.unet, self.plan = unet, plan
        self.modules = modules_of(unet)
        self.programs = self._programs()
        self._touched: list[tuple[nn.Module, frozenset[str]]] = []
        self.restart()

    def _programs(self) -> Sequence[Program]:
        """All programs that a call may follow, the first for a step that inherits nothing."""
        return programs(self.modules, self.plan)

    def restart(self) -> None:
        """Begin a new sampling: the next call is step 0, and the cache is empty."""
        self.step, self.program = 0, self.programs[0]
        self.cache: dict[str, Tensor] = {}
        self._unread: dict[str, list[Tensor]] = {}  # what a place hands on where nobody reads it
        self._batch: torch.Size | None = None

    @property
    def cache_bytes(self) -> int:
        """How much memory the values take that are kept for later steps."""
        storages = {value.untyped_storage().data_ptr(): value.untyped_storage() for value in self.cache.values()}
        return sum(storage.nbytes() for storage in storages.values())

    def __enter__(self) -> "Inheriting":
        try:
            self._hook(self.unet, _WholeHook(self))
            for spot in self._busy_spots():
                self._hook(self.unet.get_submodule(spot.name), _SpotHook(self, spot))
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._remove()
        self.restart()

    def _busy_spots(self) -> list[Spot]:
        """The places to be hooked, at which some step has more to do than to run. Each hook costs every step about 8
        microseconds, so that what is left out with all that is in it has one hook and not one for each part."""
        spots = spots_of(self.unet, self.modules)
        found = {
            spot.name
            for program in dict.fromkeys(self.programs)
            for spot in come_to(spots, program)
            if self.busy(spot, program)
        }
        return [spot for spot in spots if spot.name in found]

    def busy(self, spot: Spot, program: Program) -> bool:
        """Whether a place has to be hooked for the sake of this program."""
        return spot.busy(program)

    def call(self, forward: Callable[..., Any], args: tuple, kwargs: dict) -> Tensor:
        """One call of the UNet, which is one step. Where nothing is computed the UNet does not run at all."""
        self._begin((args[0] if args else kwargs["sample"]).shape)
        answer = self._answer(forward, args, kwargs)
        self.step += 1
        return answer

    def _begin(self, batch: torch.Size) -> None:
        if self.step == self.plan.steps:
            self.restart()
        if self._batch not in (None, batch):
            raise UserError(
                f"At step {self.step} the batch is {tuple(batch)}, at step 0 it was {tuple(self._batch or ())}.",
                "one batch from the first step to the last",
                "Sample each batch to its end before the next, or call restart in between.",
            )
        self._batch = batch

    def _answer(self, forward: Callable[..., Any], args: tuple, kwargs: dict) -> Tensor:
        return self._carried_out(self.programs[self.step], forward, args, kwargs)

    def _carried_out(self, program: Program, forward: Callable[..., Any], args: tuple, kwargs: dict) -> Tensor:
        self.program = program
        if not program.executed:
            return self.cache[ANSWER].clone()
        return forward(*args, **kwargs | {"return_dict": False})[0]

    def reached(self, spot: Spot, forward: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
        """What a hooked module hands on at this step: what it computes, what it once computed, or nothing to read."""
        if not self.program.executed.isdisjoint(spot.needed):
            answer = forward(*args, **kwargs)
            if spot.name not in self._unread:
                self._unread[spot.name] = [_unread(value, spot.small) for value in spot.unpacked(answer)]
            if not spot.value or spot.value in self.program.executed:
                if spot.value in self.program.kept:
                    self.keep(spot.value, spot.unpacked(answer)[0])
                return answer
        pairs = zip(spot.values, self._unread[spot.name], strict=True)
        return spot.packed([self.cache[id] if id in self.program.given else unread for id, unread in pairs])

    def keep(self, id: str, value: Tensor) -> None:
        """Remember a value for the steps that will read it."""
        self.cache[id] = value

    def _hook(self, module: nn.Module, hook: ModelHook) -> None:
        own = frozenset(vars(module))
        HookRegistry.check_if_exists_or_initialize(module).register_hook(hook, NAME)
        self._touched.append((module, own))

    def _remove(self) -> None:
        """Leave every module with what it had before, its own `forward` among it."""
        for module, own in reversed(self._touched):
            registry = HookRegistry.check_if_exists_or_initialize(module)
            registry.remove_hook(NAME, recurse=False)
            if not registry.hooks:
                for added in {"forward", "_diffusers_hook"} - own:
                    vars(module).pop(added, None)
        self._touched.clear()


def _unread(value: Tensor, small: bool) -> Tensor:
    """No number in place of a value that nobody reads, in its shape or, where `small`, in as many dimensions."""
    return value.new_full((), float("nan")).expand([1] * value.ndim if small else value.shape)


class _WholeHook(ModelHook):
    """On the UNet itself: counts its calls, which are the steps."""

    def __init__(self, run: Inheriting) -> None:
        super().__init__()
        self.run = run

    def new_forward(self, module: nn.Module, *args: Any, return_dict: bool = True, **kwargs: Any) -> Any:
        answer = self.run.call(self.fn_ref.original_forward, args, kwargs)
        return UNet2DConditionOutput(sample=answer) if return_dict else (answer,)


class _SpotHook(ModelHook):
    """On a part of the UNet: runs it or hands on something older, as the step's program says."""

    def __init__(self, run: Inheriting, spot: Spot) -> None:
        super().__init__()
        self.run, self.spot = run, spot

    def new_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        return self.run.reached(self.spot, self.fn_ref.original_forward, args, kwargs)
