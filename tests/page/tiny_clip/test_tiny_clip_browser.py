"""TinyCLIP's page in a real browser, wide and light, narrow and dark: every picture answers a hand; no axe fault.

Nothing trains here: the recorded run is written by hand (tiny_clip_folder.py). No student lies in it, so the desk has
none to ask, and the page says so.
"""

import struct
import zlib

import pytest

from tests import browsing
from tests.browsing import Visitor
from tests.chinese import SAID, english
from tests.tiny_clip_folder import write_run

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = browsing.pytestmark
chromium = browsing.chromium
SEVERE = ("serious", "critical")
QUICK_MS = 1000  # of any picture that is drawn from what is stored


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny-clip-browser")
    write_run(folder / "samples" / "inherited", ("scratch", "inherit", "both", "auto"), seeds=2)
    server, address = browsing.serve(folder, ["true"], folder / "samples")
    yield address
    browsing.end(server, folder)


class Reader(Visitor):
    START, CHAPTERS = "/tiny-clip", ()


def png(side: int) -> bytes:
    """A grey picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + b"\x80" * side) * side)
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_curves_matrices_and_maps_answer_a_hand(chromium, address, width, scheme):
    visitor = Reader(chromium, address, width=width, color_scheme=scheme)
    page = visitor.page
    page.wait_for_selector("#reach .ds-tiny-crossing")
    assert "after 6 % of its updates" in page.inner_text("#reach .ds-tiny-crossing[data-arm=both]")
    page.click("#reach [data-over=seconds]")
    page.click("#reach .ds-tiny-arms [data-arm=both]")
    assert page.locator("#reach .ds-tiny-curves g:not(.ds-back)").count() == 1
    assert "processor seconds" in page.text_content("#reach .ds-tiny-curves")
    told = page.inner_text("#affinity [data-said]")
    page.locator("#affinity [data-step]").fill("0")
    assert page.inner_text("#affinity [data-said]") != told
    page.locator("#affinity [data-scale]").fill("0")
    page.click("#affinity [data-way=columns]")
    assert "captions find their picture" in page.inner_text("#affinity [data-said]")
    page.locator("#affinity figure").nth(1).locator("[data-i='2'][data-j='5']").click()
    assert page.locator("#affinity .ds-tiny-cell figure").count() == 2
    assert float(page.get_attribute("#affinity .ds-tiny-affinity", "data-ms")) < QUICK_MS
    page.select_option("#inheritance [data-pick=left]", "inherit")
    gone = page.inner_text("#inheritance [data-said]")
    page.locator("#inheritance [data-step]").fill("3")
    assert page.inner_text("#inheritance [data-said]") != gone
    page.locator("#inheritance [data-head='image 2 3']").first.click()
    assert page.input_value("#inheritance [data-of-head=layer]") == "2"
    told = page.inner_text("#inheritance [data-seen]")
    assert "one patch gets 90.0 % at most and the class token keeps 10.0 %, means over 2 pictures." in told
    clear = page.locator("#inheritance .ds-tiny-looks figure").first.locator("rect[fill-opacity='0.00']")
    assert (clear.get_attribute("x"), clear.get_attribute("y")) == ("3", "2")
    page.select_option("#inheritance [data-of-head=head]", "0")
    assert page.locator("#inheritance .ds-tiny-chosen").first.get_attribute("data-head") == "image 2 0"
    page.locator("#inheritance [data-head='text 1 2']").first.click()
    assert page.input_value("#inheritance [data-of-head=tower]") == "text"
    assert "one word gets 100.0 % at most, the start 0.0 % and the end keeps 0.0 %, means over 2 captions." in (
        page.inner_text("#inheritance [data-seen]")
    )
    words = page.locator("#inheritance .ds-tiny-looks p").first.locator("button")
    assert words.all_inner_texts() == ["start", "a", "red", "square", "number", "0", "end"]
    assert [words.nth(place).get_attribute("title") for place in (0, 3, 6)] == ["0.0 %", "100.0 %", "0.0 %"]
    words.nth(1).click()  # its favourite comes later
    assert [words.nth(place).get_attribute("title") for place in range(3)] == ["60.0 %", "40.0 %", "comes later"]
    assert words.nth(1).get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert not [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found if fault["impact"] in SEVERE]
    assert visitor.errors == [] and visitor.elsewhere == []
    visitor.leave()


def test_what_no_model_can_answer_is_said_and_nothing_typed_is_lost(chromium, address):
    visitor = Reader(chromium, address)
    page = visitor.page
    page.wait_for_selector("#own-words .ds-tiny-thumbs button")
    page.fill("#own-words [data-words]", "cat")
    page.click("#own-words [data-ask]")
    page.wait_for_selector("#own-words .ds-failure:has-text('There is 1 word.')")
    assert page.input_value("#own-words [data-words]") == "cat"
    page.set_input_files("#own-words [data-file]", {"name": "no.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.wait_for_selector("#own-words [data-refused]:has-text('no picture')")
    page.set_input_files("#own-words [data-file]", {"name": "my.png", "mimeType": "image/png", "buffer": png(300)})
    page.wait_for_function("document.querySelector('#own-words .ds-tiny-of-choice img').naturalWidth === 96")
    page.fill("#retrieval [data-sentence]", " ")
    page.click("#retrieval [data-find]")
    page.wait_for_selector("#retrieval .ds-failure:has-text('There is no sentence.')")
    assert visitor.errors == []
    visitor.leave()


def test_in_chinese_no_english_is_left_in_any_panel(chromium, address):
    visitor = Reader(chromium, address, start="/tiny-clip?lang=zh")
    page = visitor.page
    page.wait_for_selector("html[lang=zh-CN] #reach .ds-tiny-crossing")
    left = {}

    def look() -> None:
        page.wait_for_timeout(300)
        for card in ("status", "reach", "affinity", "inheritance", "own-words", "retrieval", "ladder", "results"):
            inside = SAID.replace("document.documentElement", f"document.querySelector('#{card}')")
            left.update(dict.fromkeys(english(page.evaluate(inside)), card))

    look()
    page.click("#reach [data-over=seconds]")
    page.click("#affinity [data-way=columns]")
    page.locator("#affinity figure").nth(1).locator("[data-i='2'][data-j='5']").click()
    page.fill("#own-words [data-words]", "cat")
    page.click("#own-words [data-ask]")
    page.fill("#retrieval [data-sentence]", " ")
    page.click("#retrieval [data-find]")
    page.wait_for_selector("#retrieval .ds-failure")
    look()
    assert left == {}
    visitor.leave()
