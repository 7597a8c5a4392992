"""Means over seeds, paired differences and verdicts, against figures worked out by hand."""

import math

import pytest
from scipy import stats

from afn.pretrained.comparison import VERDICTS, verdict
from afn.pretrained.gains import Gain
from afn.stats.over_seeds import OverSeeds, difference, t_quantile


def over_seeds(*values):
    return OverSeeds.of(dict(enumerate(values)))


@pytest.mark.parametrize("degrees", [*range(1, 40), 60, 120, 1000])
def test_the_quantile_is_students(degrees):
    assert t_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=1e-5)


def test_no_degrees_of_freedom_is_an_error():
    with pytest.raises(ValueError, match="at least 1"):
        t_quantile(0)


def test_two_seeds_give_a_wide_interval():
    """Mean 71, deviation √2, so ± 12.7062 · √2 / √2."""
    found = over_seeds(70.0, 72.0)
    assert found.mean == 71.0
    assert found.half_width == pytest.approx(12.706205, abs=1e-5)
    assert (found.low, found.high) == pytest.approx((58.293795, 83.706205), abs=1e-5)


def test_three_seeds_give_what_the_book_says():
    """Values 1, 2, 3: mean 2, deviation 1, ± 4.302653 / √3."""
    found = over_seeds(1.0, 2.0, 3.0)
    assert (found.n, found.mean) == (3, 2.0)
    assert found.half_width == pytest.approx(2.484138, abs=1e-5)
    assert not found.is_clear


def test_one_seed_says_nothing_of_the_spread():
    found = over_seeds(5.0)
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert not found.is_clear


def test_differences_are_taken_seed_by_seed():
    """Levels differ far more than differences: only pairing finds the gain."""
    bn, afn = over_seeds(50.0, 60.0, 70.0), over_seeds(51.0, 61.2, 70.8)
    gain = difference(afn, bn)
    assert [value for _, value in gain.values] == pytest.approx([1.0, 1.2, 0.8])
    assert (gain.low, gain.high) == pytest.approx((0.503172, 1.496828), abs=1e-5)


def test_only_shared_seeds_are_paired():
    ours, theirs = OverSeeds.of({0: 3.0, 2: 5.0}), OverSeeds.of({1: 1.0, 2: 1.0})
    assert difference(ours, theirs) == OverSeeds(((2, 4.0),))
    assert difference(ours, OverSeeds.of({7: 1.0})) is None
    assert difference(None, theirs) is None
    assert difference(ours, None) is None


def gain(*values, image_error=0.0):
    zeros = over_seeds(*(0.0 for _ in values))
    return Gain.of(over_seeds(*values), zeros, image_error)


@pytest.mark.parametrize(
    ("published", "values", "image_error", "expected"),
    [
        (2.0, (1.0, 1.2, 0.8), 0.0, "holds here"),
        (-2.0, (-1.0, -1.2, -0.8), 0.0, "holds here"),
        (2.0, (-1.0, -1.2, -0.8), 0.0, "does not hold here"),
        (-2.0, (1.0, 1.2, 0.8), 0.0, "does not hold here"),
        (2.0, (3.0, -1.0, 1.0), 0.0, "cannot tell"),
        (2.0, (0.1, -0.1, 0.0), 0.0, "not found here"),  # ± 0.25: 0 and not 2
        (2.0, (0.0, 0.0, 0.0), 0.0, "not found here"),
        (2.0, (1.0, 1.0, 1.0), 0.6, "cannot tell"),  # seeds agree; images leave ± 1.2
        (2.0, (9.0, 9.1), 0.0, "too few seeds"),
        (2.0, (9.0,), 0.0, "too few seeds"),
        (2.0, (), 0.0, "not measured yet"),
    ],
)
def test_a_verdict_follows_from_sign_and_interval(published, values, image_error, expected):
    assert verdict(published, gain(*values, image_error=image_error)) == expected
    assert expected in VERDICTS


def test_what_can_say_nothing_gets_no_verdict():
    assert verdict(2.0, gain(1.0, 1.1, 0.9), "near chance") == "no verdict"
    assert verdict(2.0, None, "near chance") == "not measured yet"


@pytest.mark.parametrize("published", [0.0, math.nan])
def test_a_difference_without_direction_claims_nothing(published):
    with pytest.raises(ValueError, match="no direction"):
        verdict(published, gain(1.0, 2.0))


@pytest.mark.parametrize("values", [(), ((1, 2.0), (0, 1.0)), ((0, 1.0), (0, 2.0))])
def test_seeds_come_once_and_in_order(values):
    with pytest.raises(ValueError, match="rising order"):
        OverSeeds(values)
