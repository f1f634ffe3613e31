"""What two settings of a comparison must not be together, and lists that must not be empty. Standard library only.

Each check takes the ComparisonConfig, whose single fields were checked, and raises UserError.
"""

from backend.comparison.names import EMBEDDED, FREE_TASKS, WRITTEN
from backend.settings import setting_error
from backend.studies.text_distillation.config import OWN, check_moves, check_own_data


def check_together(config) -> None:
    """All checks in turn."""
    for one in (check_data, check_lists, check_embedded, check_written, check_models):
        one(config)


def check_data(config) -> None:
    """Data of one's own where the task asks for it, and nothing that free answers cannot have."""
    check_own_data(config.task, config.data_file, config.data_dir)
    check_moves(config.task, "moves", config.moves)
    if config.task == f"{OWN}letters":
        raise setting_error(
            "task",
            "task is own_letters, which is asked by letters under solved examples.",
            "own_options",
            "Set task to own_options, which reads the same file; style=letters then teaches letters.",
        )
    if config.task in FREE_TASKS and (config.style == "letters" or config.shuffle_options):
        name = "style" if config.style == "letters" else "shuffle_options"
        raise setting_error(
            name,
            f"{name} is {getattr(config, name)}, but the answers of {config.task} are free texts without options.",
            "questions with options",
            f"Leave {name} out.",
        )


def check_lists(config) -> None:
    """Students, arms, step sizes and regimes: some of each, each once."""
    if not config.students or not config.arms or not config.lrs or not config.regimes:
        empty = next(name for name in ("students", "arms", "lrs", "regimes") if not getattr(config, name))
        raise setting_error(empty, f"{empty} is empty.", "at least one", f"Name one in {empty}.")
    for name in ("students", "arms", "lrs"):
        found = getattr(config, name)
        if twice := [one for one in found if found.count(one) > 1]:
            raise setting_error(name, f"{name} names {twice[0]} twice.", "each once", f"Name it once in {name}.")


def check_embedded(config) -> None:
    """What a distillation learned teaches texts, through adapters on all layers."""
    embedded = [arm for arm in config.arms if arm in EMBEDDED] + [r for r in config.regimes if r == "matched"]
    if config.style == "letters" and embedded:
        found = f"style is letters, but {embedded[0]} comes from a distillation, which teaches texts."
        expected = "arms of real or searched text, in the ordinary regime"
        raise setting_error("style", found, expected, "Leave it out.")
    if embedded and (elsewhere := config.adapted_elsewhere()):
        name = "adapted_layers" if config.adapted_layers else "adapted_modules"
        found = f"{name} is {elsewhere[name]}, but {embedded[0]} comes from a distillation, which adapts all."
        raise setting_error(name, found, "arms of real or searched text, in the ordinary regime", "Leave it out.")


def check_written(config) -> None:
    """A distillation and evolve begin with real questions."""
    real = [arm for arm in config.arms if arm in (*EMBEDDED, "evolve")] + [r for r in config.regimes if r == "matched"]
    if config.start == WRITTEN and real:
        found, expected = f"start is written, but {real[0]} begins with real questions.", "a selector, or best"
        raise setting_error("start", found, expected, f"Choose another start, or leave {real[0]} out.")


def check_models(config) -> None:
    """The outsider takes no part, and judged models are among the students."""
    if config.outsider in (config.model, *config.students):
        found = f"outsider is {config.outsider}, which takes part."
        step = "Name another one, or none."
        raise setting_error("outsider", found, "a model that neither selects nor learns", step)
    if config.readers == "both" and config.model not in config.students:
        raise setting_error(
            "readers",
            f"readers is both, but {config.model} is not among the students.",
            "the model among the students whose texts are judged",
            "Add it to students, or set readers to own.",
        )
