"""Calibration, against a spelling of its own, an exact case, and the shipped cards' answers."""

import random
from math import ceil, isnan

import pytest

from afn.ask.records import STANDARD, Cell
from afn.pretrained.cards import read_card
from afn.stats.calibration import BINS, calibration, expected_calibration_error


def cell(confidences, hits, *, corruption=None, severity=0):
    return Cell(
        corruption=corruption, severity=severity, source="clean", loss=0.5,
        answers=bytes(int(not hit) for hit in hits), confidences=bytes(confidences),
        labels=bytes(len(hits)),
    )  # fmt: skip


def drawn(seed, n=400):
    draw = random.Random(seed)
    confidences = [draw.choice([0, 17, 18, 34, 255, draw.randrange(256)]) for _ in range(n)]
    return confidences, [draw.random() < 0.6 for _ in range(n)]


def spelled(confidences, hits):
    """The definition, image by image."""
    bins = {}
    for steps, hit in zip(confidences, hits, strict=True):
        place = max(ceil(steps / 17), 1)  # 255 / 15: an upper end belongs to its bin
        bins.setdefault(place, []).append((steps / 255, hit))
    return sum(
        len(bin_)
        / len(hits)
        * abs(sum(c for c, _ in bin_) / len(bin_) - sum(h for _, h in bin_) / len(bin_))
        for bin_ in bins.values()
    )


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_the_definition_says(seed):
    confidences, hits = drawn(seed)
    found = expected_calibration_error(cell(confidences, hits))
    assert found == pytest.approx(spelled(confidences, hits), abs=1e-6)


def test_of_several_tests_the_mean_is_told_so_that_none_hides_another():
    sure = cell([255] * 100, [True] * 50 + [False] * 50)
    modest = cell([128] * 100, [True] * 100, corruption="fog", severity=1)
    found = calibration([sure, modest])
    assert found.ece == pytest.approx((0.5 + 127 / 255) / 2, abs=1e-6)
    assert found.excess == pytest.approx((383 / 510) - 0.75, abs=1e-6)
    assert (found.tests, found.n, found.seeds) == (2, 100, 1)
    filled = [each for each in found.bins if each.n]
    assert [(each.n, each.accuracy) for each in filled] == [(100, 1.0), (100, 0.5)]
    assert sum(isnan(each.accuracy) for each in found.bins) == BINS - 2


def test_the_interval_is_that_of_the_images_however_many_tests_say_the_same():
    hits = [True] * 320 + [False] * 80
    once = calibration([cell([255] * 400, hits)])
    thrice = calibration([cell([255] * 400, hits, corruption="fog", severity=s) for s in (1, 2, 3)])
    half = 1.96 * (0.8 * 0.2 / 400) ** 0.5  # of a share: ECE is the share of wrong answers here
    for found in (once, thrice):
        assert found.ece == pytest.approx(0.2, abs=1e-6)
        assert found.high - found.ece == pytest.approx(half, rel=0.1)
        assert found.ece - found.low == pytest.approx(half, rel=0.1)


def test_seeds_that_differ_widen_it():
    first = [cell([255] * 400, [True] * 320 + [False] * 80)]
    other = [cell([255] * 400, [True] * 200 + [False] * 200)]
    alike, apart = calibration(first, first), calibration(first, other)
    assert (apart.ece, apart.seeds) == (pytest.approx(0.35, abs=1e-6), 2)
    assert apart.high - apart.low > 3 * (alike.high - alike.low)


def test_seeds_that_were_asked_something_else_are_refused():
    asked = [cell([200] * 10, [True] * 10)]
    with pytest.raises(ValueError, match="answers to the same tests"):
        calibration(asked, [cell([200] * 10, [True] * 10, corruption="fog", severity=1)])
    with pytest.raises(ValueError, match="at least one test, got none"):
        calibration([])


@pytest.mark.parametrize(
    ("name", "statistics", "networks", "ece"),
    [
        ("bn", "running", "on", 0.191),
        ("bn", "test batch of 128", "on", 0.109),
        ("afn", "test batch of 128", "on", 0.095),
        ("afn", "test batch of 128", "off", 0.071),
    ],
)
def test_the_shipped_answers_on_corrupted_cifar10(name, statistics, networks, ece):
    cells = [
        each
        for question, each in read_card(f"cifar10-{name}").answers()
        if question.statistics == statistics
        and question.networks == networks
        and each.corruption in STANDARD
        and each.rule == 1
    ]
    assert len(cells) == 75
    assert round(calibration(cells).ece, 3) == ece
