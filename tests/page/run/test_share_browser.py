"""Links in a real browser: what was on screen is there again after a reload and for a guest, until sharing stops."""

import pytest

from tests import browsing
from tests.browsing import Visitor, serve_stand_in
from tests.page.frame.test_browser import STAND_IN

pytestmark = browsing.pytestmark
chromium = browsing.chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    quick = STAND_IN.replace("time.sleep(0.25)", "time.sleep(0.02)")
    yield from serve_stand_in(tmp_path_factory.mktemp("share"), quick)


@pytest.fixture
def owner(chromium, address):
    """A visitor with a finished run of their own."""
    visitor = Visitor(chromium, address)
    visitor.page.click("#distil")
    visitor.wait_state("finished", seconds=120)
    visitor.page.wait_for_selector(".ds-judge")
    yield visitor
    assert visitor.errors == [] == visitor.elsewhere
    visitor.leave()


@pytest.fixture
def guest(chromium, address):
    """`guest(link)`: somebody who opens the app by a link, in a profile of their own."""
    guests = []

    def come(link: str) -> Visitor:
        guests.append(Visitor(chromium, address, start=link.removeprefix(address)))
        return guests[-1]

    yield come
    for visitor in guests:
        assert visitor.errors == [] == visitor.elsewhere
        visitor.leave()


def follow(visitor, *parts: str) -> None:
    """Until the address says all of these."""
    script = "(parts) => parts.every((part) => location.search.includes(part))"
    visitor.page.wait_for_function(script, arg=list(parts))


def as_left(page) -> None:
    """Update 7, the lens on the first prompt, the experts' pair: all is as the owner left it."""
    page.wait_for_function("document.querySelector('.ds-scrub output')?.textContent === 'update 7'")
    page.wait_for_selector(".ds-lens[data-step='7'][data-slot='0']")
    page.wait_for_selector(".ds-flips[data-flips='20']")
    assert page.input_value("#judge [data-pick=b]") == "base"


def test_a_view_is_shared_restored_and_taken_back(owner, guest):
    page = owner.page
    page.locator(".ds-scrub input").fill("6")
    page.click("[data-closer='0']")
    page.click(".ds-judge summary")
    page.wait_for_selector(".ds-judge .ds-difference")
    page.select_option(".ds-judge [data-pick=b]", "base")
    page.wait_for_selector(".ds-flips[data-flips='20']")
    follow(owner, "run=own/", "step=7", "slot=0", "judge=opt-pocket,text,base")
    before = page.evaluate("history.length")
    page.reload()
    as_left(page)
    assert page.evaluate("history.length") == before, "the address is replaced, never pushed"

    page.click("[data-share]")
    assert "Only you can see this run" in page.inner_text(".ds-share-box") and not page.is_visible(".ds-share input")
    page.click("[data-give]")
    page.wait_for_function("document.querySelector('.ds-share input').value.includes('run=shared/')")
    link = page.input_value(".ds-share input")
    page.keyboard.press("Escape")
    page.wait_for_selector(".ds-share-box", state="hidden")

    there = guest(link).page
    as_left(there)
    assert "Shared run" in there.inner_text("#status")
    for button in ("#stop", "#resume", "#score", "[data-give]"):
        assert not there.is_visible(button)
    there.click("[data-share]")
    assert there.input_value(".ds-share input").split("&")[0] == link.split("&")[0], "a guest passes the link on"

    page.click("[data-share]")
    page.click("[data-stop-sharing]")
    page.wait_for_function("document.querySelector('.ds-share-box').textContent.includes('No longer shared')")
    late = guest(link).page
    late.wait_for_selector("#gone p")
    assert "no longer shared" in late.inner_text("#gone")


def test_back_and_forward_bring_the_run_before_with_its_view(owner):
    page = owner.page
    first = page.get_attribute("#chart .ds-chart", "data-run")
    follow(owner, first)
    page.locator(".ds-scrub input").fill("6")
    follow(owner, first, "step=7")
    page.click("#distil")
    page.wait_for_function(f"document.querySelector('#chart .ds-chart').dataset.run !== '{first}'")
    owner.wait_state("finished", seconds=120)
    second = page.get_attribute("#chart .ds-chart", "data-run")
    follow(owner, second)
    assert "step=7" not in page.evaluate("location.search"), "a step belongs to its run"
    page.go_back()
    page.wait_for_selector(f"#chart .ds-chart[data-run='{first}']")
    page.wait_for_function("document.querySelector('.ds-scrub output')?.textContent === 'update 7'")
    follow(owner, first, "step=7")
    page.go_forward()
    page.wait_for_selector(f"#chart .ds-chart[data-run='{second}']")
    follow(owner, second)
    page.reload()
    page.wait_for_selector(f"#chart .ds-chart[data-run='{second}']")


def test_the_link_is_in_the_clipboard(owner):
    page = owner.page
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("[data-share]")
    page.click("[data-give]")
    page.wait_for_function("document.querySelector('.ds-share-box [data-said]').textContent.includes('copied')")
    assert page.evaluate("navigator.clipboard.readText()") == page.input_value(".ds-share input")
    page.click(".ds-share [data-close]")
    assert page.evaluate("document.activeElement.matches('[data-share]')"), "the focus comes back"


@pytest.mark.parametrize("query", [
    "run=../../etc&step=NaN&slot=-1&view=%3Cscript%3E&judge=%3Cimg%20src=x%20onerror=console.error(1)%3E&slow=1e999",
    "run=shared/00000000000000000000000000000000x&tab=zzz&lesson=99&step=&slot=2.5",
    "run=%00&run=own/&step=__proto__&lesson=constructor&judge=,,,,&slow=%F0%9F%92%A5",
])  # fmt: skip
def test_a_hostile_address_gives_the_normal_page_and_no_error(guest, query):
    page = guest(f"/?{query}").page
    page.wait_for_selector("#status [data-status=none]")
    page.wait_for_timeout(1500)
    assert "which is not a run" in page.inner_text("#gone") or "no longer shared" in page.inner_text("#gone")
    assert page.is_visible("#form") and page.locator("#gone img, #gone script").count() == 0
    assert page.locator(".ds-lesson:not([hidden]), .ds-slow:not([hidden]), .ds-lens:not([hidden])").count() == 0
