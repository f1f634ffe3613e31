"""Pieces of work on a Ray cluster of three nodes: answered as processes of this machine answer, whoever is lost."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import psutil
import pytest
import torch

pytest.importorskip("ray", reason="ray is not installed (requirements-ray.txt)")

from backend.core.pool import Workers, each
from backend.errors import UserError
from backend.runs.folder import RunDir
from tests.clusters import three_nodes  # noqa: F401


@pytest.fixture(autouse=True)
def on_cluster(three_nodes, monkeypatch):  # noqa: F811
    monkeypatch.setenv("DISTILLOSCOPE_POOL", "ray")
    monkeypatch.setenv("RAY_ADDRESS", three_nodes.address)


def nothing() -> None:
    pass


def products():
    """What tells a worker's process, how often it has worked since it began, and a sum that depends on every bit."""
    count = [0]

    def work(item: int) -> tuple[torch.Tensor, int, int]:
        count[0] += 1
        numbers = torch.randn(64, 64, generator=torch.Generator().manual_seed(item))
        return torch.linalg.matrix_power(numbers / 8, 5), os.getpid(), count[0]

    return work


def refuses():
    raise UserError("There is nothing to begin with.", "something", "Bring it.")


def fails():
    def work(item: int) -> None:
        raise ValueError(f"piece {item}")

    return work


def deadly(folder: Path, times: int):
    """Piece 3 takes its worker along, so many times."""

    def work(item: int) -> int:
        tries = folder / f"{item}-{time.monotonic_ns()}"
        tries.touch()
        if item == 3 and len(list(folder.glob("3-*"))) <= times:
            os.kill(os.getpid(), signal.SIGKILL)
        return item * item

    return work


def writes(folder: Path):
    """Piece 1 loses its first worker between two rows."""

    def work(item: int) -> int:
        run = RunDir(folder)
        for step in range(4):
            run.append("metrics", {"piece": item, "step": step})
            if (item, step) == (1, 2) and not (folder / "lost").exists():
                (folder / "lost").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return item

    return work


def slow(folder: Path):
    def work(item: int) -> int:
        (folder / f"{item}-{os.getpid()}").touch()
        time.sleep(0.5)
        return item * item

    return work


def test_a_cluster_gives_what_processes_of_this_machine_give_to_the_digit(monkeypatch):
    far = dict(each(products, range(6), 3, nothing))
    monkeypatch.delenv("DISTILLOSCOPE_POOL")
    near = dict(each(products, range(6), 2, nothing))
    assert far.keys() == near.keys() == set(range(6))
    assert all(torch.equal(far[item][0], near[item][0]) for item in far)
    assert not {pid for _, pid, _ in far.values()} & {pid for _, pid, _ in near.values()}


def test_workers_stay_from_one_stage_to_the_next_and_begin_once():
    with Workers(2) as workers:
        told = [told for _ in range(2) for _, told in workers.each(products, range(4), nothing)]
        for pid in {pid for _, pid, _ in told}:
            counts = [count for _, one, count in told if one == pid]
            assert sorted(counts) == list(range(1, len(counts) + 1))
    until = time.monotonic() + 20
    while any(map(psutil.pid_exists, {pid for _, pid, _ in told})):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_what_goes_wrong_in_the_work_is_raised_here_with_its_own_words():
    with pytest.raises(UserError, match="nothing to begin with"), Workers(2) as workers:
        list(workers.each(refuses, [1, 2], nothing))
    with pytest.raises(ValueError, match="piece") as raised:
        list(each(fails, [1, 2], 2, nothing))
    assert "in work" in raised.value.__notes__[0], "where it happened there"


def test_a_piece_whose_worker_was_killed_is_done_again_and_not_for_ever(tmp_path):
    assert dict(each(partial(deadly, tmp_path, 2), range(5), 2, nothing)) == {n: n * n for n in range(5)}
    assert len(list(tmp_path.glob("3-*"))) == 3
    with pytest.raises(UserError, match="3 workers of the cluster were lost") as raised:
        list(each(partial(deadly, tmp_path, 99), range(5), 2, nothing))
    assert raised.value.kind == "killed"


def test_a_piece_that_is_done_again_writes_no_row_twice(tmp_path):
    assert dict(each(partial(writes, tmp_path), range(4), 2, nothing)) == {n: n for n in range(4)}
    rows = [(row["piece"], row["step"]) for row in RunDir(tmp_path).rows("metrics")]
    assert sorted(rows) == [(piece, step) for piece in range(4) for step in range(4)]


def test_whoever_looks_up_may_stop_the_work():
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Workers(2) as workers:
        list(workers.each(products, [1, 2, 3], stop))


def test_no_more_pieces_are_handed_out_than_there_are_workers(tmp_path):
    seen = []

    def pieces():
        for number in range(8):
            seen.append(number)
            yield number

    class Counted(list):
        def __iter__(self):
            return pieces()

    for count, _ in enumerate(each(partial(slow, tmp_path), Counted(range(8)), 2, nothing), start=1):
        assert len(seen) <= count + 2


def test_the_pieces_of_a_lost_node_are_done_on_another(three_nodes, tmp_path):  # noqa: F811
    found, lost = {}, False
    for item, square in each(partial(slow, tmp_path), range(24), 5, nothing):
        found[item] = square
        if not lost and len(found) >= 6:
            lost = three_nodes.lose_one()
    assert found == {n: n * n for n in range(24)}
    assert len(list(tmp_path.iterdir())) > 24, "some were begun twice"
