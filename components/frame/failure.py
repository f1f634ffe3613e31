"""An error as the page says it: what was found, what was expected, what to do. Knows no widget and no trace."""

from html import escape

from backend.errors import UserError


def error_markup(error: UserError, field: str = "") -> str:
    """What was found, expected and is to be done. `field`: the id of the widget that it is about."""
    about = f' data-field="{escape(field)}"' if field else ""
    return (
        f'<div class="ds-failure" role="alert"{about}><strong>{escape(error.found)}</strong>'
        f"<p>Expected {escape(error.expected)}. {escape(error.next_step)}</p></div>"
    )
