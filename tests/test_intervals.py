"""Intervals of means; those of shares are tested where grids are."""

import math

import pytest

from afn.intervals import mean_interval


def test_mean_interval_against_numbers_worked_out_by_hand():
    # mean 2, squared deviations 1 + 0 + 1 over n - 1 = 2: the standard deviation is 1
    half = 1.959964 / math.sqrt(3)
    assert mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - half, 2 + half))
    assert mean_interval([0.25] * 9) == (0.25, 0.25)


def test_four_times_the_items_halve_the_interval():
    few, many = ([0.0, 1.0] * pairs for pairs in (50, 200))
    width = [high - low for low, high in (mean_interval(few), mean_interval(many))]
    assert width[0] == pytest.approx(2 * width[1], rel=1e-2)  # n - 1 is not quite n


def test_mean_interval_of_one_item_is_unbounded_and_of_none_an_error():
    assert mean_interval([0.5]) == (-math.inf, math.inf)
    with pytest.raises(ValueError, match="at least one"):
        mean_interval([])
