"""Settings that several studies have word for word, and the checks of lists that they share.

Knows words and ranges. Does not know which study has which; defaults and groups are the studies' own.
"""

from collections.abc import Sequence

from backend.settings import setting, setting_error


def seed_setting(group: str):
    """`seed`, from which a run draws everything."""
    return setting(
        0,
        "Determines everything that is random.",
        group,
        label="Random seed",
        low=0,
        high=2**31 - 1,
        public="a seed costs nothing",
    )


def task_folder_setting(group: str = "Data"):
    """`data_dir`: where a task's rows lie."""
    return setting(
        "",
        "A folder of local data; for own tasks also a file, or a hub data set as owner/name. Empty: the task's data.",
        group,
        label="Data folder",
        kind="place",
    )


def answers_from_setting(group: str = "Data"):
    """`answers_from`; see `counted_from`."""
    return setting(
        "auto",
        "Where the numbers among a file's answers begin to count the options; auto: the file tells.",
        group,
        label="Answers are counted from",
        choices=("auto", "0", "1"),
        public="a word costs nothing",
    )


def counted_from(answers_from: str) -> int | None:
    """Where the numbers among the answers of files begin; None where each file has to tell."""
    return None if answers_from == "auto" else int(answers_from)


def students_setting(help: str = "Students of each arm, each with its own start and order.", group: str = "Training"):
    """`seeds`: how often an arm is trained."""
    return setting(5, help, group, label="Students of each arm", basic=True, low=1, high=100, public=5)


def rank_setting(help: str = "Rank of the adapter."):
    """`rank` of LoRA's matrices."""
    return setting(8, help, "Training", label="Rank of the adapter", low=1, high=512, public=32)


def check_arms(arms: Sequence[str], example: str) -> None:
    """Raise UserError unless there are arms, each once; `example` is advice, such as scratch,both."""
    if not arms or len(set(arms)) != len(arms):
        found = f"arms is {', '.join(arms) or 'empty'}."
        raise setting_error("arms", found, "different arms, at least one", f"Write for example arms={example}.")


def check_step_sizes(lrs: Sequence[float], example: str) -> None:
    """Raise UserError unless there are step sizes above 0 and up to 1, each once; `example` is advice."""
    if not lrs or not all(0 < lr <= 1 for lr in lrs) or len(set(lrs)) != len(lrs):
        found = f"lrs is {', '.join(map(str, lrs)) or 'empty'}."
        raise setting_error(
            "lrs", found, "different step sizes above 0, at most 1", f"Write for example lrs={example}."
        )


# -- studies of pictures with captions ------------------------------------------------------------------------------
def world_setting(worlds: Sequence[str], group: str):
    """`world`: which pictures, by name."""
    return setting(
        "pocket",
        "pocket: scenes that are drawn here. emoji: an atlas that you built. own: pictures with captions of your own.",
        group,
        label="Pictures",
        basic=True,
        choices=tuple(worlds),
    )


def picture_folder_setting(group: str):
    """`data_dir`: where emoji or own pictures lie."""
    return setting(
        "",
        "A folder or table of own pictures, or the atlas of emoji; empty: the atlas in the home folder.",
        group,
        label="Folder of pictures",
        kind="place",
        only_with=("world", ("emoji", "own")),
    )


def groups_setting(group: str):
    """`groups` of emoji."""
    return setting(
        (),
        "Groups of emoji, such as animals,food; empty for all, whose many names take long to ask for.",
        group,
        label="Groups of emoji",
        public="fewer groups are fewer pictures",
        only_with=("world", ("emoji",)),
    )


def loose_setting(group: str):
    """`loose`: how many captions leave things out."""
    return setting(
        0.4,
        "Share of loose captions, which leave things out or say the kind: they fit other pictures too.",
        group,
        label="Share of loose captions",
        basic=True,
        low=0.0,
        high=1.0,
        public="a share costs nothing",
        only_with=("world", ("pocket", "emoji")),
    )
