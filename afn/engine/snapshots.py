"""What the norm layers did with one batch: γ̂, β̂ and the statistics, per layer and channel."""

from typing import Any

from torch import Tensor

from afn.norms import AdaptiveNorm


class Snapshot:
    """Records γ̂, β̂, μ and σ of every norm layer during one forward pass.

    Values with one row per image (ASRNorm's) are averaged over the images. Layers with λ also say
    what it makes of the statistics, on average over channels and images: ``moves`` holds the mean
    of |μ̂ − μ| / σ and that of σ̂ / σ.
    """

    def __init__(self, layers: dict[str, Any]) -> None:
        self._layers = layers
        self._hooks: list[Any] = []
        self.layers: list[dict[str, list[float]]] = []

    def __enter__(self) -> "Snapshot":
        for layer in self._layers.values():
            self._hooks.append(layer.register_forward_pre_hook(self._record))
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _record(self, layer: Any, inputs: tuple[Tensor, ...]) -> None:
        trace = layer.trace(inputs[0])
        values = {
            "gamma": trace.gamma_hat, "beta": trace.beta_hat, "mu": trace.mu, "sigma": trace.sigma
        }  # fmt: skip
        record = {
            name: [short(v) for v in (t if t.dim() == 1 else t.mean(0)).tolist()]
            for name, t in values.items()
            if t is not None
        }
        if isinstance(layer, AdaptiveNorm):
            move = (trace.mu_hat - trace.mu).abs() / trace.sigma
            ratio = trace.sigma_hat / trace.sigma
            record["moves"] = [short(move.mean().item()), short(ratio.mean().item())]
        self.layers.append(record)


def short(value: float) -> float:
    """Seven significant digits: all that a float32 has."""
    return float(f"{value:.7g}")
