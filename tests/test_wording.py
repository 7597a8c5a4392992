from afn.wording import count_words, duration_words


def test_durations_in_words():
    assert [duration_words(s) for s in (0.2, 40.4, 89, 91, 600, 9000)] == [
        "1 s", "40 s", "89 s", "2 min", "10 min", "2.5 h",
    ]  # fmt: skip


def test_counts_in_words():
    assert [count_words(n, "run") for n in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]
