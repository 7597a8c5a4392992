"""Numbers as people say them."""

_TEST_BATCH = "test batch of "


def count_words(count: int, what: str) -> str:
    """ "1 run", "2 runs"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def duration_words(seconds: float) -> str:
    """ "40 s", "3 min", "2.5 h"; whatever is shorter than a second is "1 s"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def statistics_told(statistics: str, num_images: int) -> str:
    """A statistics mode with the sizes that its test batches really have.

    Args:
        statistics: As a configuration says it: "test batch of 128" is up to 128 images.
        num_images: That are tested. What is left of them makes a last, smaller batch, which is
            normalized by its own statistics.
    """
    if not statistics.startswith(_TEST_BATCH):
        return statistics
    return f"test {batches_told(int(statistics.removeprefix(_TEST_BATCH)), num_images)}"


def batches_told(size: int, num_images: int) -> str:
    """Into which batches so many images go, such as "batches of 128, the last of 1"."""
    if num_images <= size:
        return f"batch of {num_images}"
    left = num_images % size
    return f"batches of {size}{f', the last of {left}' if left else ''}"
