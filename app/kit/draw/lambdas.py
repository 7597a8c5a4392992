"""λ over the steps: one panel per λ, or one per layer."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from afn.runs.history import History
from afn.settings.lambda_init import GREEK, LAMBDAS
from afn.wording import number_words

from .chart import Chart, Rows, Shown, chart_of, marks_since
from .legend import short_layer
from .live_chart import curves_chunk

TITLES = {
    "mu": "λ_μ · share in the mean",
    "sigma": "λ_σ · share in the spread",
    "gamma": "λ_γ · share in the scale",
    "beta": "λ_β · share in the shift",
}
Scale = Literal["λ", "logit"]
By = Literal["λ", "layer"]
PanelSpan = Literal["shared", "unit", "zoom"]
"""What panels span: all as much, 0 to 1, or each as little as its curves."""
LEAST = {"λ": 0.1, "logit": 2.0}
"""What a panel spans at least, so that a drift of 0.00003 does not look like one of 0.009. All
starts of the paper lie between 0 and 0.1, 0.047 in the middle: what reaches the top has doubled."""

_ORIGINS: dict[tuple[Scale, By], float | str] = {
    ("λ", "λ"): 0, ("λ", "layer"): "middle", ("logit", "layer"): "middle",
}  # fmt: skip
"""Where 0 lies, as far as curves allow."""


def lambda_chart(
    shown: Sequence[Shown], *, scale: Scale = "λ", by: By = "λ", span: PanelSpan = "shared"
) -> Chart:
    """λ of every layer of every run that has λ, or its logit; a panel per λ or per layer."""
    adaptive = [each for each in shown if each.history.adaptive_layers]
    layers = list(dict.fromkeys(name for each in adaptive for name in each.history.adaptive_layers))
    lines: list[list[Any]] = []
    first_lines = []
    for run, each in enumerate(adaptive):
        first_lines.append(len(lines))
        for name in each.history.adaptive_layers:
            layer = layers.index(name)
            for i, symbol in enumerate(GREEK.values()):
                short = short_layer(name)
                lines.append([i, run, layer, short] if by == "λ" else [layer, run, i, symbol])
    unit = "λ" if scale == "λ" else "logit"
    if by == "λ":
        panels = [{"title": TITLES[name], "y": unit} for name in LAMBDAS]
        if scale == "λ":
            panels = [{**panel, "sets": name} for panel, name in zip(panels, LAMBDAS, strict=True)]
        names = [short_layer(name) for name in layers]
    else:
        panels = [{"title": short_layer(name), "y": f"change of {unit}"} for name in layers]
        names = list(GREEK.values())
    spec = {
        "kind": "curves",
        "panels": panels,
        "lines": lines,
        "columns": 2 if by == "λ" or len(layers) < 3 else 3,
        "x": "step",
        "dashes": names if len(names) <= 5 else [],
        "span": {"mode": span, "least": LEAST[scale], "from": _ORIGINS.get((scale, by))},
    }

    def feed(cursor: tuple[list[int], list[int]] | None) -> tuple[dict[str, Any], Any]:
        now = (
            [len(each.history.lambda_steps) for each in adaptive],
            [len(each.history.commands) for each in adaptive],
        )
        steps, commands = cursor or ([-1] * len(adaptive), [0] * len(adaptive))
        blocks: list[Any] = [
            (line, *_block(each.history, first, scale, by))
            for line, each, first in zip(first_lines, adaptive, steps, strict=True)
        ]
        marks = marks_since(adaptive, commands)
        return curves_chunk(blocks, marks, is_history=cursor is None), now

    view = (scale, by, span, tuple(layers))
    return chart_of(adaptive, view, spec, feed, _reading(adaptive), lambda: _table(shown))


def _block(history: History, first: int, scale: Scale, by: By) -> tuple[np.ndarray, np.ndarray]:
    """Steps and one row per layer and λ, from entry `first` on; -1 is the start."""
    start = _start(history)  # (layers * 4,)
    steps = history.lambda_steps[max(first, 0) :].astype(float)
    values = history.lambdas[:, :, max(first, 0) :].reshape(len(start), len(steps))
    if first < 0:
        values = np.concatenate([start[:, None], values], axis=1)
        steps = np.concatenate([[float(history.first_step)], steps])
    if scale == "logit":
        values, start = _logit(values), _logit(start)
    return steps, values - start[:, None] if by == "layer" else values


def _start(history: History) -> np.ndarray:
    rows = history.start["lambdas"] if history.start else []
    return np.array(rows, dtype=float).reshape(-1)


def _logit(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        logits = np.log(values) - np.log1p(-values)
    logits[~np.isfinite(logits)] = np.nan
    return logits


def _reading(adaptive: Sequence[Shown]) -> str:
    if not adaptive:
        return "None of these contenders has λ: it belongs to AFN and ASRNorm."
    best: tuple[float, str] | None = None
    for each in adaptive:
        start = _start(each.history)
        for row, column in enumerate(c for layer in each.history.lambdas for c in layer):
            if len(column) and (best is None or abs(column[-1] - start[row]) > best[0]):
                layer = short_layer(each.history.adaptive_layers[row // 4])
                symbol = GREEK[LAMBDAS[row % 4]]
                moved = f"{number_words(start[row], 5)} → {number_words(column[-1], 5)}"
                text = f"{each.label}'s {symbol} in {layer}, {moved}"
                best = abs(column[-1] - start[row]), text
    if best is None:
        return "λ stands at its start; the first step comes in a moment."
    if best[0] == 0:
        return "No λ has moved."
    return f"The largest move so far: {best[1]}."


def _table(shown: Sequence[Shown]) -> Rows:
    return [
        {"run": each.label, "layer": layer, "step": step}
        | {f"lambda_{name}": columns[k][i] for k, name in enumerate(LAMBDAS)}
        for each in shown
        for layer, columns in zip(each.history.adaptive_layers, each.history.lambdas, strict=False)
        for i, step in enumerate(each.history.lambda_steps.tolist())
    ]
