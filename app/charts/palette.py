"""One colour per norm, everywhere, in light and dark (after Okabe and Ito, colour-blind safe)."""

from collections.abc import Sequence

NORM_COLORS = {
    "afn": "#D55E00",
    "asrnorm": "#009E73",
    "bn": "#2B7FC4",
    "in": "#CC79A7",
    "gn": "#E69F00",
    "ln": "#56B4E9",
    "bin": "#A39B00",
    "none": "#8A8A8A",
}


def run_colors(norms: Sequence[str]) -> list[str]:
    """A colour per run: its norm's, mixed with white for the second and third of one norm."""
    return [
        _lighter(NORM_COLORS[norm], 0.32 * norms[:i].count(norm)) for i, norm in enumerate(norms)
    ]


def _lighter(color: str, share: float) -> str:
    channels = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(c + (255 - c) * min(share, 0.7)):02X}" for c in channels)
