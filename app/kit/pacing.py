"""Letting a page's first figure be seen before the browser is busy with all others."""

import time

_PAINT_SECONDS = 0.15


def painted() -> None:
    """Wait a moment, so that the browser draws what is above before it is sent what is below.

    What comes within one frame is mounted together, and Plotly takes a browser's only thread for
    tenths of a second: without a pause a table that is there at once would show with the last
    figure.
    """
    time.sleep(_PAINT_SECONDS)
