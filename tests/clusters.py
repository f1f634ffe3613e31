"""A Ray cluster of three small nodes for the tests of one file, where Ray is installed."""

import pytest

from benchmarks.three_nodes import ThreeNodes


@pytest.fixture(scope="module")
def three_nodes():
    made = ThreeNodes()
    yield made
    made.close()
