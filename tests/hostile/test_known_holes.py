"""What is installed is newer than the fix of every hole on the list of those we know of (docs/known-holes.csv)."""

import csv
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.version import Version

HOLES = list(csv.DictReader((Path(__file__).parents[2] / "docs" / "known-holes.csv").read_text().splitlines()))


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole["id"])
def test_no_known_hole_is_installed(hole):
    try:
        found = version(hole["package"])
    except PackageNotFoundError:
        pytest.skip(f"{hole['package']} is not installed")
    assert Version(found) >= Version(hole["fixed in"]), f"{hole['package']} {found}: {hole['what']} ({hole['id']})"


def test_every_package_that_faces_the_web_is_on_the_list():
    assert {"gradio", "starlette", "python-multipart", "h11", "torch", "transformers"} <= {h["package"] for h in HOLES}
