"""Answers on their way out, looked through for files without asking every number whether it is one.

Gradio goes through each answer twice, value by value, and for a chart of thousands of numbers makes as many coroutines:
30 percent of what a server does that shows one run after another. Knows Gradio's two walks; nothing of the page.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from gradio_client import utils

NO_FILES = {float, int, bool, type(None)}


def walk(found: Any, change: Callable[[Any], Any], wanted: Callable[[Any], bool]) -> Any:
    """Stands in for Gradio's own: a copy in which every part that is `wanted` was changed. Numbers are not asked."""
    if wanted(found):
        return change(found)
    if isinstance(found, dict):
        copy = dict(found)
        for key, one in found.items():
            if type(one) not in NO_FILES:
                copy[key] = walk(one, change, wanted)
        return copy
    if isinstance(found, list | tuple):
        copy = list(found)
        for place, one in enumerate(found):
            if type(one) not in NO_FILES:
                copy[place] = walk(one, change, wanted)
        return copy
    return found


async def walk_waiting(found: Any, change: Callable[[Any], Awaitable[Any]], wanted: Callable[[Any], bool]) -> Any:
    """Stands in for Gradio's own that waits for changes: a copy in which every part that is `wanted` was changed."""
    if wanted(found):
        return await change(found)
    if isinstance(found, dict):
        copy = dict(found)
        for key, one in found.items():
            if type(one) not in NO_FILES:
                copy[key] = await walk_waiting(one, change, wanted)
        return copy
    if isinstance(found, list | tuple):
        copy = list(found)
        for place, one in enumerate(found):
            if type(one) not in NO_FILES:
                copy[place] = await walk_waiting(one, change, wanted)
        return copy
    return found


def pass_over_numbers() -> None:
    """From now on in every answer of this process. Doing it twice changes nothing."""
    utils.traverse, utils.async_traverse = walk, walk_waiting
