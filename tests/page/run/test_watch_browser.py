"""The recorded run in a browser: the film and its speed, slow motion, the glossary by keyboard, a teacher's link."""

import math

import pytest

from tests import browsing
from tests.browsing import Moving
from tests.exported import UPDATES
from tests.page.panels import test_lessons_browser
from tests.studies.text_distillation.test_account import ROWS

pytestmark = browsing.pytestmark
chromium = browsing.chromium
address = test_lessons_browser.address
SNAPSHOTS = "Number(document.querySelector('.ds-wall')?.dataset.snapshots) > 2"
AT_REST = f"{SNAPSHOTS} && !('playing' in document.querySelector('[data-play]').dataset)"


class Watcher(Moving):
    """Somebody on the recorded run, where the film has ended or never began."""

    START = "/?run=recorded/paper&step=50"


class Newcomer(Moving):
    """Somebody without a link, whose film begins by itself. What its button says while it plays is kept."""

    SCRIPT = """window.said = []; addEventListener("distilloscope:mark", ({ detail }) =>
      detail.playing && said.push(document.querySelector("[data-play]").textContent))"""


@pytest.fixture(scope="module")
def opened(chromium, address):
    visitor = Watcher(chromium, address)
    yield visitor
    visitor.close()
    assert visitor.errors == [] == visitor.elsewhere


@pytest.fixture
def visitor(opened, request):
    """One page for all tests, where no film plays; opened anew once a test failed, for that left it anyhow."""
    if request.session.testsfailed:
        opened.page.goto(opened.address + Watcher.START)
    opened.page.wait_for_function(AT_REST)
    return opened


def seconds(page) -> float:
    """How long the film takes for three more pictures; infinite where it does not play."""
    page.evaluate(
        "const s = document.querySelector('.ds-scrub input'); s.value = 0; s.dispatchEvent(new Event('input'))"
    )
    return page.evaluate("""() => new Promise((done) => {
      const button = document.querySelector("[data-play]"), shown = [];
      window.addEventListener("distilloscope:mark", function tell(event) {
        if (!event.detail.playing) return;
        shown.push(performance.now());
        if (shown.length < 4) return;
        window.removeEventListener("distilloscope:mark", tell);
        button.click();
        done((shown[3] - shown[0]) / 1000);
      });
      button.click();
      setTimeout(done, 20000, Infinity);
    })""")


def test_a_first_visitor_sees_a_film_and_one_sentence_on_what_it_shows(chromium, address):
    visitor = Newcomer(chromium, address)
    visitor.page.wait_for_function("said.includes('Pause')")
    assert f"Over {UPDATES} updates, 8 real questions become soft prompts" in visitor.page.inner_text(".ds-watching")
    visitor.leave()


def test_with_less_motion_wanted_no_film_begins_by_itself(chromium, address):
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(SNAPSHOTS, timeout=60_000)
    page.wait_for_timeout(1000)
    at_the_end = page.inner_text(".ds-scrub output") == "texts of the search"
    assert page.inner_text("[data-play]") == "Play" and at_the_end
    context.close()


def test_the_film_plays_faster_and_slower_and_the_speed_is_remembered(visitor):
    page = visitor.page
    page.select_option("[data-speed]", "0.5")
    slow = seconds(page)
    page.select_option("[data-speed]", "4")
    assert 3 < slow < math.inf
    assert min(seconds(page) for _ in range(3)) < 2  # eight times, on a machine that can draw as fast
    page.wait_for_function("location.search.includes('step=')")
    page.reload()
    page.wait_for_function(AT_REST)
    assert page.input_value("[data-speed]") == "4"


def test_the_film_obeys_the_keyboard_and_the_curve_follows(visitor):
    page = visitor.page
    page.select_option("[data-speed]", "0.5")  # ten seconds of film, for it must not end before it is stopped
    page.locator(".ds-scrub input").focus()
    page.keyboard.press("Home")
    page.wait_for_selector(".ds-path[data-step='0']")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".ds-path[data-step='5']")
    page.wait_for_function("document.querySelector('.ds-plot')._fullLayout?.shapes?.[0]?.x0 === 5")
    page.keyboard.press(" ")
    page.wait_for_function("Number(document.querySelector('.ds-path').dataset.step) > 5")
    page.keyboard.press(" ")
    assert page.inner_text("[data-play]") == "Play" and page.inner_text(".ds-scrub output") != "update 50"


def test_the_scale_is_the_visitors_choice(visitor):
    page, scale = visitor.page, "document.querySelector('#chart .ds-plot')._fullLayout?.yaxis.type"
    page.wait_for_function(f"{scale} === 'log'")
    page.click("[data-log]")
    page.wait_for_function(f"{scale} === 'linear'")
    assert page.get_attribute("[data-log]", "aria-pressed") == "false"
    page.click("[data-log]")
    page.wait_for_function(f"{scale} === 'log'")


def test_changes_are_marked_from_the_start_or_from_any_step(visitor):
    page, marks = visitor.page, "document.querySelectorAll('#wall .ds-words mark').length"
    visitor.wait_points(more_than=0)
    slider = page.locator("#wall .ds-scrub input")
    slider.fill("6")
    from_start = page.evaluate(marks)
    page.click("#wall [data-pin]")
    assert page.evaluate(marks) == 0 < from_start and "update" in page.inner_text("#wall [data-note]")
    slider.fill("9")
    assert page.evaluate(marks) > 0
    page.click("#wall [data-pin]")
    slider.fill("6")
    assert page.evaluate(marks) == from_start


def test_slow_motion_tells_the_numbers_of_the_files_row_and_takes_the_panels_along(visitor):
    page = visitor.page
    page.locator(".ds-scrub input").fill("3")
    page.click("[data-slow]")
    page.wait_for_selector(".ds-slow[data-step='15']")
    for step in (16, 17):
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(f".ds-slow[data-step='{step}']")
        row, said = ROWS[step - 1], page.inner_text(".ds-slow")
        assert row["step"] == step and f"Update {step} of 50. Matching loss {row['matching_loss']:.3f}" in said
        assert f"norm is {row['gradient_norm']:.3f}" in said and f"were {row['regulariser']:.3f} from" in said
        page.wait_for_function(f"document.querySelector('.ds-plot')._fullLayout?.shapes?.[0]?.x0 === {step}")
        assert page.inner_text(".ds-scrub output") == "update 15", "the wall shows the latest snapshot"
    page.locator(".ds-scrub input").fill("0")
    page.wait_for_selector(".ds-slow[data-step='1']")
    assert page.is_disabled(".ds-slow [data-go='-1']")
    page.click(".ds-slow [data-go='1']")
    page.wait_for_selector(".ds-slow[data-step='2']")
    page.wait_for_function("location.search.includes('slow=2')")
    page.reload()
    page.wait_for_selector(".ds-slow[data-step='2']")
    page.click(".ds-slow [data-close]")
    assert not page.is_visible(".ds-slow") and page.evaluate("document.activeElement.matches('[data-slow]')")


def test_the_glossary_is_read_by_keyboard_hover_and_tap(visitor):
    page = visitor.page
    page.wait_for_function("document.querySelectorAll('#run-card .ds-term').length > 1")
    stops = page.evaluate("[...document.querySelectorAll('#run-card .ds-term')].filter(t => t.tabIndex === 0).length")
    assert stops == 1, "a panel is one stop of the Tab key"
    page.locator("[data-share]").focus()
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.dataset.term")
    assert first and page.inner_text("#ds-said b") == first
    described = page.evaluate("document.activeElement.getAttribute('aria-describedby')")
    assert described == "ds-said" and page.locator("#ds-said").bounding_box()["width"] > 150
    style = page.evaluate(
        "(({ maxWidth, borderTopWidth }) => [maxWidth, "
        "borderTopWidth])(getComputedStyle(document.querySelector('#ds-said')))"
    )
    assert style == ["340px", "1px"], "its own style, not the browser's for popovers"
    assert page.evaluate("getComputedStyle(document.querySelector('#ds-said')).clipPath") == "none"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#ds-said b") == page.evaluate("document.activeElement.dataset.term") != first
    page.keyboard.press("Escape")
    assert not page.is_visible("#ds-said") and page.evaluate("document.activeElement.matches('.ds-term')")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('#run-card .ds-term')")
    page.hover("#results .ds-term")
    page.wait_for_selector("#ds-said:popover-open")
    page.mouse.move(1, 1)
    page.wait_for_selector("#ds-said:popover-open", state="hidden")
    page.click("#results .ds-term")
    page.mouse.move(1, 1)
    page.wait_for_timeout(500)
    assert page.is_visible("#ds-said"), "a tap pins it"
    page.mouse.click(1, 1)
    assert not page.is_visible("#ds-said")


def test_words_are_marked_again_after_a_rewrite_and_data_is_never_touched(visitor):
    page = visitor.page
    page.wait_for_selector(".ds-watching .ds-term")
    page.evaluate("""() => {
      const p = document.querySelector('.ds-watching'), data = document.createElement('b');
      p.textContent = 'A student, a student and ';
      Object.assign(data, { translate: false, className: 'probe', textContent: 'an expert' });
      p.append(data, ' and an expert.');
    }""")
    page.wait_for_selector(".ds-watching .ds-term")
    assert page.locator(".ds-watching .ds-term").count() >= 1 and page.locator(".probe .ds-term").count() == 0
    assert page.inner_text(".ds-watching") == "A student, a student and an expert and an expert."
    assert page.locator(".ds-words .ds-term, button .ds-term, [translate=no] .ds-term").count() == 0


def test_the_formula_stands_beside_its_knob_and_the_field_keeps_its_name(visitor):
    page = visitor.page
    visitor.open_setting("inner_steps")
    page.wait_for_selector("#setting-inner_steps .ds-knob")
    assert "inner_steps" in page.inner_text("#setting-inner_steps .ds-knob")
    assert page.inner_text("#setting-inner_steps .info-text code") == "inner_steps"
    page.locator("#setting-inner_steps .ds-term").click()
    assert page.evaluate("document.activeElement.tagName") != "INPUT", "a tap on a word is no tap on the field"
    page.keyboard.press("Escape")
    page.get_by_label("Student steps per update").fill("7")
    page.wait_for_selector("#changes [data-count='1']")


def test_a_teachers_link_opens_one_lesson_and_hides_what_it_does_not_need(chromium, address, visitor):
    page = visitor.page
    page.click(".ds-teach summary")
    page.select_option(".ds-teach select", "1")
    link = page.input_value(".ds-teach input")
    assert "lesson=2" in link and "run=recorded/paper" in link
    pupil = Moving(chromium, address, start=link.removeprefix(address))
    pupil.page.wait_for_selector(".ds-lesson[data-lesson='inner-loop'][data-step='0']")
    for hidden in (
        "#form",
        ".ds-pages",
        "#run-picker",
        "#chart",
        "#results",
        "#run-settings",
        ".ds-lesson-list",
    ):
        assert not pupil.page.is_visible(hidden), hidden
    for shown in ("#wall", "#path", "#status", "[data-everything]"):
        pupil.page.wait_for_selector(shown)
    pupil.page.keyboard.press("Escape")
    pupil.page.click("[data-everything]")
    assert pupil.page.is_visible("#form") and pupil.page.is_visible("#results")
    assert not pupil.page.evaluate("location.search.includes('lesson')")
    assert pupil.errors == []
    pupil.leave()
