"""How small an effect is seen, against SciPy's noncentral t and against simulated experiments."""

import math

import numpy as np
import pytest
from scipy import stats

from afn.stats.intervals import joint_half_width
from afn.stats.power import MOST_SEEDS, POWER, power, seeds_needed, smallest_effect


@pytest.mark.parametrize("seeds", [2, 3, 4, 5, 8, 30])
@pytest.mark.parametrize("effect", [0.3, 1.0, 3.0])
def test_without_noise_of_images_it_is_the_power_of_the_t_test(seeds, effect):
    degrees = seeds - 1
    critical = stats.t.ppf(0.975, degrees)
    textbook = stats.nct.sf(critical, degrees, effect * math.sqrt(seeds))
    assert power(effect, 1.0, seeds) == pytest.approx(textbook, abs=1e-3)
    assert power(-effect, 1.0, seeds) == power(effect, 1.0, seeds)


@pytest.mark.parametrize("image_error", [0.0, 0.5, 2.0])
def test_the_smallest_effect_is_seen_in_four_of_five_experiments(image_error):
    effect = smallest_effect(1.0, 3, image_error)
    draw, trials = np.random.default_rng(1), 20_000
    values = effect + draw.normal(0, 1, (trials, 3))
    means = values.mean(1) + draw.normal(0, image_error, trials) if image_error else values.mean(1)
    halves = [joint_half_width(spread, 3, image_error) for spread in values.std(1, ddof=1)]
    assert np.mean(means > halves) == pytest.approx(POWER, abs=0.012)


def test_seeds_needed_are_the_fewest_that_see_the_effect():
    for effect, spread, image_error in ((1.0, 1.0, 0.0), (0.9, 0.5, 0.2), (5.0, 1.0, 0.1)):
        found = seeds_needed(effect, spread, image_error)
        assert power(effect, spread, found, image_error) >= POWER
        assert found == 3 or power(effect, spread, found - 1, image_error) < POWER
    assert seeds_needed(1.0, 1.0) == 10  # as G*Power says for dz = 1


def test_no_number_of_seeds_replaces_images():
    assert seeds_needed(1.0, 0.1, image_error=0.5) is None
    assert seeds_needed(0.001, 1.0) is None  # some 8 million seeds
    assert MOST_SEEDS == 1000


def test_without_any_noise_everything_is_seen():
    assert smallest_effect(0.0, 3) == 0.0
    assert (power(0.1, 0.0, 3), power(0.0, 0.0, 3)) == (1.0, 0.0)
