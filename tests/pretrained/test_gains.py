"""Differences over seeds and images, paired where that helps."""

import math

import numpy as np
import pytest

from afn.pretrained.gains import Gain
from afn.stats.over_seeds import OverSeeds


def gain(ours, theirs, image_error=0.0):
    return Gain.of(
        OverSeeds.of(dict(enumerate(ours))), OverSeeds.of(dict(enumerate(theirs))), image_error
    )


def test_seeds_that_go_up_and_down_together_are_paired():
    found = gain((51.0, 61.2, 70.8), (50.0, 60.0, 70.0))
    assert found.is_paired
    assert (found.low, found.high) == pytest.approx((0.503172, 1.496828), abs=1e-5)


def test_where_pairing_does_not_help_the_interval_is_built_on_both_spreads():
    """Differences 3, 1, −1 deviate by 2; 1 and 1 make √2: ± 4.302653 · √2 / √3."""
    found = gain((2.0, 1.0, 0.0), (-1.0, 0.0, 1.0))
    assert not found.is_paired
    assert found.spread == pytest.approx(math.sqrt(2))
    assert found.half_width == pytest.approx(3.513101, abs=1e-5)


def test_agreeing_seeds_do_not_hide_the_noise_of_the_images():
    """CIFAR-10, clean: +0.52 and +0.51 over 10,000 images was once a verdict."""
    found = gain((70.52, 71.51), (70.0, 71.0), image_error=0.377)
    assert found.half_width == pytest.approx(0.74, abs=0.01)
    assert not found.is_clear


def test_only_shared_seeds_count():
    ours, theirs = OverSeeds.of({0: 3.0, 2: 5.0}), OverSeeds.of({1: 1.0, 2: 1.0})
    assert Gain.of(ours, theirs, 0.0).differences == OverSeeds(((2, 4.0),))
    assert Gain.of(ours, OverSeeds.of({7: 1.0}), 0.0) is None
    assert Gain.of(None, theirs, 0.0) is None


def test_one_seed_has_a_figure_alone():
    found = gain((5.0,), (3.0,), image_error=0.1)
    assert found.mean == 2.0
    assert found.half_width == found.smallest_effect == math.inf
    assert not found.is_clear
    with pytest.raises(ValueError, match="at least 2"):
        found.seeds_for(1.0)


def test_what_could_be_seen_follows_spread_and_images():
    found = gain((1.0, 2.0, 3.0), (1.0, 1.0, 1.0))
    assert found.smallest_effect == pytest.approx(3.264, abs=2e-3)
    assert (found.seeds_for(1.0), found.seeds_for(9.0)) == (10, 3)
    assert gain((1.0, 2.0, 3.0), (1.0, 1.0, 1.0), image_error=0.5).seeds_for(1.0) is None


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.9])
def test_taking_the_narrower_of_two_intervals_costs_little(shared):
    """Truth 0; of each norm's deviation so much is the seed's, the same for both."""
    draw, trials = np.random.default_rng(2), 2000
    common = draw.normal(0, math.sqrt(shared), (trials, 3))
    ours, theirs = (common + draw.normal(0, math.sqrt(1 - shared), (trials, 3)) for _ in "ab")
    found = [gain(a, b) for a, b in zip(ours, theirs, strict=True)]
    covered = np.mean([each.low <= 0 <= each.high for each in found])
    assert covered > 0.94 - 3 * math.sqrt(0.06 * 0.94 / trials)
    assert np.mean([each.is_paired for each in found]) > 0.45
