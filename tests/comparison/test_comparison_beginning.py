"""Where a comparison's learned texts begin: the questions whose students validate best."""

from dataclasses import replace

import pytest

from backend.comparison import arms as module
from backend.comparison.arms import recipe_of, start_rows
from backend.comparison.beginning import best_start, validated_each
from backend.comparison.materials import Materials
from backend.comparison.names import SELECTED
from backend.comparison.students import Trainee
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from tests import tiny_comparison

one_process = tiny_comparison.one_process
config = tiny_comparison.config
materials = tiny_comparison.materials


def rows(materials: Materials, *numbers: int) -> list[dict]:
    return module.real_rows(materials, "random", list(numbers))


def test_the_set_with_the_least_expected_error_is_chosen(materials):
    sets = {"a": rows(materials, 0, 1), "b": rows(materials, 2, 3), "c": rows(materials, 4, 5)}
    errors = {name: validated_each(materials, [one])[0] for name, one in sets.items()}
    assert len(set(errors.values())) == 3 and errors[best_start(materials, sets)] == min(errors.values())


def test_each_reader_has_its_own_best_step_size_and_they_count_alike(materials, monkeypatch):
    first, second = (reader.name for reader in materials.judges())
    told = {(first, 0.1): [0.4, 0.6], (first, 0.2): [0.3, 0.9], (second, 0.1): [0.9, 0.9], (second, 0.2): [0.1, 0.3]}
    monkeypatch.setattr(
        Trainee, "error", lambda self, data, lr, key: told[self.reader.name, lr][key[1]] if key[0] == "start" else None
    )
    wider = Materials(replace(materials.config, lrs=(0.1, 0.2), lr_seeds=2))
    assert validated_each(wider, [rows(wider, 0, 1)]) == [pytest.approx((0.5 * 0.2) ** 0.5)]


def test_best_looks_at_every_selector_and_begins_with_the_winners_questions(materials, tmp_path, monkeypatch):
    seen = {}

    def winner(materials, sets):
        seen.update(sets)
        return "herding"

    monkeypatch.setattr(module, "best_start", winner)
    best = Materials(replace(materials.config, start="best"))
    run = RunDir.create(tmp_path, "comparison", None, {})
    with Progress(run, "arms", 1) as progress:
        found = start_rows(best, run, progress)
    assert set(seen) == set(SELECTED) and found == seen["herding"]
    assert all(row["provenance"]["arm"] == "herding" for row in found)


def test_what_validates_best_depends_on_how_students_are_trained(materials):
    best = replace(materials.config, start="best")
    recipes = [recipe_of(Materials(c), "init", 0) for c in (best, replace(best, steps=best.steps + 1))]
    assert recipes[0] != recipes[1]
    fixed = [recipe_of(Materials(c), "init", 0) for c in (materials.config, replace(materials.config, steps=9))]
    assert fixed[0] == fixed[1]
