"""Schedule: which rounds of a search belong to which of its restarts, and after which ones students validate.

Rounds are numbered from 1 through all restarts, which share them as evenly as can be: as many rounds are as many
students, however often the search begins. Torch-free.
"""

from backend.settings import setting_error


def restart_of(number: int, rounds: int, restarts: int) -> int:
    """The restart that a round belongs to, from 0."""
    return (number - 1) * restarts // rounds


def within(number: int, rounds: int, restarts: int) -> int:
    """A round's number within its restart, from 1."""
    return number - -(-restart_of(number, rounds, restarts) * rounds // restarts)


def ends(number: int, rounds: int, restarts: int) -> bool:
    """Whether a restart ends with this round."""
    return number == rounds or restart_of(number + 1, rounds, restarts) > restart_of(number, rounds, restarts)


def validates(number: int, rounds: int, restarts: int, every: int) -> bool:
    """Whether fresh students validate the texts after this round."""
    return within(number, rounds, restarts) % every == 0 or ends(number, rounds, restarts)


def check_restarts(name: str, restarts: int, rounds: int) -> None:
    """Raise UserError where the restarts, which the setting `name` has, are more than the rounds they share."""
    if restarts > max(1, rounds):
        found = f"{name} is {restarts}, but there are {rounds} rounds to share."
        raise setting_error(name, found, "at least one round for each", f"Lower {name}, or raise the rounds.")
