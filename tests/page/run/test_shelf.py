"""The shelf's recorded runs: their order, and which of them a page opens on."""

from backend.studies.text_distillation.study import STUDY
from components.run.shelf import Shelf, new_owner
from tests.exported import SAMPLES


def test_recorded_runs_come_in_the_order_of_the_presets_and_the_page_opens_on_the_first(tmp_path):
    shelf = Shelf.of(STUDY, SAMPLES, tmp_path)
    assert [run.path.name for run in shelf.recorded()] == ["quick", "standard", "paper"]
    assert shelf.first(new_owner()) == "recorded/quick"
