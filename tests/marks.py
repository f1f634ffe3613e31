"""Marks for single cases of a test that takes several."""

from functools import partial

import pytest

SLOW = partial(pytest.param, marks=pytest.mark.slow)
