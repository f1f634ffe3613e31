"""Routes beside the page's own: GET /health, and doors of Gradio's that this app does not use and therefore shuts.

Knows addresses; no page.
"""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

# the first writes a file on every call, the second keeps its line open for ever
SHUT = ("/gradio_api/deep_link", "/gradio_api/dev/reload")


def health_route(look: Callable[[], tuple[bool, dict]]) -> Route:
    """200 while the server can do its work, else 503. `look()` says whether all is well, and the facts."""

    async def answer(_: Request) -> JSONResponse:
        well, facts = await run_in_threadpool(look)
        return JSONResponse(facts, status_code=200 if well else 503)

    return Route("/health", answer)


def shut_routes() -> list[Route]:
    """404 where Gradio has something to offer that nobody here needs."""

    async def answer(_: Request) -> PlainTextResponse:
        return PlainTextResponse("Not found", status_code=404)

    return [Route(path, answer) for path in SHUT]
