from afn.durations import duration_words


def test_durations_in_words():
    assert [duration_words(s) for s in (0.2, 40.4, 89, 91, 600, 9000)] == [
        "1 s", "40 s", "89 s", "2 min", "10 min", "2.5 h",
    ]  # fmt: skip
