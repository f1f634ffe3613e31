"""Navigation: the pages of the app, their addresses, and the links between them in the header.

A page has an address of its own, which loads nothing of the others. Links of before, with `?tab=`, lead to the new
addresses. Knows the table of studies; no study by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import URL
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.study import all_studies, broken

COMPARE = "compare"


@dataclass(frozen=True)
class Place:
    """A page: its address below the app's root (the first page has none), what it is called in the header, and the
    question that it answers.

    `form` is the element that the header's button leads to, and what the button says; empty where there is none.
    """

    address: str
    title: str
    question: str = ""
    form: tuple[str, str] = ("", "")


def address_of(study: str) -> str:
    """The address of a study's page; the first study's page is the app's first page too."""
    first = next((one.name for one in all_studies() if one.shown), None)
    return "" if study == first else study.replace("_", "-")


def places() -> list[Place]:
    """All pages, in the order of the table of studies; a study that cannot be loaded has one that says so."""
    found = [Place(address_of(s.name), s.title, s.question, ("#form", s.words.own)) for s in all_studies() if s.shown]
    found += [Place(address_of(name), name.replace("_", " ").capitalize()) for name in broken()]
    return [*found, Place(COMPARE, "Compare", "In what do runs differ, and which is better?")]


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


class NoSuchPage:
    """Middleware: where there is no page, a browser gets one that says what was looked for, and which pages there are.

    Programs get the answer as it is.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = dict(scope.get("headers") or ()).get(b"accept", b"")
        missing = False

        async def tell(message: Message) -> None:
            nonlocal missing
            if message["type"] == "http.response.start" and message["status"] == 404:
                missing = True
                root = scope.get("root_path", "").rstrip("/")
                page = no_such_page(scope["path"].removeprefix(root), f"{root}/")
                await HTMLResponse(page, status_code=404)(scope, receive, send)
            elif not missing:
                await send(message)

        by_browser = scope["type"] == "http" and scope["method"] == "GET" and b"text/html" in accepted
        await self.app(scope, receive, tell if by_browser else send)


def no_such_page(path: str, root: str) -> str:
    """The whole page; `root` is what the app's own addresses begin with."""
    links = "".join(
        f'<li><a href="{escape(root + place.address)}">{escape(place.title)}</a></li>' for place in places()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>No such page · Distilloscope</title><style>body{font:17px/1.5 system-ui,sans-serif;max-width:34em;"
        "margin:12vh auto;padding:0 20px}:root{color-scheme:light dark}</style>"
        f"<h1>There is no page {escape(path[:80])}</h1><p>These are the pages of Distilloscope:</p><ul>{links}</ul>"
        "</html>"
    )


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
