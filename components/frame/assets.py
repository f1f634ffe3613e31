"""What every page loads beside its own markup: one file of scripts, one of styles, and the Chinese for who asks.

Each is served under a name that holds its hash, so a browser keeps it for good and never has an old one. The tags stand
in the HTML itself: Gradio's `head` comes after the page is drawn. Knows files of text; no widget.
"""

import hashlib
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "distilloscope"
MEDIA = {"js": "text/javascript", "css": "text/css", "json": "application/json"}
FOR_GOOD = "public, max-age=31536000, immutable"
END = b"</head>"


@dataclass(frozen=True)
class Asset:
    """A text under the name `stem`.`suffix`."""

    stem: str
    suffix: str
    text: str

    @property
    def path(self) -> str:
        """Its address below the app's root."""
        mark = hashlib.sha256(self.text.encode()).hexdigest()[:12]
        return f"{FOLDER}/{self.stem}-{mark}.{self.suffix}"

    @property
    def tag(self) -> str:
        """What loads it before the page is drawn, from wherever the app's root is."""
        if self.suffix == "css":
            return f'<link rel="stylesheet" href="./{self.path}">'
        return f'<script src="./{self.path}"></script>'

    def route(self) -> Route:
        headers = {"Cache-Control": FOR_GOOD}

        async def answer(_: Request) -> Response:
            return Response(self.text, media_type=MEDIA[self.suffix], headers=headers)

        return Route(f"/{self.path}", answer)


class InHead:
    """Middleware: puts `tags` last in the head of every page. Leaves all else alone, files of a visitor's too."""

    def __init__(self, app: ASGIApp, tags: str):
        self.app, self.tags = app, tags.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/gradio_api/" in scope["path"]:
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Held(send, self.tags))


class _Held:
    """A `send` that holds back an answer of HTML until it is whole."""

    def __init__(self, send: Send, tags: bytes):
        self.send, self.tags = send, tags
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self.start = message
        elif self.start is None:
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_whole(message)

    async def _send_whole(self, message: Message) -> None:
        body = self.body.replace(END, self.tags + END, 1)
        MutableHeaders(scope=self.start)["content-length"] = str(len(body))
        await self.send(self.start)
        await self.send({**message, "body": body})


def _is_html(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "").startswith("text/html")
