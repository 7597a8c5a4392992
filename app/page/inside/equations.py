"""Arithmetic that is true as printed: the shown numbers come to the shown result."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import inf

from afn.wording import number_words

_MOST_DIGITS = 7
"""What a 32-bit number has."""


def equation(terms: Sequence[float], result: float, of: Callable[..., float]) -> list[str]:
    """An equation's numbers, the result last, with as many digits as it takes to hold as shown.

    Whoever computes with the shown terms gets the shown result, to its last digit. Three digits
    are the fewest; there are so many that what sets the result apart from a term is seen:
    0.00669·0.271 + 1 is 1.0018. Where terms cancel, 32-bit arithmetic leaves fewer digits than
    usual: the result then ends where the terms do.

    Args:
        terms: In the order in which they are shown.
        result: What the layer has.
        of: The terms' arithmetic.
    """
    apart = min((gap for term in terms if (gap := abs(result - term))), default=abs(result))
    for most in (0.05 * apart, inf):
        for digits in range(3, _MOST_DIGITS + 1):
            shown = [number_words(term, digits) for term in terms]
            found = of(*map(read, shown))
            for more in range(3, _MOST_DIGITS + 1):
                text = number_words(result, more)
                if _comes_to(found, text) and abs(read(text) - found) <= most:
                    return [*shown, text]
    behind = next((each for each in range(_MOST_DIGITS, 0, -1) if _same(result, found, each)), 0)
    text = f"{round(found, behind) + 0.0:.{behind}f}"  # 0.0: none is −0
    return [*shown, text.replace("-", "−")]


def _comes_to(value: float, text: str) -> bool:
    """Whether the text is the value, to its last digit."""
    return _same(value, read(text), -int(Decimal(_plain(text)).as_tuple().exponent))


def _same(one: float, other: float, behind: int) -> bool:
    return round(one, behind) == round(other, behind)


def rest(share: str) -> str:
    """What a shown share leaves of 1, exactly."""
    left = Decimal(1) - Decimal(_plain(share))
    text = f"{left:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def read(text: str) -> float:
    """A number that is shown, read back."""
    return float(_plain(text))


def _plain(text: str) -> str:
    return text.replace("−", "-").replace(",", "")
