"""A run's curves in a few points, so that a list of thousands shows them and opens none."""

from typing import Any

import numpy as np

from afn.runs.history import EventSource, History
from afn.settings.lambda_init import LAMBDAS

POINTS = 24
"""Of each curve, at most."""
GLANCED = LAMBDAS[:2]
"""The λ that are told, those of the statistics."""


def glance(run: EventSource) -> dict[str, list[float]]:
    """Loss, accuracy on clean images, λ as a mean over layers; what there is none of is left out.

    Raises:
        ValueError, OSError: The events cannot be read.
    """
    history = History.of(run)
    curves: dict[str, Any] = {
        "loss": history.columns["loss"],
        "accuracy": [e["accuracy"] for e in history.evaluations if e["corruption"] is None],
    }
    if len(history.lambdas):
        means = history.lambdas.mean(axis=0)
        curves |= {name: means[i] for i, name in enumerate(GLANCED)}
    return {name: _few(np.asarray(curve)) for name, curve in curves.items() if len(curve)}


def _few(curve: np.ndarray) -> list[float]:
    """Means of stretches as long as each other, which keep their ends nearly where they were."""
    parts = np.array_split(curve, min(POINTS, len(curve)))
    means = (float(part.mean()) for part in parts)
    return [float(f"{mean:.4g}") for mean in means if np.isfinite(mean)]
