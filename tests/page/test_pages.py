"""Every study has a page: its panels are there by name, and each has an address of its own."""

import pytest

from backend.study import all_studies
from components.frame.navigation import address_of, link, navigation, places
from components.studies.page import StudyPage, page_class

shown = [study for study in all_studies() if study.shown]


@pytest.mark.parametrize("study", shown, ids=lambda study: study.name)
def test_its_page_knows_every_panel_that_the_study_names_and_no_other(study):
    known = {panel.name for panel in page_class(study).PANELS if not panel.small}
    assert known == set(study.panel_names)


@pytest.mark.parametrize("study", shown, ids=lambda study: study.name)
def test_at_most_one_open_panel_stands_above_the_curves(study):
    found = [panel for panel in page_class(study).PANELS if panel.result]
    assert len(found) <= 1 and not any(panel.closed or panel.leading or panel.small for panel in found)


def test_a_study_without_a_page_of_its_own_has_that_of_any_study():
    comparison = next(study for study in all_studies() if not study.shown)
    assert page_class(comparison) is StudyPage


def test_each_page_has_an_address_and_the_first_study_that_of_the_app():
    addresses = [place.address for place in places()]
    assert addresses[0] == "" == address_of(shown[0].name)
    assert len(set(addresses)) == len(addresses) == len(shown) + 1, "and one for comparing"


def test_links_between_the_pages_are_relative_to_where_they_stand():
    assert (link("", ""), link("", "bench"), link("bench", ""), link("bench", "compare")) == (
        ".",
        "bench",
        "./",
        "compare",
    )
    assert navigation("bench").count("aria-current=page") == 1
