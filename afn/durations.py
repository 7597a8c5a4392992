"""How long something takes, as people say it."""


def duration_words(seconds: float) -> str:
    """ "40 s", "3 min", "2.5 h"; whatever is shorter than a second is "1 s"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
