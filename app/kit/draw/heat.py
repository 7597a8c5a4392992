"""Backgrounds of cells by their value, which keep the page's text readable in light and dark."""

_SHARE = "#6B5CC4"
MORE, LESS = "#0E8F86", "#C2660A"  # teal and amber, which colour-blind eyes tell apart
_STRONGEST = 65
"""Percent of colour over the page's background; with more, text would lose its contrast."""
FULL = 20.0
"""Points from which on differences look alike."""


def heat(share: float) -> str:
    """CSS background of an accuracy, 0 to 1: the higher, the stronger."""
    return _mixed(_SHARE, min(max(share, 0.0), 1.0))


def diverging(points: float) -> str:
    """CSS background of a difference in percentage points: teal for more, amber for less."""
    return _mixed(MORE if points > 0 else LESS, min(abs(points) / FULL, 1.0))


def _mixed(color: str, strength: float) -> str:
    return f"color-mix(in srgb, {color} {_STRONGEST * strength:.0f}%, transparent)"
