"""A chart's trend, ticks and files in a browser: runs of any length smoothed alike, and saved without a request."""

import math
from pathlib import Path

import pytest

from tests.page.panels import test_chart_browser
from tests.page.panels.test_chart_browser import rows, scored

pytestmark = test_chart_browser.pytestmark
chromium = test_chart_browser.chromium
address = test_chart_browser.address
visitor = test_chart_browser.visitor
TREND = "data.filter((t) => t.mode === 'lines').map((t) => [...t.y])[0]"
PLOT = 'document.querySelector("#trend .ds-plot")'


def test_the_trend_is_the_same_for_runs_of_any_length_and_begins_at_the_first_value(visitor):
    """Twenty updates of a run of 20 and of one of 400 have the same line, whatever comes after them."""
    found = []
    for number, length in enumerate((20, 400)):
        visitor.send("trend", rows(length), 1, fresh=True, run=f"own/{number}")
        visitor.wait("trend", length)
        visitor.page.wait_for_function(f"{PLOT}.data?.[0].x.length === {length}")
        found.append(visitor.see("trend", TREND)[:20])
    assert found[0] == pytest.approx(found[1])
    logs, keep = [math.log(1 / step) for step in range(1, 21)], 1 - 1 / 3
    assert found[0][0] == pytest.approx(1.0)
    weights = [keep**age for age in range(19, -1, -1)]
    mean = sum(weight * log for weight, log in zip(weights, logs, strict=True)) / sum(weights)
    assert found[0][19] == pytest.approx(math.exp(mean), 1e-3)


def test_points_that_are_left_out_do_not_smooth_more(visitor):
    """Every second update of a steady fall: the line stays as far from its dots as time, not points, says."""
    found = []
    for number, stride in enumerate((1, 4)):
        told = [{"stage": "train", "step": s, "loss": 0.9**s} for s in range(0, 201, stride)]
        visitor.send("trend", told, 1, fresh=True, run=f"own/{number}")
        visitor.page.wait_for_function(f"{PLOT}.data?.[0].x.length === {len(told)}")
        last = visitor.see("trend", TREND)[-1]
        found.append(last / 0.9**200)
    assert found[0] > found[1] > 1, "fewer points lie further apart and weigh less on the last"


def test_the_slider_smooths_and_is_remembered(visitor):
    page, told = visitor.page, [{"stage": "train", "step": s, "loss": 1.0 + s % 2} for s in range(1, 101)]
    visitor.send("trend", told, 1, fresh=True)
    visitor.wait("trend", 100)
    page.wait_for_selector("#trend .ds-smoothing:not([hidden])")
    assert page.locator("#one .ds-smoothing").is_hidden(), "nothing to smooth there"
    slider = page.locator("#trend .ds-smoothing input")
    slider.fill("0")
    assert page.inner_text("#trend .ds-smoothing output") == "off"
    assert visitor.see("trend", TREND) == [row["loss"] for row in told]
    slider.fill("9")
    ends = visitor.see("trend", TREND)[-10:]
    assert max(ends) - min(ends) < 0.02 and page.inner_text("#trend .ds-smoothing output") == "over 100 updates"
    page.reload()
    page.wait_for_selector("#trend .ds-smoothing", state="attached")
    assert page.input_value("#trend .ds-smoothing input") == "9"


def test_values_that_lie_close_have_ticks_with_the_digits_that_tell_them_apart(visitor):
    told = [{"stage": "train", "step": s, "loss": 0.512 + s / 10_000} for s in range(1, 61)]
    visitor.send("one", told, 1, fresh=True)
    visitor.wait("one", 60)
    for _ in ("plain", "logarithmic"):
        ticks = visitor.page.locator("#one .ytick").all_text_contents()
        assert len(set(ticks)) == len(ticks) >= 3
        visitor.page.click("#one [data-log]")


def test_a_chart_is_saved_as_a_picture_and_as_numbers_without_a_request(visitor):
    page = visitor.page
    hostile = "=1+1,<img src=x>"
    visitor.send("many", [scored(hostile, "a", 9), scored("base", "a", 9)], 1, fresh=True)
    page.wait_for_selector("#many .js-plotly-plot .scatterlayer .trace", state="attached")
    found = {}
    for kind in ("csv", "svg", "png"):
        page.click("#many .ds-save summary")
        with page.expect_download() as waiting:
            page.click(f"#many [data-save={kind}]")
        found[kind] = Path(waiting.value.path()).read_bytes()
        assert waiting.value.suggested_filename == f"distilloscope-score.{kind}"
    heads, *lines = found["csv"].decode().splitlines()
    assert heads == "curve,line,questions asked,value,low,high"
    assert 'accuracy on a,"who =1+1,<img src=x>",9,0.5,0.4,0.6' in lines
    assert found["svg"].startswith(b"<svg") and b"who base" in found["svg"], "the lines are named in the picture"
    assert found["png"].startswith(b"\x89PNG")
