"""The step size of a comparison's search: that of the beginning and of random questions together, for each reader."""

from dataclasses import replace

import pytest

from backend.comparison.materials import Materials
from backend.comparison.searching import DRAWS, step_sizes
from backend.comparison.students import Trainee
from backend.errors import UserError
from backend.search.moves import Draft
from tests import tiny_comparison

one_process = tiny_comparison.one_process
config = tiny_comparison.config
materials = tiny_comparison.materials

BEGINNING = [Draft(f"Which of them is question {i}?", "red", str(i)) for i in range(3)]


def told(materials, monkeypatch, errors):
    """What `step_sizes` says where students err like that (reader, of the beginning?, lr); and who was asked."""
    asked = []

    def error(self, data, lr, key):
        beginning = len(data) == len(BEGINNING)
        asked.append((self.reader.name, beginning, lr, key))
        return errors(self.reader.name, beginning, lr)

    monkeypatch.setattr(Trainee, "error", error)
    return step_sizes(materials, BEGINNING), asked


def test_the_beginning_alone_does_not_decide(materials, monkeypatch):
    """Its luck is a quarter of what is looked at, and a search would stay with it to the end."""
    wider = Materials(replace(materials.config, lrs=(0.2, 0.1), lr_seeds=2, budget=0.5))
    assert wider.size != len(BEGINNING)
    found, asked = told(wider, monkeypatch, lambda name, own, lr: 0.5 + (0.1 if own == (lr == 0.2) else 0.0))
    assert found == [0.2, 0.2]
    assert len(asked) == 2 * (1 + DRAWS) * 2 * 2, "readers, sets, step sizes, students"
    assert sum(beginning for _, beginning, _, _ in asked) == 2 * 2 * 2


def test_each_reader_has_its_own_and_of_equal_ones_the_smaller(materials, monkeypatch):
    first, second = (reader.name for reader in materials.judges())
    wider = Materials(replace(materials.config, lrs=(0.2, 0.1), lr_seeds=1))
    found, _ = told(wider, monkeypatch, lambda name, own, lr: lr if name == first else 0.5)
    assert found == [0.1, 0.1]
    found, _ = told(wider, monkeypatch, lambda name, own, lr: lr if name == first else 0.5 - lr)
    assert found == [0.1, 0.2] and second != first


def test_one_step_size_is_no_choice_and_none_that_holds_is_told(materials, monkeypatch):
    assert told(materials, monkeypatch, lambda *_: 0.5) == ([0.01, 0.01], [])
    wider = Materials(replace(materials.config, lrs=(0.2, 0.1)))
    with pytest.raises(UserError, match="None of the 2 learning rates"):
        told(wider, monkeypatch, lambda *_: 1.0)
