"""The card under a run of any study: the buttons that its study has, and runs that are brought to the right page."""

import re
from types import SimpleNamespace

import pytest

from backend.export.layouts import KINDS
from backend.export.run_file import pack
from backend.study import all_studies, find
from components.run.downloads import Downloads
from components.run.shelf import new_owner
from components.run.takeaway import drawer, offered
from components.run.takeaway_words import template
from tests.exported import own, sample
from tests.page.run.test_export_page import bring
from tests.page.run.test_takeaway import file_of, take
from tests.pages import make_page

BENCH = "eight_random_questions"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of the bench, with a recorded run."""
    made = make_page("bench", tmp_path_factory.mktemp("bench"))
    made.takeaway.downloads = Downloads(made.shelf.root / "served")
    made.shelf.samples.mkdir(parents=True, exist_ok=True)
    own(made.shelf.samples / BENCH, BENCH)
    return made


def buttons(markup: str) -> list[str]:
    return re.findall(r'<button [^>]*data-kind="(\w+)"', markup)


def test_a_card_has_a_button_for_what_its_study_offers():
    card = {study.name: buttons(template(offered(study), study)) for study in all_studies()}
    assert card["text_distillation"] == ["run", "report", "dataset", "as_it_came", "csv", "keep"], (
        "one button for all layouts"
    )
    listed = re.findall(r'<option value="(\w+)"', template(offered(find("text_distillation")), None))
    assert listed == list(KINDS)
    assert card["bench"] == ["run", "csv"]
    assert buttons(template(offered(None), None)) == ["run"]


def test_every_button_says_what_it_is_for():
    for study in all_studies():
        assert "<p></p>" not in template(offered(study), study)


def test_only_a_study_whose_screen_draws_one_has_a_report():
    assert drawer(find("text_distillation")) and not drawer(find("bench")) and not drawer(None)


def test_a_run_of_the_bench_is_taken_and_brought_back(page):
    owner = new_owner()
    answer = take(page, owner, f"recorded/{BENCH}", "run")
    data = file_of(answer).read_bytes()
    assert data == pack(sample(BENCH))
    key = bring(page, owner, data)
    assert key.startswith("own/") and page.shelf.open(owner, key).rows("results") == sample(BENCH).rows("results")
    assert bring(page, owner, data) == key, "once only"
    assert "Tables" in file_of(take(page, owner, key, "csv")).name.title()


@pytest.mark.parametrize("kind", ["report", "dataset", "jsonl", "../run", None])
def test_what_the_bench_does_not_offer_is_told_in_words(page, kind):
    assert take(page, new_owner(), f"recorded/{BENCH}", kind)["error"]["next_step"] == "Reload the page."


def test_a_page_without_a_data_set_publishes_none(page):
    assert not hasattr(page.takeaway, "push") and not hasattr(page.takeaway, "token")


def test_a_run_of_another_study_is_sent_to_its_page(page, tmp_path):
    owner = new_owner()
    (tmp_path / "x.zip").write_bytes(pack(sample("quick")))
    answer = page.takeaway.bring(owner, None, str(tmp_path / "x.zip"))
    assert "This is a run of Distil text." in answer[page.takeaway.brought]
    assert not (page.shelf.root / owner).exists()


def test_a_run_of_a_study_that_is_not_known_can_be_taken_where_it_is_shown(page, monkeypatch):
    owner = new_owner()
    key, run = page.shelf.new(owner, "no_such_study", None, {"images": "/home/ada/pictures"})
    run.append("results", {"loss": 0.5})
    monkeypatch.setattr(page.shelf, "open", lambda *_: run)
    monkeypatch.setattr(page.shelf, "title", lambda _: "A run")
    assert file_of(take(page, owner, key, "run")).stat().st_size > 100
    assert "not known here" in take(page, owner, key, "csv")["error"]["found"]


def test_an_event_that_says_nothing_is_told_in_words(page):
    assert "error" in page.takeaway.take(new_owner(), f"recorded/{BENCH}", SimpleNamespace())
