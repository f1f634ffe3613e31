"""The subspace geometry: alignment is GIST's cosine with the objective, one row and one waypoint at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.core.params import as_leaves, gradients
from backend.core.text.examples import Rows
from backend.core.training.finetune import Plan
from backend.core.training.influence import walk
from backend.errors import UserError
from backend.search import alignment as module
from backend.search.alignment import alignment
from backend.search.court import Court, Students
from backend.search.trials import Proposal
from backend.selection.gradients import flat
from tests import tiny_search
from tests.tiny_search import DRAFTS, PLAN, TRAIN

double_readers = tiny_search.double_readers
pytestmark = pytest.mark.usefixtures("double")


def one_by_one(student, params, rows) -> np.ndarray:
    found = []
    for row in range(len(rows)):
        leaves = as_leaves({name: p.clone() for name, p in params.items()})
        found.append(flat(gradients(student.loss(leaves, rows.batch([row])), leaves), list(student.shapes)))
    return torch.stack(found).numpy()


def test_alignment_is_minus_the_cosine_inside_the_subspace_summed_over_waypoints(double_readers, monkeypatch):
    monkeypatch.setattr(module, "DIRECTIONS", 3)
    reader = double_readers[0]
    student, train = reader.student, reader.train
    students = Students(reader, Plan(PLAN.steps, 0.05), PLAN, ("x",))
    points, end = walk(student, train, students.start, students.order(len(train)), students.plan, {1, 2})
    objective = {name: torch.ones_like(p) for name, p in end.items()}
    rows, real = (Rows(train.examples[part], train.table) for part in (slice(0, 6), slice(6, 12)))
    found, expected = alignment(student, points, objective, real, rows), np.zeros(6)
    for point in points:
        asked = one_by_one(student, point.params, real)
        inside = np.linalg.svd(asked, full_matrices=False)[2][:3]
        wanted = inside @ flat(objective, list(student.shapes)).numpy()
        for row, gradient in enumerate(one_by_one(student, point.params, rows)):
            seen = inside @ gradient
            expected[row] -= seen @ wanted / np.linalg.norm(seen) / np.linalg.norm(wanted)
    assert np.allclose(found.numpy(), expected, atol=1e-8) and np.ptp(expected) > 0.1


def test_a_court_ranks_in_the_plans_geometry_and_a_text_for_itself_changes_nothing(double_readers):
    reader, effects = double_readers[0], []
    proposals = [Proposal(0, DRAFTS[0]), Proposal(0, DRAFTS[7]), Proposal(1, DRAFTS[8])]
    for geometry in ("adam", "subspace"):
        plan = replace(PLAN, geometry=geometry)
        court = Court(reader, [Students(reader, Plan(PLAN.steps, 0.05), plan, ("y",))], TRAIN[:6], plan)
        effects.append(court.effects(DRAFTS[:4], proposals))
    for found in effects:
        assert abs(found[0]) < 1e-7 and found[1:].abs().min() > 1e-6
    assert not torch.allclose(effects[0], effects[1])


def test_an_unknown_geometry_is_refused():
    with pytest.raises(UserError, match="no geometry 'flat'"):
        replace(PLAN, geometry="flat")
