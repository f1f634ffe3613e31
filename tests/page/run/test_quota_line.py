"""What the page says of a visitor's GPU quota, and the notice under the header."""

from backend.limits.hosts import CPU_SPACE, HOSTS, LOCAL, ZERO_GPU
from backend.runs.estimate import Estimate
from components.frame.host_notice import FORGETS, REPLAYS, notice_markup
from components.run.cost import cost_markup


def test_the_quota_is_told_where_there_is_one_and_nowhere_else():
    found = Estimate(55.0, 40.0, 75.0, {}, 600.0, False)
    assert "in 3 to 5 slices of 15 s" in cost_markup(found, HOSTS[ZERO_GPU])
    for kind in (LOCAL, CPU_SPACE):
        assert "quota" not in cost_markup(found, HOSTS[kind]) + cost_markup(None, HOSTS[kind])


def test_one_slice_is_no_span():
    assert "in 1 slices" in cost_markup(Estimate(5.0, 2.0, 9.0, {}, 600.0, False), HOSTS[ZERO_GPU])


def test_an_unknown_time_still_says_that_the_quota_is_used():
    said = cost_markup(None, HOSTS[ZERO_GPU])
    assert "unknown" in said and "slices of 15 s" in said


def test_the_notice_is_one_sentence_and_only_where_it_is_due():
    assert notice_markup(keeps=True, computes=True) == ""
    assert FORGETS in notice_markup(keeps=False, computes=True) and "#takeaway" in notice_markup(False, True)
    assert REPLAYS in notice_markup(keeps=False, computes=False)
    assert FORGETS not in notice_markup(keeps=False, computes=False), "where nothing computes there is nothing to lose"
