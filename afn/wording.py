"""Numbers as people say them."""

from decimal import Decimal

_TEST_BATCH = "test batch of "


def count_words(count: int, what: str) -> str:
    """ "1 run", "2 runs"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def duration_words(seconds: float) -> str:
    """ "40 s", "2.5 min", "40 min", "2.5 h"; whatever is shorter than a second is "1 s"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    unit, name = (60, "min") if seconds < 5400 else (3600, "h")
    value = seconds / unit
    return f"{round(value, 1 if value < 10 else 0):g} {name}"


def signed_words(points: float, decimals: int = 1) -> str:
    """ "+2.3", "−0.9", "±0.0": points with their sign."""
    text = f"{points:+.{decimals}f}"
    return text.replace("-", "−") if float(text) else f"±{abs(points):.{decimals}f}"


def percent(share: float) -> str:
    """ "71.2 %"; with more digits where it would read as all or none and is not."""
    return f"{100 * share:.{_decimals(share)}f} %"


def difference_words(share: float, other: float) -> tuple[str, str, str]:
    """Two shares in percent and their difference in points: "93.6 %", "93.9 %", "−0.3".

    The difference is that of the figures beside it. Where rounding would have it otherwise, all
    three have two digits behind the point.
    """
    fewest = _decimals(share, other)
    for decimals in (fewest, fewest + 1):
        shown = [Decimal(f"{100 * each:.{decimals}f}") for each in (share, other)]
        difference = shown[0] - shown[1]
        rounded = Decimal(f"{100 * (share - other):.{decimals}f}")
        if difference == rounded and (difference or share == other):
            break
    return f"{shown[0]} %", f"{shown[1]} %", signed_words(float(difference), decimals)


def _decimals(*shares: float) -> int:
    """So many digits of percent that only what is all reads 100, and only what is none 0."""
    for decimals in (1, 2, 3):
        shown = [round(100 * share, decimals) for share in shares]
        if all(
            text not in (0, 100) or abs(share - text / 100) < 1e-9
            for share, text in zip(shares, shown, strict=True)
        ):
            return decimals
    return 4


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
