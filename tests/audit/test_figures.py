"""Intervals, against scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from medresearcher.audit.figures import NOTHING, median, share, share_of


@given(st.integers(1, 3_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_shares_have_the_interval_of_wilson(numbers):
    hits, n = numbers
    oracle = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    found = share(hits, n)
    assert (found.value, found.n) == (hits / n, n)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=1e-6)


def test_what_was_not_measured_does_not_count():
    assert share_of([True, None, False, None]) == share(1, 2)
    assert share_of([None, None]) == NOTHING == median([None])


@pytest.mark.parametrize("n", [6, 7, 10, 11, 25, 100, 101, 2_500])
def test_the_interval_of_a_median_covers_95_percent(n):
    """The chance that the true median lies between the two order statistics, exactly."""
    found = median([float(rank) for rank in range(n)])
    low, high = int(found.low), int(found.high)
    below = binom(n, 0.5)
    covered = below.cdf(high) - below.cdf(low)
    assert 0.95 <= covered < 1 or (low, high) == (0, n - 1)
    narrower = below.cdf(high - 2) - below.cdf(low + 2)
    assert narrower < 0.95
    assert found.value == (n - 1) / 2


def test_few_values_give_their_whole_range():
    found = median([3, 1, None, 2])
    assert (found.low, found.value, found.high, found.n) == (1, 2, 3, 3)
