"""The course of λ over the steps of a training, in every layer. Needs no torch."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from afn.ask.sources import Source, setup_of
from afn.runs.history import EventSource, History
from afn.runs.recording import Setup, gate_of
from afn.settings.lambda_init import LAMBDAS

Quantity = Literal["lambda", "logit", "change", "gradient", "move"]
Numbers = NDArray[np.float64]
_BINS = 40
"""So many stretches of a run have a gradient of their own."""


@dataclass(frozen=True, slots=True)
class Track:
    """One run's values: ``values[layer, λ, i]`` at ``steps[i]``; of moves there are two, not four.

    Gaps are NaN.
    """

    steps: Numbers
    values: Numbers


def history_of(source: EventSource) -> History:
    """All that a run or a pretrained model tells of its training.

    Example:
        >>> from afn import find, history_of
        >>> history = history_of(find("mnist5k-afn"))
        >>> first, *_, last = history.columns["loss"].tolist()
        >>> first > last
        True
    """
    return History.of(source)


def track(history: History, setup: Setup, quantity: Quantity) -> Track:
    """What a run says of a quantity.

    - lambda: λ as it acts; the first entry is its start, at step 0 or where a fork began.
    - logit: the parameter that is learned. λ is its sigmoid, or with a linear gate itself.
    - change: λ less its start.
    - gradient: of the loss by that parameter; the root mean square over stretches of the run.
    - move: at snapshots, the mean of |μ̂ − μ| / σ and that of σ̂ / σ over channels (and images).
    """
    layers = len(history.adaptive_layers)
    if quantity == "move":
        return _moves(history)
    steps, values = history.lambda_steps.astype(float), history.lambdas
    if quantity == "gradient":
        return _root_mean_squares(steps, history.lambda_grads)
    start = np.array(history.start["lambdas"] if history.start else [], dtype=float)
    start = start.reshape(layers, len(LAMBDAS), 1)
    if quantity == "change":
        changes = np.concatenate([0 * start, values - start], axis=2)
        return Track(np.append(history.first_step, steps), changes)
    values = np.concatenate([start, values], axis=2)
    if quantity == "logit":
        gated = 4 if gate_of(setup) == "sigmoid" else 2
        with np.errstate(divide="ignore", invalid="ignore"):
            logits = np.log(values[:, :gated]) - np.log1p(-values[:, :gated])
        values = np.concatenate([logits, values[:, gated:]], axis=1)
        values[~np.isfinite(values)] = np.nan  # λ = 0 exactly has none
    return Track(np.append(history.first_step, steps), values)


def _root_mean_squares(steps: Numbers, values: Numbers) -> Track:
    if not len(steps):
        return Track(steps, values)
    edges = np.arange(0, len(steps), -(-len(steps) // _BINS))
    counts = np.diff(np.append(edges, len(steps)))
    squares = np.add.reduceat(values**2, edges, axis=2)
    return Track(np.add.reduceat(steps, edges) / counts, np.sqrt(squares / counts))


def _moves(history: History) -> Track:
    places = [history.layers.index(name) for name in history.adaptive_layers]
    steps, rows = [], []
    for snapshot in history.snapshots:
        try:
            rows.append([snapshot["layers"][place]["moves"] for place in places])
            steps.append(snapshot["step"])
        except (KeyError, IndexError):
            continue  # an older version's
    values = np.array(rows, dtype=float).reshape(len(steps), len(places), 2)
    return Track(np.array(steps, dtype=float), values.transpose(1, 2, 0))


def course_of(source: Source, quantity: Quantity) -> tuple[list[str], Track]:
    """The layers of a run or a pretrained model that have λ, and what it says of a quantity.

    A pretrained model tells about 400 of its steps, in four digits.

    Example:
        >>> from afn import course_of, find
        >>> layers, course = course_of(find("mnist5k-afn"), "lambda")
        >>> course.values.shape == (len(layers), 4, len(course.steps))
        True
    """
    history = history_of(source)
    return history.adaptive_layers, track(history, setup_of(source), quantity)


def rescaling_of(source: Source) -> dict[int, dict[str, tuple[list[float], list[float]]]]:
    """γ̂ and β̂ of every channel by step and layer, with the statistics of a training batch.

    Example:
        >>> from afn import find, rescaling_of
        >>> found = rescaling_of(find("mnist5k-afn"))
        >>> gamma, beta = found[max(found)]["backbone.blocks.0.norm"]
        >>> len(gamma), len(beta)
        (16, 16)
    """
    history = history_of(source)
    found: dict[int, dict[str, tuple[list[float], list[float]]]] = {}
    for snapshot in history.snapshots:
        layers = zip(history.layers, snapshot["layers"], strict=True)
        found[snapshot["step"]] = {
            name: (list(values["gamma"]), list(values["beta"])) for name, values in layers
        }
    return found
