"""γ̂ and β̂ of one layer, a dot per channel, at any step of the run."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from afn.wording import enumerate_words, range_words

from .chart import Chart, Rows, Shown, chart_of
from .legend import short_layer
from .live_chart import pack

MOST_CHANNELS = 64
"""Wider layers show every second channel, every third, ..."""


def layer_names(shown: Sequence[Shown]) -> list[str]:
    """The norm layers that have γ̂ and β̂, of all runs."""
    return list(dict.fromkeys(name for each in shown for name in each.history.layers))


def distribution_chart(shown: Sequence[Shown], layer: str) -> Chart:
    """How γ̂ and β̂ of a layer spread over its channels."""
    widths = [
        each.history.start["num_features"][each.history.layers.index(layer)]
        for each in shown
        if each.history.start and layer in each.history.layers
    ]
    every = -(-max(widths, default=1) // MOST_CHANNELS)
    spec = {
        "kind": "distribution",
        "panels": ["γ̂ · scale", "β̂ · shift"],
        "title": short_layer(layer),
        "every": every,
    }

    def values(each: Shown, snapshot: dict[str, Any]) -> list[list[float]] | None:
        try:
            of_layer = snapshot["layers"][each.history.layers.index(layer)]
            return [of_layer["gamma"], of_layer["beta"]]
        except (ValueError, IndexError, KeyError):
            return None

    def feed(cursor: list[int] | None) -> tuple[dict[str, Any], Any]:
        seen = list(cursor or [0] * len(shown))
        snapshots = []
        for run, each in enumerate(shown):
            new = each.history.snapshots[seen[run] :]
            seen[run] += len(new)
            for snapshot in new if cursor is None else new[-1:]:  # a tick brings the newest alone
                if panels := values(each, snapshot):
                    packed = [pack(channels[::every]) for channels in panels]
                    snapshots.append([run, snapshot["step"], packed])
        return ({"snapshots": snapshots} if snapshots else {}), seen

    def reading() -> str:
        words = []
        for each in shown:
            latest = each.history.snapshots[-1:]
            if latest and (panels := values(each, latest[0])):
                gamma = np.array(panels[0])
                words.append(f"{each.label} {range_words(gamma.min(), gamma.max())}")
        if not words:
            return "No snapshot yet."
        return f"γ̂ of {short_layer(layer)} now spans: {enumerate_words(words)}."

    def table() -> Rows:
        return [
            {"run": each.label, "layer": layer, "step": snapshot["step"], "channel": channel}
            | {"gamma": gamma, "beta": beta}
            for each in shown
            for snapshot in each.history.snapshots
            if (panels := values(each, snapshot))
            for channel, (gamma, beta) in enumerate(zip(*panels, strict=True), 1)
        ]

    return chart_of(shown, (layer,), spec, feed, reading(), table)
