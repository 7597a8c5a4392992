"""Intervals of means; those of shares are tested where grids are."""

import math

import numpy as np
import pytest
from scipy import stats

from afn.stats.intervals import joint_half_width, mean_interval


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


def test_the_joint_interval_is_each_of_the_two_where_the_other_is_nothing():
    assert joint_half_width(1.0, 3, 0.0) == pytest.approx(4.302653 / math.sqrt(3))
    assert joint_half_width(0.0, 3, 0.5) == pytest.approx(1.959964 / 2)
    assert joint_half_width(1.0, 3, 1.0) == pytest.approx(math.hypot(2.484138, 1.959964))


def test_one_seed_gives_no_joint_interval():
    with pytest.raises(ValueError, match="one seed"):
        joint_half_width(1.0, 1, 0.5)


@pytest.mark.parametrize("num_seeds", [2, 3, 5, 8])
@pytest.mark.parametrize("of_images", [0.0, 0.3, 1.0, 4.0])
def test_the_joint_interval_covers_the_truth_as_often_as_it_says(num_seeds, of_images):
    """Networks answer n images: an effect of the seed, one of the image, and the rest.

    `of_images` is the standard error that all seeds share, over that of the seeds' mean.
    """
    draw, trials, n = np.random.default_rng(0), 4000, 50
    of_seed = 1.0
    of_image = of_images * of_seed / math.sqrt(num_seeds) * math.sqrt(n)
    rest = 0.5 * math.sqrt(n)  # σ_e²/n is a quarter of the seeds' variance
    seed = draw.normal(0, of_seed, (trials, num_seeds, 1))
    image = draw.normal(0, of_image, (trials, 1, n))
    answers = seed + image + draw.normal(0, rest, (trials, num_seeds, n))  # the truth is 0
    means = answers.mean(2)
    spreads = means.std(1, ddof=1)
    errors = answers[:, 0].std(1, ddof=1) / math.sqrt(n)  # of one seed's images
    halves = [
        joint_half_width(spread, num_seeds, error)
        for spread, error in zip(spreads, errors, strict=True)
    ]
    covered = np.mean(np.abs(means.mean(1)) <= halves)
    assert covered > 0.95 - 3 * math.sqrt(0.05 * 0.95 / trials)
    seeds_alone = stats.t.ppf(0.975, num_seeds - 1) * spreads / math.sqrt(num_seeds)
    if of_images == 4:  # what the joint interval mends
        assert np.mean(np.abs(means.mean(1)) <= seeds_alone) < 0.9
