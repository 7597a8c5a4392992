"""Whether a figure's whiskers leave its plot."""

from typing import Any

from app.kit.draw.axes import Figure


def overrun(figure: Figure) -> list[tuple[str, float]]:
    """The ends of intervals that lie outside of an axis that was given a range, or below a log's.

    An axis without a range finds its own, which holds whiskers.
    """
    found: list[tuple[str, float]] = []
    for trace in figure.data:
        for side in "xy":
            bars = getattr(trace, f"error_{side}", None)
            if bars is None or bars.array is None or bars.visible is False:
                continue
            number = (trace[f"{side}axis"] or side)[1:]
            given = figure.layout[f"{side}axis{number}"]
            values = list(getattr(trace, side))
            if trace.type == "bar" and trace.base is not None:
                values = [base + value for base, value in zip(trace.base, values, strict=True)]
            minus = bars.arrayminus if bars.arrayminus is not None else bars.array
            for value, up, down in zip(values, bars.array, minus, strict=True):
                ends = (value - down, value + up)
                found += [(trace.name, end) for end in ends if _is_out(end, given)]
    return found


def _is_out(end: float, axis: Any) -> bool:
    if axis.type == "log":
        return end <= 0
    return axis.range is not None and not min(axis.range) <= end <= max(axis.range)
