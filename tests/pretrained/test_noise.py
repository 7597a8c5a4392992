"""How much a figure depends on the test images, against sums worked out by another route."""

import math

import numpy as np
import pytest

from afn.pretrained.hits import Hits
from afn.pretrained.noise import ImageAnswers, image_error


def hits(draw, n, share):
    return draw.random(n) < share


def answered(data, ours, theirs=None):
    kept = [each for each in (ours, theirs) if each is not None]
    return ImageAnswers(data, ours, theirs, [(float(each.mean()), len(each)) for each in kept])


def test_of_one_test_it_is_the_error_of_a_share():
    ours = hits(np.random.default_rng(0), 1000, 0.7)
    expected = 100 * math.sqrt(ours.mean() * (1 - ours.mean()) / 999)
    assert image_error([answered("a", ours)], is_difference=False) == pytest.approx(expected)


def test_of_two_norms_images_on_which_they_agree_do_not_count():
    """On 100 images they differ in 10 to 6: √((16 − 4²/100) / 99 / 100)."""
    ours, theirs = np.zeros(100, bool), np.zeros(100, bool)
    ours[:10], theirs[10:16], ours[50:], theirs[50:] = True, True, True, True
    expected = 100 * math.sqrt((16 - 16 / 100) / 99 / 100)
    assert image_error([answered("a", ours, theirs)], is_difference=True) == pytest.approx(expected)


def test_images_are_the_unit_and_data_sets_independent():
    draw = np.random.default_rng(3)
    a, b = hits(draw, 400, 0.6), hits(draw, 100, 0.4)
    once = image_error([answered("a", a)], is_difference=False)
    thrice = image_error([answered("a", a)] * 3, is_difference=False)
    assert thrice == pytest.approx(once)  # the same images again say nothing new
    both = image_error([answered("a", a), answered("b", b)], is_difference=False)
    other = image_error([answered("b", b)], is_difference=False)
    assert both == pytest.approx(math.hypot(once, other) / 2)


def test_it_is_what_a_bootstrap_over_images_finds():
    draw = np.random.default_rng(4)
    ours = [hits(draw, 300, 0.6) for _ in range(3)]
    theirs = [one ^ hits(draw, 300, 0.1) for one in ours]
    each = np.mean([a.astype(float) - b for a, b in zip(ours, theirs, strict=True)], axis=0)
    again = draw.choice(each, (4000, 300)).mean(1)
    tests = [answered("a", a, b) for a, b in zip(ours, theirs, strict=True)]
    assert image_error(tests, is_difference=True) == pytest.approx(100 * again.std(), rel=0.04)


def test_counts_alone_give_a_bound():
    draw = np.random.default_rng(5)
    ours = [hits(draw, 300, 0.6) for _ in range(3)]
    theirs = [one ^ hits(draw, 300, 0.1) for one in ours]
    kept = [answered("a", a, b) for a, b in zip(ours, theirs, strict=True)]
    counted = [test._replace(ours=None, theirs=None) for test in kept]
    bound = image_error(counted, is_difference=True)
    assert bound > image_error(kept, is_difference=True)
    p, q = ours[0].mean(), theirs[0].mean()
    expected = 100 * math.sqrt((p * (1 - p) + q * (1 - q)) / 300)
    assert image_error(counted[:1], is_difference=True) == pytest.approx(expected)


def test_models_that_are_not_shipped_have_no_hits(tmp_path):
    assert Hits(tmp_path).of("mnist5k-bn") == {}
    assert Hits(None).of("mnist5k-bn") == {}
