"""A run's life in a real browser: branch it and walk its family, discard it, have it cured, see what it would cost."""

import pytest

from tests import browsing
from tests.browsing import Visitor, serve_stand_in
from tests.exported import QUICK

pytestmark = browsing.pytestmark
chromium = browsing.chromium

STAND_IN = """
import sys, time
from backend.runs.folder import RunDir
# updates come quickly at first: as many as a test waits for; then slowly, so that the run is still there to be stopped
run = RunDir(sys.argv[sys.argv.index("--out") + 1])
config = run.config()["config"]
run.claim()
folder = run.artifacts / "snapshots"
folder.mkdir(exist_ok=True)
wild = config["prompt_lr"] > 0.5
quick = 40 if wild else 14  # a live run is looked at by the doctor when its log has grown by 4 kB
done = max((r["step"] for r in run.rows("metrics") if r["stage"] == "distil"), default=0)
for n in range(done + 1, config["outer_steps"] + 1):
    (folder / f"{n}.safetensors").write_bytes(b"state %d" % n)
    row = {"stage": "distil", "step": n, "matching_loss": 0.4, "regulariser": 6.0 if wild else 0.3, "cosine": 0.5}
    run.append("metrics", row | {"adjoint_growth": 2.0, "skipped": 0})
    prompt = {"slot": 0, "text": f"word {n} {config['prompt_lr']}", "answer": "yes", "changed": 0.5, "distance": 0.2}
    run.append("prompts", {"step": n, "prompts": [prompt]})
    run.set_status(stage="distil", done=n, total=config["outer_steps"], eta_s=1.0, message="")
    if run.stop_requested():
        run.set_status(state="stopped", eta_s=None)
        sys.exit(0)
    time.sleep(0.2 if n < quick else 2)
run.set_status(state="finished", eta_s=None)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    yield from serve_stand_in(tmp_path_factory.mktemp("life"), STAND_IN)


@pytest.fixture
def visitor(chromium, address):
    visitor = Visitor(chromium, address)
    yield visitor
    visitor.close()
    assert visitor.errors == [] == visitor.elsewhere


def start(visitor, snapshots: int = 6) -> str:
    """A run with so many snapshots, stopped; its key."""
    visitor.page.click("#distil")
    visitor.wait_state("running")
    visitor.page.wait_for_function(f"Number(document.querySelector('.ds-wall')?.dataset.snapshots) > {snapshots}")
    key = visitor.page.get_attribute(".ds-wall", "data-run")
    visitor.stop()
    return key


def branch_at(visitor, place: int) -> None:
    visitor.page.locator(".ds-scrub input").fill(str(place))
    visitor.page.click("[data-branch]")
    visitor.page.wait_for_selector(".ds-branch-chip")


def test_a_run_is_branched_from_a_step_and_its_family_is_walked(visitor):
    page = visitor.page
    parent = start(visitor)
    branch_at(visitor, 3)
    assert "update 4" in page.inner_text(".ds-branch-chip")
    page.wait_for_selector("#distil:text-is('Branch')")
    page.wait_for_selector("#changes:has-text('Same as its parent')")

    visitor.set_number("prompt_lr", 0.02)
    page.wait_for_selector("#changes [data-count='1']")
    visitor.set_number("outer_steps", 9)
    page.wait_for_selector("#changes [data-count='2']")
    page.click("#distil")
    page.wait_for_function(f"document.querySelector('.ds-wall').dataset.run !== {parent!r}")
    visitor.wait_state("finished")
    assert page.inner_text("#distil") == "Distil" and page.locator(".ds-branch-chip").count() == 0
    page.wait_for_selector(".ds-wall[data-snapshots='9']")
    page.locator(".ds-scrub input").fill("3")
    assert f"word 4 {QUICK['prompt_lr']}" in page.inner_text(".ds-prompt .ds-words"), "the past is the parent's"
    page.click("[data-latest]")
    assert "word 9 0.02" in page.inner_text(".ds-prompt .ds-words"), "what follows is its own"

    here = page.locator(".ds-node[aria-current]")
    assert "from update 4" in here.inner_text() and "prompt_lr 0.02" in here.inner_text()
    page.click(f".ds-node[data-go='{parent}']")
    page.wait_for_selector(f".ds-wall[data-run='{parent}']")
    page.wait_for_selector(f".ds-lineage button[data-go]:not([data-go='{parent}'])")


def test_a_branch_that_cannot_be_is_refused_at_the_form_and_can_be_dropped(visitor):
    page = visitor.page
    start(visitor)
    branch_at(visitor, 2)
    visitor.set_number("prompts", 4)
    page.wait_for_selector("#form-message [role=alert]")
    assert "A branch cannot change prompts" in page.inner_text("#form-message")
    page.click("[data-drop]")
    page.wait_for_selector(".ds-branch-chip", state="detached")
    page.wait_for_function("document.querySelector('#distil').textContent.trim() === 'Distil'")


def test_a_run_is_discarded_only_after_a_second_click_and_its_branch_lives_on(visitor):
    page = visitor.page
    parent = start(visitor)
    branch_at(visitor, 3)
    visitor.set_number("outer_steps", 8)
    page.wait_for_selector("#changes [data-count='1']")
    page.click("#distil")
    page.wait_for_function(f"document.querySelector('.ds-wall').dataset.run !== {parent!r}")
    visitor.wait_state("finished")
    page.click(f".ds-node[data-go='{parent}']")
    page.wait_for_selector(f".ds-wall[data-run='{parent}']")
    page.click(".ds-discard [data-ask]")
    page.click(".ds-discard [data-keep]")
    assert page.inner_text(".ds-discard") == "Discard"
    page.click(".ds-discard [data-ask]")
    page.click(".ds-discard [data-really]")
    page.wait_for_function(f"document.querySelector('.ds-wall').dataset.run !== {parent!r}")
    visitor.wait_state("finished")
    page.wait_for_selector(".ds-lineage:has-text('A run that is not here')")
    branch_at(visitor, 6)  # on and on


def test_a_live_run_is_stopped_and_discarded(visitor):
    page = visitor.page
    page.click("#distil")
    visitor.wait_state("running")
    visitor.wait_points(2)
    page.wait_for_selector(".ds-discard [data-ask]:has-text('Stop and discard')")
    page.click(".ds-discard [data-ask]")
    page.click(".ds-discard [data-really]")
    page.wait_for_selector("#status [data-status=none]")


def test_the_doctor_starts_the_run_again_with_other_settings(visitor):
    page = visitor.page
    visitor.set_number("prompt_lr", 0.9)
    page.wait_for_selector("#changes [data-count='1']")
    page.click("#distil")
    page.wait_for_selector(".ds-doctor[data-kind=far]")
    assert "0.9 → 0.05" in page.inner_text(".ds-doctor li")
    wild = page.get_attribute(".ds-wall", "data-run")
    page.click(".ds-doctor button")
    page.wait_for_function(f"document.querySelector('.ds-wall').dataset.run !== {wild!r}")
    page.wait_for_function("Number(document.querySelector('.ds-wall')?.dataset.snapshots) > 11")
    assert "0.05" in page.inner_text(".ds-prompt .ds-words")
    assert page.locator(".ds-doctor").count() == 0
    visitor.stop()


def test_what_a_run_will_cost_follows_the_form(visitor):
    page = visitor.page
    page.wait_for_selector(".ds-cost:has-text('GB of memory')")
    before = page.inner_text(".ds-cost")
    visitor.set_number("outer_steps", 5000)
    script = "(before) => { const now = document.querySelector('.ds-cost').innerText;"
    script += " return now !== before && / (min|h)\\)?,/.test(now); }"
    page.wait_for_function(script, arg=before)


def test_chip_tree_and_card_fit_a_phone(chromium, address):
    phone = Visitor(chromium, address, 390, 844)
    try:
        start(phone)
        branch_at(phone, 3)
        phone.page.click("#distil")
        phone.page.wait_for_selector(".ds-lineage")
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
        phone.stop()
        assert phone.errors == []
    finally:
        phone.close()
