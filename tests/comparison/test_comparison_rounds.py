"""Students of a round: one at a time on a CPU, an arm's in one batch on a GPU, with the same answers."""

import pytest

from backend.comparison import cells, remembered
from backend.comparison.cells import ordinary_each, rounds
from backend.comparison.kinds import Cell
from backend.comparison.students import Trainee
from backend.core.training import stacked
from backend.core.training.finetune import Diverged
from tests import tiny_comparison

one_process = tiny_comparison.one_process
config = tiny_comparison.config
materials = tiny_comparison.materials

WANTED = [
    Cell("base", "m", "ordinary", 0, (0.0,)),
    *(Cell("random", "m", "ordinary", seed, (0.1,)) for seed in range(2)),
    *(Cell("soft", "m", "ordinary", seed, (0.1,)) for seed in range(2)),
    *(Cell("text", "m", "matched", seed, (0.1, 0.2)) for seed in range(2)),
    Cell("bm25", "m", "ordinary"),
    *(Cell("random", "n", "ordinary", seed, (0.1,)) for seed in range(2)),
]


def test_on_a_cpu_every_student_is_asked_for_by_itself():
    assert rounds(WANTED, batch=False) == [(cell,) for cell in WANTED]


def test_on_a_gpu_an_arms_students_of_a_model_are_asked_for_together():
    found = rounds(WANTED, batch=True)
    assert sorted(map(len, found)) == [1] * 6 + [2, 2]
    assert {some[0].key for some in found if len(some) == 2} == {("random", m, "ordinary") for m in "mn"}
    assert sorted(cell.name for some in found for cell in some) == sorted(cell.name for cell in WANTED)


@pytest.fixture
def round_of(materials):
    """A trainee, its students' data sets, and their cells: other data, the same step size."""
    trainee = Trainee(materials, materials.judges()[1])
    sets = [trainee.reader.rows(materials.examples[start : start + 4]) for start in (0, 2, 3)]
    return trainee, sets, [Cell("random", trainee.reader.name, "ordinary", seed, (0.02,)) for seed in range(3)]


def test_students_of_a_round_answer_as_they_do_one_by_one(round_of, monkeypatch, tmp_path):
    trainee, sets, wanted = round_of
    monkeypatch.setattr(remembered, "home", lambda: tmp_path / "one by one")
    alone = [ordinary_each(trainee, [rows], [cell])[0] for rows, cell in zip(sets, wanted, strict=True)]
    monkeypatch.setattr(remembered, "home", lambda: tmp_path / "together")
    sizes, train = [], stacked._train
    monkeypatch.setattr(stacked, "_train", lambda s, some, *rest: sizes.append(len(some)) or train(s, some, *rest))
    together = ordinary_each(trainee, sets, wanted)
    assert sizes == [3] and [len(some) for some in together] == [len(some) for some in alone]
    for ours, theirs in zip(together, alone, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one.as_row().keys() == other.as_row().keys()
            assert list(one.log_likelihoods) == pytest.approx(list(other.log_likelihoods), abs=1e-3)
    assert together[0] != together[1], "they learned from other questions"


def test_only_students_that_nobody_has_trained_are_trained(round_of, monkeypatch, tmp_path):
    trainee, sets, wanted = round_of
    monkeypatch.setattr(remembered, "home", lambda: tmp_path)
    asked, each = [], Trainee.train_each
    monkeypatch.setattr(Trainee, "train_each", lambda self, some: asked.append(len(some)) or each(self, some))
    first = ordinary_each(trainee, sets[:1], wanted[:1])
    assert asked == [] and len(list(tmp_path.rglob("*.json"))) == 1
    found = ordinary_each(trainee, sets, wanted)
    assert asked == [2] and found[0] == first[0]
    assert ordinary_each(trainee, sets, wanted) == found and asked == [2]


def test_one_that_diverges_says_so(round_of, monkeypatch, tmp_path):
    trainee, sets, wanted = round_of
    monkeypatch.setattr(remembered, "home", lambda: tmp_path)
    monkeypatch.setattr(Trainee, "train_each", lambda self, some: [None] * len(some))

    def train(self, rows, lr, key):
        raise Diverged("The loss is nan at step 2.", "a finite loss", "Lower the learning rate.")

    monkeypatch.setattr(Trainee, "train", train)
    with pytest.raises(Diverged, match="at step 2"):
        ordinary_each(trainee, sets, wanted)


def test_a_worker_gives_a_result_for_every_cell_of_a_round(config, materials, monkeypatch, tmp_path):
    monkeypatch.setattr(remembered, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(cells, "data", lambda trainee, run, cell: trainee.reader.rows(materials.examples[:3]))
    work = cells.cell_worker(config, tmp_path)
    name = config.students[1]
    found = work(tuple(Cell("random", name, "ordinary", seed, (0.02,)) for seed in range(2)))
    assert len(found) == 2 and found[0] != found[1]
    assert len(work((Cell("base", name, "ordinary", 0, (0.0,)),))) == 1
