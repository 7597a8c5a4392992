"""What a run says of λ: values and gradients, a row for each adaptive layer.

A row has a number for each of LAMBDAS, in that order.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from afn.engine.snapshots import short
from afn.norms import AdaptiveNorm
from afn.settings.lambda_init import LAMBDAS


class LambdaReadings:
    """Reads λ of adaptive layers; `moved` compares with the first reading."""

    def __init__(self, layers: Mapping[str, AdaptiveNorm]) -> None:
        self._layers = list(layers.values())
        self._first = self.values()

    def values(self) -> list[list[float]]:
        """Effective λ."""
        if not self._layers:
            return []
        return rows(torch.cat([layer.lambda_values() for layer in self._layers]).tolist())

    def gradients(self) -> Iterator[Tensor]:
        """The loss's gradient on each λ's parameter, layer after layer; zero where there is none.

        Not read yet: each reading by itself would wait for a GPU.
        """
        for layer in self._layers:
            for name in LAMBDAS:
                logit = getattr(layer, f"lambda_{name}_logit")
                yield (torch.zeros_like(logit) if logit.grad is None else logit.grad).squeeze()

    def moved(self) -> dict[str, float]:
        """How far each kind of λ is from its start, on average over the layers."""
        pairs = zip(self._first, self.values(), strict=True)
        return _means(
            [[abs(now - then) for then, now in zip(*each, strict=True)] for each in pairs]
        )

    def means(self) -> dict[str, float]:
        """Each kind of λ, on average over the layers."""
        return _means(self.values())


def _means(by_layer: Sequence[Sequence[float]]) -> dict[str, float]:
    return {
        name: short(sum(each) / len(each))
        for name, each in zip(LAMBDAS, zip(*by_layer, strict=True), strict=bool(by_layer))
        if math.isfinite(sum(each))
    }


def rows(values: list[float]) -> list[list[float]]:
    """Values of all layers, one after the other, as rows of short numbers."""
    return [
        [short(value) for value in values[at : at + len(LAMBDAS)]]
        for at in range(0, len(values), len(LAMBDAS))
    ]
