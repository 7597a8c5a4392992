"""Numbers as people say them."""


def count_words(count: int, what: str) -> str:
    """ "1 run", "2 runs"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def duration_words(seconds: float) -> str:
    """ "40 s", "3 min", "2.5 h"; whatever is shorter than a second is "1 s"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
