"""Numbers as people say them."""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

_TEST_BATCH = "test batch of "


def count_words(count: int, what: str) -> str:
    """ "1 run", "2 runs", "2 batches"."""
    ending = "es" if what.endswith("tch") else "s"
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}{ending}"


def distinct(values: Iterable[object]) -> str:
    """ "0 / 1", each of the values once."""
    return " / ".join(dict.fromkeys(map(str, values)))


def enumerate_words(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


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


def fixed_words(value: float, decimals: int = 2) -> str:
    """ "0.25", "−1.80": so many digits behind the point."""
    return f"{value:.{decimals}f}".replace("-", "−")


def percent(share: float) -> str:
    """ "71.2 %"; with more digits where it would read as all or none and is not."""
    return f"{100 * share:.{_decimals(share)}f} %"


def difference_words(share: float, other: float) -> tuple[str, str, str]:
    """Two shares in percent and their difference in points: "93.6 %", "93.9 %", "−0.3".

    The difference is that of the figures beside it. Where rounding would have it otherwise, all
    three have two digits behind the point.
    """
    (theirs, own), (difference,), _ = steps_words([100 * other, 100 * share])
    return own, theirs, difference


def steps_words(levels: Sequence[float]) -> tuple[list[str], list[str], str]:
    """Levels in percent, how each differs from the one before, and the last from the first.

    What is shown adds up: every difference is that of the figures beside it. Where rounding would
    have it otherwise, all have a digit more behind the point.
    """
    fewest = _decimals(*(level / 100 for level in levels))
    for decimals in (fewest, fewest + 1):
        shown = [Decimal(f"{level:.{decimals}f}") for level in levels]
        pairs = [*zip(levels, levels[1:], shown, shown[1:], strict=False)]
        pairs.append((levels[0], levels[-1], shown[0], shown[-1]))
        if all(
            above - below == Decimal(f"{after - before:.{decimals}f}")
            and (above != below or abs(after - before) < 1e-9)
            for before, after, below, above in pairs
        ):
            break
    *changes, whole = (signed_words(float(above - below), decimals) for _, _, below, above in pairs)
    return [f"{level} %" for level in shown], changes, whole


def interval_words(
    value: float,
    low: float,
    high: float,
    *,
    of: str = "image",
    decimals: int = 1,
    is_signed: bool = False,
) -> str:
    """The bounds of a 95 % interval: "−0.9 to 1.3", with digits enough to be other than the value.

    Args:
        value: As long as the bounds differ from it, they are seen to.
        low: In the unit of the value, as `high`.
        high: Where both are the value, there is no interval: it is "the same for every image".
        of: What the interval is over.
        decimals: Digits behind the point, at least.
        is_signed: Whether a plus is written.
    """
    if _is_same(low, high):
        return f"the same for every {of}"
    for digits in range(decimals, decimals + 4):
        texts = [f"{each:.{digits}f}" for each in (low, high)]
        if all(
            _is_same(bound, value)
            or (text != f"{value:.{digits}f}" and (float(text) != 0 or _is_same(bound, 0)))
            for bound, text in zip((low, high), texts, strict=True)
        ):
            break
    if is_signed:
        return " to ".join(signed_words(each, digits) for each in (low, high))
    return " to ".join(text.lstrip("-") if not float(text) else text for text in texts).replace(
        "-", "−"
    )


def half_width_words(half: float, decimals: int = 1) -> str:
    """What stands behind "±": "1.4"; with more digits where it would read as 0 and is not."""
    for digits in range(decimals, decimals + 4):
        if float(text := f"{half:.{digits}f}") or _is_same(half, 0):
            break
    return text


def range_words(low: float, high: float, digits: int = 3) -> str:
    """ "0.98 to 1.02"; digits enough to tell the two apart, and one number where they are one."""
    for most in range(digits, digits + 4):
        ends = [number_words(each, most) for each in (low, high)]
        if ends[0] != ends[1]:
            return " to ".join(ends)
    return ends[0]


def number_words(value: float, digits: int = 3) -> str:
    """ "0.0474", "2,390", "−1.8e-05": so many digits, and an exponent only for the very small."""
    size = abs(value)
    if value == 0 or not math.isfinite(value):
        return f"{value:g}".replace("-", "−") if value else "0"
    if size < 1e-4 or size >= 1e9:
        text = f"{size:.{digits - 1}e}"
    else:
        rounded = float(f"{size:.{digits}g}")
        behind = max(0, digits - 1 - math.floor(math.log10(rounded)))
        text = f"{rounded:,.{behind}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{text}" if value < 0 else text


def _is_same(one: float, other: float) -> bool:
    return abs(one - other) < 1e-9


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
