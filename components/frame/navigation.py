"""Navigation: the pages of the app, their addresses, and the links between them in the header.

A page has an address of its own, which loads nothing of the others. Links of before, with `?tab=`, lead to the new
addresses. Knows the table of studies; no study by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import URL
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.study import all_studies, broken

COMPARE = "compare"


@dataclass(frozen=True)
class Place:
    """A page: its address below the app's root (the first page has none), and what it is called in the header.

    `form` is the element that the header's button leads to, and what the button says; empty where there is none.
    """

    address: str
    title: str
    form: tuple[str, str] = ("", "")


def address_of(study: str) -> str:
    """The address of a study's page; the first study's page is the app's first page too."""
    first = next((one.name for one in all_studies() if one.shown), None)
    return "" if study == first else study.replace("_", "-")


def places() -> list[Place]:
    """All pages, in the order of the table of studies; a study that cannot be loaded has one that says so."""
    found = [Place(address_of(s.name), s.title, ("#form", s.words.own)) for s in all_studies() if s.shown]
    found += [Place(address_of(name), name.replace("_", " ").capitalize()) for name in broken()]
    return [*found, Place(COMPARE, "Compare")]


def navigation(current: str) -> str:
    """Links to all pages, as markup; the address of the page they stand on is `current`."""
    links = "".join(
        f'<a href="{link(current, place.address)}"{" aria-current=page" if place.address == current else ""}>'
        f"{escape(place.title)}</a>"
        for place in places()
    )
    return f'<nav class="ds-pages" aria-label="Pages">{links}</nav>'


def link(current: str, address: str) -> str:
    """From one page to another, relative: the app may stand below a path of a proxy."""
    return address or ("./" if current else ".")


class OldLinks:
    """Middleware: an address of before (`/?tab=bench&run=...`) is answered with the one that it leads to now."""

    def __init__(self, app: ASGIApp, addresses: Sequence[str] = ()):
        self.app = app
        self.addresses = frozenset(addresses or (place.address for place in places()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"))) if scope["type"] == "http" else {}
        tab, root = wanted.pop("tab", None), scope.get("root_path", "").rstrip("/")
        at_root = scope["type"] == "http" and scope["path"].removeprefix(root) in ("", "/")
        if not (at_root and scope["method"] in ("GET", "HEAD") and tab):
            await self.app(scope, receive, send)
            return
        address = tab if tab in self.addresses else ""
        url = URL(f"{root}/{address}").replace(query=urlencode(wanted))
        await RedirectResponse(str(url))(scope, receive, send)
