"""Into Chinese and back, in a real browser: what is fetched, remembered and restored, while a run is live too; and what
single sentences become.
"""

import pytest

from backend.errors import UserError
from backend.settings import as_json
from backend.studies.bench import words as bench
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.decoders import DECODERS
from backend.studies.text_distillation.study import STUDY
from backend.studies.text_distillation.words import about
from components.frame.words import doing
from components.run import cost
from components.studies.bench.words import DATA
from components.studies.text_distillation import slow_motion, words
from tests import browsing
from tests.browsing import Visitor
from tests.chinese import SAID, Reader, english
from tests.page.frame import test_language_browser

pytestmark = browsing.pytestmark
chromium = browsing.chromium
address = test_language_browser.address
reader = test_language_browser.reader
SNAPSHOTS = test_language_browser.SNAPSHOTS
TOLD = "window.distilloscopeLanguage?"
STILL = "/?run=recorded/quick&step=50"  # no film plays, once the address was read
NO_FILM = f"{SNAPSHOTS} && !('playing' in document.querySelector('[data-play]').dataset)"


class Guest(Visitor):
    """Somebody whose browser speaks `locale`; counts what is fetched."""

    def __init__(self, chromium, address, locale="en-US", start=STILL):
        self.fetched: list[str] = []
        super().__init__(chromium, address, start=start, locale=locale)

    def _note(self, request) -> None:
        super()._note(request)
        self.fetched.append(request.url)

    def tables(self) -> int:
        return sum("/distilloscope/zh-" in url for url in self.fetched)

    def lang(self) -> str:
        return self.page.evaluate("document.documentElement.lang")

    def choose(self, language: str) -> None:
        self.page.click(f"[data-language={language}]")
        self.page.wait_for_function(f"{TOLD}.now === '{language}'")

    def texts(self) -> list[str]:
        """In the order of the page, once it is at rest: what the glossary underlines comes a moment later."""
        before = None
        for _ in range(20):
            now = self.page.evaluate("document.body.innerText").split("\n")
            if now == before:
                return now
            before = now
            self.page.wait_for_timeout(700)
        raise AssertionError("the page is not at rest")


@pytest.fixture
def guest(chromium, address):
    found = []

    def come(**facts) -> Guest:
        found.append(Guest(chromium, address, **facts))
        return found[-1]

    yield come
    for one in found:
        assert one.errors == [] == one.elsewhere
        one.leave()


def test_an_english_visitor_fetches_no_table_and_nothing_watches_their_page(guest):
    visitor = guest()
    visitor.page.wait_for_function(SNAPSHOTS)
    assert visitor.lang() == "en" and visitor.tables() == 0
    visitor.page.locator(".ds-scrub input").fill("3")
    assert visitor.page.evaluate(f"[{TOLD}.passes, {TOLD}.whole]") == [0, 0]


def test_a_browser_that_speaks_chinese_gets_chinese_and_the_choice_is_remembered(guest):
    visitor = guest(locale="zh-CN")
    visitor.page.wait_for_function(f"{TOLD}.now === 'zh'")
    assert visitor.lang() == "zh-CN" and visitor.tables() == 1
    assert "它在学习吗？" in visitor.page.inner_text("#chart")
    visitor.choose("en")
    visitor.page.reload()
    visitor.page.wait_for_selector("#status [data-status]")
    assert visitor.lang() == "en" and visitor.tables() == 1


def test_the_address_wins_over_what_is_remembered_and_follows_the_switch(guest):
    visitor = guest(start=STILL + "&lang=zh")
    visitor.page.wait_for_function(f"{TOLD}.now === 'zh'")
    visitor.choose("en")
    assert visitor.page.evaluate("location.search.includes('lang=en')")
    visitor.page.goto(visitor.address + STILL + "&lang=zh")
    visitor.page.wait_for_function(f"{TOLD}.now === 'zh'")
    visitor.page.wait_for_timeout(800)
    assert visitor.page.evaluate("location.search.includes('lang=zh')"), (
        "Share, which keeps the address, leaves it there"
    )


def test_there_and_back_restores_every_word(guest):
    visitor = guest()
    visitor.page.wait_for_function(NO_FILM)
    visitor.page.wait_for_selector(".ds-term")
    visitor.page.wait_for_selector("#chart .js-line", state="attached")
    english_first = visitor.texts()
    attributes = "[...document.querySelectorAll('[aria-label], [title]')].map((n) => n.ariaLabel + '|' + n.title)"
    said_first = visitor.page.evaluate(attributes)
    visitor.choose("zh")
    chinese_first = visitor.texts()
    visitor.choose("en")
    assert visitor.texts() == english_first
    assert visitor.page.evaluate(attributes) == said_first
    visitor.choose("zh")
    assert visitor.texts() == chinese_first != english_first
    assert visitor.tables() == 1, "the table is kept"


def test_what_is_data_stays_as_it_is_and_says_that_it_is_english(guest):
    visitor = guest()
    visitor.page.wait_for_function(NO_FILM)
    words_of = "[...document.querySelectorAll('.ds-words, .ds-answer b')].map((n) => n.textContent)"
    before = visitor.page.evaluate(words_of)
    visitor.choose("zh")
    assert visitor.page.evaluate(words_of) == before
    assert visitor.page.evaluate("[...document.querySelectorAll('.ds-words')].every((n) => n.lang === 'en')")
    assert visitor.page.input_value("#run-picker input") == "Recorded: Quick"


def test_a_live_run_ticks_in_chinese_without_a_loop(reader):
    page = reader.page
    page.wait_for_function(SNAPSHOTS)
    reader.unfold("#form")
    page.wait_for_selector("#setting-outer_steps")
    reader.start_long()
    reader.wait_state("running")
    reader.wait_points(8)
    both = f"[{TOLD}.passes, Number(document.querySelector('.ds-chart').dataset.points)]"  # in one look
    before, points = page.evaluate(both)
    reader.wait_points(points + 12)
    passes, ticks = page.evaluate(both)
    passes, ticks = passes - before, (ticks - points) / 4
    assert passes < 60 * ticks, f"{passes} passes in about {ticks:.0f} ticks"
    reader.look("live")
    assert "停止" in page.inner_text("#actions") and "蒸馏" in page.title()
    reader.stop()
    reader.look("stopped")
    page.click("[data-ask]")
    reader.look("discard")
    page.click("[data-really]")
    page.wait_for_selector("#status [data-recorded=true]")
    page.wait_for_function(NO_FILM)  # that of the recorded run
    page.wait_for_timeout(1500)
    before = page.evaluate(f"{TOLD}.passes")
    page.wait_for_timeout(2000)
    assert page.evaluate(f"{TOLD}.passes") - before < 10, "a page at rest is left at rest"
    assert not reader.left, test_language_browser.said(reader.left)


@pytest.fixture(scope="module")
def spoken(chromium, address):
    """`spoken(texts)`: what each becomes on one page in Chinese, which is only asked."""
    reader = Reader(chromium, address)
    yield lambda texts: reader.page.evaluate(f"(all) => all.map({TOLD}.say)", texts)
    reader.leave()
    assert reader.errors == [] == reader.elsewhere


def sentences() -> list[str]:
    """What the page says of many runs, good and bad, as its own functions say it."""
    config = as_json(DistillConfig())
    said = [about(config | {"prompts": n, "experts": n, "decoder": d}) for n in (1, 8) for d in DECODERS]
    said += [words.watching(config | {"prompts": n}) for n in (1, 8)]
    live = {"state": "running", "stage": "distil", "done": 1200, "total": 5000}
    said += [doing(live | {"message": m}, STUDY.stages) for m in ("Matching loss 0.512", "Expert 2: loss 1.203", "")]
    said += [doing({"state": "queued", "ahead": n}, STUDY.stages) for n in (0, 1, 3)]
    said += [doing({"state": "stopped", "stage": "evaluate", "done": 3, "total": 9}, STUDY.stages)]
    said += [words.heldout({"heldout": {name: [{"matching_loss": 0.5}] for name in ("soft", "projected", "init")}})]
    rows = [
        {"arm": arm, "student": "opt", "regime": "ordinary", "mean": mean, "interval": 0.05, "n": 1150, "seeds": seeds}
        for arm, mean in (("text", 0.5), ("random", 0.4))
        for seeds in (1,)
    ]
    said += [words.verdict(rows, "opt", bounds) for bounds in (None, (-0.01, 0.1), (0.02, 0.1))]
    tuned = {"student": "opt-pocket", "tasks": ["pocket_science", "arc_easy"], "test_file": "a.csv", "method": "full"}
    tuned |= {"train_task": "pocket_science", "seeds": 2}
    for data in DATA:
        for examples in (0, 1, 8):
            run = tuned | {"data": data, "examples": examples}
            said += [bench.about(run), bench.title(run)]
    said += [cost.figure(*all) for all in ((2, 1, 3), (150, 100, 210), (12000, 8000, 20000), (60, 60, 60))]
    for changes in ({"outer_steps": -3}, {"decoder": "nearst"}, {"max_start": 90}, {"inner_batch": 99}, {"clip": 0.0}):
        with pytest.raises(UserError) as error:
            DistillConfig(**changes)
        said += [error.value.found, f"Expected {error.value.expected}. {error.value.next_step}"]
    row = {"step": 3, "expert": 0, "start": 2, "matching_loss": 0.4, "cosine": 0.5, "gradient_norm": 0.2}
    row |= {"regulariser": 0.3, "weight": 0.0, "inner_lr": 0.01}
    found = {"row": row, "before": row | {"start": 1}, "target": 9, "latest_start": 4, "left": 0.6, "angle": 40.0}
    found |= {"limit": 0.1, "shrink": 0.5, "skipped": None, "words": [1, 2], "engine": None}
    makers = (slow_motion.draw, slow_motion.unroll, slow_motion.differentiate, slow_motion.move)
    said += [slow_motion.headline(DistillConfig(), found), slow_motion.measure(found)["text"]]
    for used, error, steps in (("exact", 3e-6, 2), ("one_sided", 0.02, 16)):
        engine = {"used": used, "error": error, "inner_steps": steps}
        said.append(slow_motion.differentiate(DistillConfig(), found | {"engine": engine})["text"])
    return said + [make(DistillConfig(), found)["text"] for make in makers]


def test_sentences_of_every_kind_of_run_become_chinese(spoken):
    left = [text for text in spoken([text for text in sentences() if text]) if english([text])]
    assert not left, "\n".join(left)


@pytest.mark.parametrize(("text", "chinese"), [
    ("Waiting for 1 other run to end", "等待另外 1 次运行结束"),
    ("about 40 s left in this step", "这一步大约还需 40 秒"),
    ("about 2 h 10 min left", "大约还需 2 小时 10 分钟"),
    ("3 min 20 s so far", "已用 3 分 20 秒"),
    ("Took 3 min 20 s", "用时 3 分 20 秒"),
    ("About 80 s (60 to 110 s), 0.9 GB of memory.", "约 80 秒（60 到 110 秒），0.9 GB 内存。"),
    ("8 synthetic prompts of 16 tokens follow 3 experts on pocket science.", 
     "8 条合成提示（每条 16 个词元）在 pocket science 上跟随 3 个专家。"),
    ("Here it is exactly the token “expert. A student”.", "这里它正好是词元“expert. A student”。"),
    ("Overlaps with a test question (nearly the same): “loss”. Its scores are inflated.",
     "它与一道测试问题重合（几乎相同）：“loss”。它的得分因此偏高，不可信。"),
    ("max_start is empty.", "max_start 是空的。"),
    ("Expected a number from 1 to 20. Choose a value of seeds in that range.",
     "应为：1 到 20 之间的数。请在该范围内选择 seeds 的值。"),
    ("Matching loss 0.31, 1,200 of 5,000", "匹配损失 0.31，1,200 / 5,000"),
    ("A sentence that nobody wrote is left alone.", "A sentence that nobody wrote is left alone."),
    ("Paris is the capital of France.", "Paris is the capital of France."),
])  # fmt: skip
def test_a_sentence_becomes_its_own_chinese_and_no_others(spoken, text, chinese):
    assert spoken([text]) == [chinese]


def test_the_search_of_the_page_can_find_something(guest):
    assert len(english(guest().page.evaluate(SAID))) > 100, "the same search finds the English page"
