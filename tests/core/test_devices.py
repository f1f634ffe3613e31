"""Devices: who computes where, on machines that tests make up; no GPU is needed."""

import os

import pytest
import torch

from backend.core import devices, matrices, pool, processors
from backend.core.pool import Workers
from backend.errors import UserError

GB = 2**30


@pytest.fixture
def gpus(monkeypatch):
    """Make up GPUs by their free bytes; none is asked to compute."""

    def made_up(*free: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(free))
        monkeypatch.setattr(torch.cuda, "device_count", lambda: len(free))
        monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (free[number], 80 * GB))

    monkeypatch.setattr(devices, "_taken", (0, 1))
    for name in (processors.DEVICE, processors.WORKERS):
        monkeypatch.delenv(name, raising=False)
    return made_up


@pytest.fixture
def meta_model():
    """Twelve layers of 4 MB without numbers, which no machine holds."""
    with torch.device("meta"):
        return torch.nn.Sequential(*(torch.nn.Linear(1024, 1024, bias=False) for _ in range(12)))


def test_the_cpu_computes_where_there_is_no_gpu(gpus):
    gpus()
    assert (devices.kind(), devices.gpus(), devices.own()) == ("cpu", 0, "cpu")


@pytest.mark.parametrize(
    "workers, shares", [(1, ["0"]), (2, ["0", "1"]), (4, ["0", "1", "2", "3"]), (6, ["0", "1", "2", "3", "0", "1"])]
)
def test_every_worker_computes_on_a_gpu_of_its_own(gpus, workers, shares):
    gpus(*[GB] * 4)
    found = []
    for number in range(workers):
        devices.take(number, workers)
        found.append(devices.own())
    assert found == [f"cuda:{one}" for one in shares]


def test_gpus_that_are_left_over_are_shared_out_too(gpus):
    gpus(*[GB] * 5)
    shares = []
    for number in range(2):
        devices.take(number, 2)
        shares.append(devices._mine())
    assert shares == [[0, 2, 4], [1, 3]]


def test_there_are_as_many_workers_as_gpus_and_the_environment_has_the_last_word(gpus, monkeypatch):
    gpus(GB, GB, GB)
    assert pool.worker_count() == 3
    monkeypatch.setenv(processors.WORKERS, "2")
    assert pool.worker_count() == 2
    monkeypatch.delenv(processors.WORKERS)
    monkeypatch.setenv(processors.DEVICE, "cpu")
    assert pool.worker_count() == min(4, processors.cores()) and devices.own() == "cpu"


@pytest.mark.parametrize("wanted", ["cuda", "mps", "tpu"])
def test_a_device_that_is_not_there_is_refused_in_a_sentence(gpus, monkeypatch, wanted):
    gpus()
    monkeypatch.setattr(devices, "_has_mps", lambda: False)
    monkeypatch.setenv(processors.DEVICE, wanted)
    with pytest.raises(UserError, match=wanted) as told:
        devices.own()
    assert "cpu" in told.value.expected


def test_mps_computes_only_where_it_is_asked_for(gpus, monkeypatch):
    gpus()
    monkeypatch.setattr(devices, "_has_mps", lambda: True)
    assert devices.own() == "cpu"
    monkeypatch.setenv(processors.DEVICE, "mps")
    assert (devices.own(), devices.gpus()) == ("mps", 1)
    assert not matrices.can_mix("mps")


def own_number():
    return lambda item: devices._taken


def test_workers_are_numbered_from_nought():
    with Workers(2) as workers:
        told = {taken for _, taken in workers.each(own_number, range(6), lambda: None)}
    assert told <= {(0, 2), (1, 2)} and told
    assert devices._taken == (0, 1)


# -- a model that one GPU does not hold ----------------------------------------------------------------------------
def test_a_model_that_fits_goes_to_one_gpu(gpus, meta_model):
    gpus(GB, GB)
    assert devices.placement(meta_model) == "cuda:0"
    devices.take(1, 2)
    assert devices.placement(meta_model) == "cuda:1"


def test_a_model_that_no_gpu_holds_is_spread_evenly_over_all_of_this_process(gpus, meta_model):
    gpus(*[40 * 2**20] * 3)
    where = devices.placement(meta_model)
    assert set(where.values()) == {0, 1, 2} and set(where) == {str(layer) for layer in range(12)}
    assert max(list(where.values()).count(number) for number in range(3)) <= 7  # 70 % of what is free
    devices.take(0, 3)
    assert set(devices.placement(meta_model).values()) == {0, "cpu"}


def test_a_model_all_of_which_is_trained_needs_four_times_the_room(gpus, meta_model):
    gpus(*[100 * 2**20] * 4)
    assert devices.placement(meta_model) == "cuda:0"
    assert set(devices.placement(meta_model, 4.0).values()) == {0, 1, 2, 3}


def test_what_the_gpus_do_not_hold_waits_in_the_memory_of_the_cpu(gpus, meta_model):
    gpus(30 * 2**20)
    assert set(devices.placement(meta_model).values()) == {0, "cpu"}


# -- threads, and what the system tells ----------------------------------------------------------------------------
def test_threads_are_as_before_afterwards():
    before = torch.get_num_threads()
    with pytest.raises(ValueError), devices.threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise ValueError
    assert torch.get_num_threads() == before


def test_a_process_has_half_the_cores_as_threads(monkeypatch):
    monkeypatch.setattr(processors, "cores", lambda: 6)
    with devices.threads(1):
        devices.set_threads()
        assert torch.get_num_threads() == 3


@pytest.mark.parametrize(
    "told, level",
    [
        ("flags : fpu avx2 fma avx512f avx512_bf16 amx_bf16", "AMX"),
        ("flags : fpu avx2 avx512f avx512_bf16", "AVX-512 with bf16"),
        ("flags : fpu avx2 avx512f", "AVX-512"),
        ("flags : fpu avx avx2", "AVX2"),
        ("Features : fp asimd", "NEON"),
    ],
)
def test_the_widest_instructions_are_named(tmp_path, monkeypatch, told, level):
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nmodel name\t: A Processor 9\n{told}\n", encoding="utf-8")
    monkeypatch.setattr(processors, "CPUINFO", tmp_path / "cpuinfo")
    assert (processors.processor.__wrapped__(), processors.level.__wrapped__()) == ("A Processor 9", level)


def test_where_the_system_tells_nothing_the_architecture_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(processors, "CPUINFO", tmp_path / "none")
    assert processors.level.__wrapped__() == os.uname().machine and processors.processor.__wrapped__()


def test_gpus_are_counted_without_torch(tmp_path, monkeypatch):
    monkeypatch.setattr(processors, "NVIDIA", tmp_path / "gpus")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv(processors.DEVICE, raising=False)
    assert processors.gpus() == 0
    for name in ("0000:17:00.0", "0000:65:00.0"):
        (tmp_path / "gpus" / name).mkdir(parents=True)
    assert processors.gpus() == 2
    for shown, count in (("1", 1), ("", 0), ("0,1,2", 2)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
        assert processors.gpus() == count
    monkeypatch.setenv(processors.DEVICE, "cpu")
    assert processors.gpus() == 0
