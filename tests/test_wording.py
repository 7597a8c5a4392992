import pytest

from afn.wording import count_words, duration_words, statistics_told


def test_durations_in_words():
    assert [duration_words(s) for s in (0.2, 40.4, 89, 91, 600, 9000)] == [
        "1 s", "40 s", "89 s", "2 min", "10 min", "2.5 h",
    ]  # fmt: skip


def test_counts_in_words():
    assert [count_words(n, "run") for n in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]


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
