"""Where the computed steps of a plan should lie: one of them is moved at a time, as long as pictures grow more like.

    python -m benchmarks.computed_steps [--start deepcache0@start9:16] [--model FOLDER] [--pictures 24] [--fewer 10,9]
                                        [--rounds 9] [--json] [--keep]

Likeness is PSNR to the full model's pictures of the same noise, on validation prompts alone, so that the test's stay
unseen. Then the best plan and fewer steps are timed in turn with the full model, at one picture and at eight: the
median of --rounds, CPU seconds of one thread.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from backend.core.devices import set_threads
from backend.core.diffusion.likeness import psnr
from backend.core.diffusion.step_sets import Steps
from backend.pocket.drawing import prompts_fixed
from backend.runs.folder import RunDir
from backend.studies.a_sdm.arms import FULL
from backend.studies.a_sdm.config import ASdmConfig
from backend.studies.a_sdm.data import World, asked_of
from backend.studies.a_sdm.drawing import Studio
from backend.studies.a_sdm.recipes import Recipe, recipe_of, steps_of
from backend.studies.a_sdm.timing import TIMED, speeds
from backend.studies.a_sdm.usual import TWICE
from benchmarks.rows import Table, parser, row


def main(argv: Sequence[str] | None = None) -> None:
    found = parser(__doc__)
    found.add_argument("--start", default=TWICE, metavar="PLAN", help="the plan to begin with, as settings spell it")
    found.add_argument("--model", default="", help="a folder with another model than the bundled one")
    found.add_argument("--pictures", type=int, default=24, help="validation prompts, up to 192")
    found.add_argument("--fewer", default="10,9", help="the full model in fewer steps, timed beside")
    found.set_defaults(rounds=9)
    args = found.parse_args(argv)
    set_threads(1)
    with Table.of("computed_steps", args) as table, tempfile.TemporaryDirectory() as folder:
        drawn = Drawn(ASdmConfig(teacher=args.model), Path(folder), args.pictures)
        best = start = recipe_of(args.start)
        many = start.steps or drawn.studio.world.config.steps
        for chosen, value in climbed(
            steps_of(start.inherit, many), many, lambda chosen: drawn.likeness(by_hand(start, chosen))
        ):
            best = by_hand(start, chosen)
            table.add(row(best.text, value, "dB"))
        fewer = (recipe_of(f"{FULL}:{number}") for number in args.fewer.split(","))
        table.within([("speeds", lambda: drawn.rows((best, *fewer), args.rounds))])


def by_hand(recipe: Recipe, chosen: Steps) -> Recipe:
    """The recipe, with these steps computed and what it inherited before inherited at the others."""
    return replace(recipe, inherit=replace(recipe.inherit, set="hand", numbers=tuple(map(float, chosen))))


def climbed(start: Steps, many: int, value: Callable[[Steps], float]) -> Iterator[tuple[Steps, float]]:
    """The start and each better set that moving one step by one leads to, with its value, until no move is better."""
    most, seen, moves = value(start), {start}, neighbours(start, many)
    yield start, most
    while (moved := next((one for one in moves if one not in seen), None)) is not None:
        seen.add(moved)
        if (found := value(moved)) > most:
            most, moves = found, neighbours(moved, many)
            yield moved, most


def neighbours(chosen: Steps, many: int) -> Iterator[Steps]:
    """All sets of `many` steps in which one but the first lies one earlier or later."""
    for at in range(1, len(chosen)):
        for moved in (chosen[at] - 1, chosen[at] + 1):
            if moved < many and moved not in chosen:
                yield (*chosen[:at], moved, *chosen[at + 1 :])


class Drawn:
    """What settings come to on validation prompts."""

    def __init__(self, config: ASdmConfig, folder: Path, pictures: int):
        self.studio = Studio(World(config, RunDir(folder)))
        self.asked = asked_of(prompts_fixed.fixed("validation", pictures))
        self.full = self._pixels(Recipe())

    def likeness(self, recipe: Recipe) -> float:
        """The mean PSNR to the full model's pictures in dB."""
        return psnr(self._pixels(recipe), self.full).mean().item()

    def _pixels(self, recipe: Recipe) -> Float[Tensor, "n 3 side side"]:
        return self.studio.draw(self.studio.legs(recipe), self.asked).pixels

    def rows(self, recipes: Sequence[Recipe], rounds: int) -> Iterator[dict]:
        """The likeness of each, and how many times faster whole samplings are, by pictures of a batch."""
        for recipe in recipes:
            yield row(recipe.text, self.likeness(recipe), "dB")
        legs = {recipe: self.studio.legs(recipe) for recipe in (Recipe(), *recipes)}
        for many in TIMED:
            asked = self.asked.part(0, many)
            took = {recipe: [] for recipe in legs}
            for _ in range(rounds):
                for recipe in legs:
                    took[recipe].append(self.studio.seconds(legs[recipe], asked))
            for recipe in recipes:
                yield row(f"{recipe.text}, batch {many}", speeds(took[recipe], took[Recipe()])[0], "x")


if __name__ == "__main__":
    main()
