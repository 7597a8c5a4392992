"""How a step's formula is written: as HTML whose numbers say where they are from."""

from html import escape

from afn.wording import number_words

Told = tuple[str, str, str]
"""Value, formula and reading."""


def given(text: str, source: str = "") -> str:
    """A number of a formula; in brackets where it is below 0, for a sign goes before it."""
    shown = f"({text})" if text.startswith("−") else text
    origin = f' data-from="{source}"' if source else ""
    return f'<i class="value"{origin}>{escape(shown.replace("-", "−"))}</i>'


def result(text: str) -> str:
    """What an equation comes to."""
    return f'<b class="value">{escape(text.replace("-", "−"))}</b>'


def equations(*told: str, small: str = "") -> str:
    """Equations, each on a line of its own, and a remark below."""
    return "".join(f"<span>{line}</span>" for line in told) + (
        f"<small>{escape(small)}</small>" if small else ""
    )


def two(one: str, first: float, other: str, second: float) -> str:
    """Two short results, one below the other."""
    return f"{one} {number_words(first)}<br>{other} {number_words(second)}".replace("-", "−")


def sub(index: str) -> str:
    """A letter's index."""
    return f"<sub>{index}</sub>"
