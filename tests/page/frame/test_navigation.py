"""Addresses: old links arrive where they lead now, and one that leads nowhere says what was looked for."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from components.frame.navigation import NoSuchPage, OldLinks

READS = {"accept": "text/html,application/xhtml+xml"}


def page(request):
    return PlainTextResponse(f"{request.url.path}?{request.url.query}")


@pytest.fixture
def browser():
    routes = [Route("/", page), Route("/bench", page), Route("/compare", page)]
    app = Starlette(routes=routes, middleware=[Middleware(OldLinks), Middleware(NoSuchPage)])
    with TestClient(app, headers=READS) as client:
        yield client


@pytest.mark.parametrize(
    "old, new",
    [
        ("/?tab=bench", "/bench?"),
        ("/?tab=compare", "/compare?"),
        ("/?tab=bench&run=recorded/all_the_data", "/bench?run=recorded%2Fall_the_data"),
        ("/?tab=distil", "/?"),
        ("/?tab=nowhere&run=recorded/quick", "/?run=recorded%2Fquick"),
        ("/?run=recorded/quick&step=20", "/?run=recorded/quick&step=20"),
        ("/bench?tab=compare", "/bench?tab=compare"),
    ],
)
def test_a_link_of_before_arrives(browser, old, new):
    assert browser.get(old).text == new


def test_a_page_that_is_not_there_says_so_and_names_those_that_are(browser):
    found = browser.get("/nowhere<script>")
    assert found.status_code == 404
    assert "There is no page /nowhere&lt;script&gt;" in found.text
    assert '<a href="/bench">Bench</a>' in found.text


def test_a_program_gets_the_plain_answer(browser):
    found = browser.get("/nowhere", headers={"accept": "application/json"})
    assert (found.status_code, found.text) == (404, "Not Found")
