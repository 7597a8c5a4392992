import math
from decimal import Decimal

import pytest

from afn.wording import (
    count_words,
    difference_words,
    duration_words,
    enumerate_words,
    fixed_words,
    half_width_words,
    interval_words,
    number_words,
    percent,
    range_words,
    signed_words,
    statistics_told,
    steps_words,
)


def test_durations_in_words():
    assert [duration_words(s) for s in (0.2, 40.4, 89, 91, 150, 180, 598, 600, 2500, 9000)] == [
        "1 s", "40 s", "89 s", "1.5 min", "2.5 min", "3 min", "10 min", "10 min", "42 min", "2.5 h",
    ]  # fmt: skip


def test_a_duration_in_words_is_within_a_twentieth_of_what_it_was():
    units = {"s": 1, "min": 60, "h": 3600}
    for seconds in range(10, 40_000, 7):
        value, unit = duration_words(seconds).split()
        assert float(value) * units[unit] == pytest.approx(seconds, rel=0.05)


def number(text):
    return Decimal(text.removesuffix(" %").replace("−", "-").replace("±", ""))


def test_a_shown_difference_is_that_of_the_shown_figures():
    assert difference_words(479 / 512, 481 / 512) == ("93.55 %", "93.95 %", "−0.40")
    assert difference_words(0.25, 0.5) == ("25.0 %", "50.0 %", "−25.0")
    for n in (7, 300, 512, 997, 10_000):
        for first in range(0, n + 1, max(n // 60, 1)):
            for second in range(n, -1, -max(n // 53, 1)):
                own, other, difference = difference_words(first / n, second / n)
                assert number(own) - number(other) == number(difference)
                assert (difference[0] == "±") == (first == second)
                assert float(number(difference)) == pytest.approx(
                    100 * (first - second) / n, abs=0.0501 if difference[-2] == "." else 0.0101
                )


def test_only_what_is_all_reads_as_all_and_only_what_is_none_as_none():
    assert [percent(s) for s in (0, 0.0004, 0.712, 0.9996, 0.99996, 1)] == [
        "0.0 %", "0.04 %", "71.2 %", "99.96 %", "99.996 %", "100.0 %",
    ]  # fmt: skip
    assert difference_words(0.9996, 1.0) == ("99.96 %", "100.00 %", "−0.04")
    for n in (300, 1024, 10_000):
        for right in range(n + 1):
            assert (number(percent(right / n)) in (0, 100)) == (right in (0, n))


def test_no_zero_has_a_sign():
    assert [signed_words(p) for p in (0.0, -0.0, -0.04, 0.04, -0.06, 2.34)] == [
        "±0.0", "±0.0", "±0.0", "±0.0", "−0.1", "+2.3",
    ]  # fmt: skip


def test_what_is_shown_in_steps_adds_up():
    assert steps_words([60.0, 82.0, 71.04]) == (
        ["60.0 %", "82.0 %", "71.0 %"], ["+22.0", "−11.0"], "+11.0",
    )  # fmt: skip
    assert steps_words([93.64, 93.95, 94.0]) == (
        ["93.64 %", "93.95 %", "94.00 %"], ["+0.31", "+0.05"], "+0.36",
    )  # fmt: skip


def test_bounds_are_seen_to_differ_from_what_they_bound():
    assert interval_words(2.34, -0.94, 4.26) == "−0.9 to 4.3"
    assert interval_words(50, 49.97, 50.02) == "49.97 to 50.02"
    assert interval_words(0.04, 0.01, 0.07) == "0.01 to 0.07"
    assert interval_words(100, 99.2, 100) == "99.2 to 100.0"
    assert interval_words(-0.9, -1.3, -0.02) == "−1.30 to −0.02"
    assert interval_words(0, 0, 0) == "the same for every image"
    assert interval_words(1, 1, 1, of="seed") == "the same for every seed"
    assert [half_width_words(h) for h in (1.44, 0.04, 0.004, 0)] == ["1.4", "0.04", "0.004", "0.0"]


def test_a_range_has_two_ends_or_is_one_number():
    assert range_words(0.1, 2390) == "0.1 to 2,390"
    assert range_words(0.99982, 1.00031) == "0.9998 to 1"
    assert range_words(1, 1) == "1"


def test_numbers_are_written_as_people_write_them():
    shown = [number_words(x) for x in (2390.4, 12_345.6, 0.0474, 0.00067, 3, 0, -0.0, -2.5)]
    assert shown == ["2,390", "12,300", "0.0474", "0.00067", "3", "0", "0", "−2.5"]
    assert number_words(-1.8e-5) == "−1.80e-05"
    assert number_words(1234.567, 6) == "1,234.57"
    assert number_words(math.inf) == "inf"
    for power in range(-4, 8):
        for value in (1.234567, 9.9951, 4.5):
            text = number_words(value * 10.0**power)
            assert "e" not in text
            assert float(text.replace(",", "")) == pytest.approx(value * 10.0**power, rel=0.006)


def test_counts_in_words():
    assert [count_words(n, "run") for n in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]
    assert [count_words(2, each) for each in ("batch", "epoch")] == ["2 batches", "2 epochs"]


@pytest.mark.parametrize(
    ("num_images", "words"),
    [
        (1, "test batch of 1"),
        (100, "test batch of 100"),
        (128, "test batch of 128"),
        (129, "test batches of 128, the last of 1"),
        (256, "test batches of 128"),
        (300, "test batches of 128, the last of 44"),
    ],
)
def test_test_batches_are_told_with_the_sizes_that_they_have(num_images, words):
    assert statistics_told("test batch of 128", num_images) == words
    for mode in ("running", "per image", "none"):
        assert statistics_told(mode, num_images) == mode


def test_digits_are_fixed_and_minus_is_a_minus():
    assert [fixed_words(value) for value in (0.25, -1.8, 0)] == ["0.25", "−1.80", "0.00"]
    assert fixed_words(-0.00671, 4) == "−0.0067"


def test_things_are_enumerated():
    assert [enumerate_words("abc"[:count]) for count in range(4)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
