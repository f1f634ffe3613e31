"""What every test shares: no network, a home of its own, and tiny models that are built once."""

import os
import re
import sys
from pathlib import Path

import hypothesis
import pytest

from components.frame.stubs import write_no_stubs
from tests.typed import check_sparingly

write_no_stubs()  # before anything imports Gradio
check_sparingly()  # before anything imports the backend
# a busy machine is no defect: how long one example may take says nothing about the code
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# Where the surroundings ask for no bytecode, every process of a test run compiles the project anew, and pytest
# rewrites and compiles all tests. To collect them then costs a worker 53 s of a processor, and 24 s with bytecode.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# before anything imports the hub's client, which reads it once
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# before anything imports torch, here and in what the tests start: beside other processes, two threads wait for each
# other at every small product. Twenty steps of opt-pocket took 1 s of a busy core with one thread and 12 s with two.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# two files are tested at a time, and a worker process imports for 7 s: tests of several workers ask for them
os.environ.setdefault("DISTILLOSCOPE_WORKERS", "1")

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    """Files go to xdist's workers in the order of their names. By default those with the fewest tests are last, which
    are the longest: of two workers one waited for a twelfth of the time."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def drives_a_browser(file: Path) -> bool:
    """Whether a file may hold browser tests: by its name, or because it imports them."""
    return file.name.endswith("browser.py") or "tests.browsing" in file.read_text(encoding="utf-8")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where browser tests alone are asked for, no other file is read: that takes a worker 8 s of a processor."""
    others = collection_path.suffix == ".py" and re.fullmatch(r"browser( and not \w+)*", config.option.markexpr)
    return True if others and not drives_a_browser(collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that take minutes run only when asked for: `-m slow`, or any other `-m`."""
    marked = {item.path for item in items if item.get_closest_marker("browser")}
    if unread := [str(file) for file in marked if not drives_a_browser(file)]:
        raise pytest.UsageError(f"`-m browser` would leave out {', '.join(unread)}: end its name with browser.py")
    if not config.option.markexpr:
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The loop of an open browser runs for good, and other tests make loops, and count the children of this process."""
    if not item.get_closest_marker("browser"):
        close_browser()


def pytest_unconfigure() -> None:
    close_browser()


def close_browser() -> None:
    if browsing := sys.modules.get("tests.browsing"):  # where none of the tests imports it there is no browser
        browsing.OPENED.close()


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory):
    """Runs and recorded experts of the tests go to a temporary folder, never to the developer's own."""
    folder = tmp_path_factory.mktemp("home")
    before = os.environ.get("DISTILLOSCOPE_HOME")
    os.environ["DISTILLOSCOPE_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["DISTILLOSCOPE_HOME"]
    else:
        os.environ["DISTILLOSCOPE_HOME"] = before


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model folder for each family."""
    from tests import tiny  # noqa: PLC0415 - tests without tensors should not wait for torch

    root = tmp_path_factory.mktemp("models")
    return {family: tiny.save_model(root / family, family) for family in tiny.FAMILIES}


@pytest.fixture(scope="module")
def double(tiny_models):
    """The file's tests compute in double precision, whatever a model asks for. The tiny models are made before."""
    from tests.double import in_double  # noqa: PLC0415

    with in_double():
        yield


@pytest.fixture(scope="session")
def tiny_tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with toy arc_easy and mmlu files."""
    from tests import tiny  # noqa: PLC0415

    return tiny.write_tasks(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real questions, which the project does not ship."""
    if not REAL_DATA.is_dir():
        pytest.skip("the folder ../shared/data with real questions is absent")
    return REAL_DATA


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory):
    """The app in a process of its own, with two owners' runs, for whatever comes over HTTP. It ends with the file:
    other tests count, and kill, the children of this process.
    """
    from tests.hostile.siege import Siege  # noqa: PLC0415

    found = Siege(tmp_path_factory.mktemp("siege"))
    yield found
    found.end()
