"""What norms do beside subtracting, dividing and rescaling, as numbers of each channel."""

from typing import Any

import torch
from torch import Tensor

from afn.norms import (
    BatchInstanceNorm2d,
    DynamicTanh2d,
    EvoNormB0,
    EvoNormS0,
    FilterResponseNorm2d,
    GroupNorm2d,
    Norm,
    SwitchNorm2d,
)
from afn.norms.trace import Trace


def own_arithmetic(layer: Norm, trace: Trace) -> dict[str, Any]:
    """Fields of an `AtWork` of a layer with more to it than a norm's three; empty for others."""
    x = trace.x
    match layer:
        case BatchInstanceNorm2d():
            return {"kind": "bin", "over": "each image", "parts": _two(layer, trace)}
        case SwitchNorm2d():
            return {"kind": "sn", "over": "mixed", "parts": _three(layer, trace)}
        case FilterResponseNorm2d():
            return {"kind": "frn", "over": "each image", "parts": {"tau": _of_channels(layer.tau)}}
        case EvoNormS0():
            kinds = {1: "whole image", layer.num_features: "each image"}
            return {
                "kind": "evos0", "over": kinds.get(layer.num_groups, "each group"),
                "bent": trace.bent, "parts": {"v": _of_channels(layer.v)},
            }  # fmt: skip
        case EvoNormB0():
            own = (x.var((2, 3), correction=0, keepdim=True) + layer.eps).sqrt()
            parts = {"sigma_image": own, "v": _of_channels(layer.v)}
            return {"kind": "evob0", "over": "each image", "bent": trace.bent, "parts": parts}
        case DynamicTanh2d():
            parts = {"alpha": layer.alpha.expand(1, layer.num_features, 1, 1)}
            return {"kind": "dyt", "over": "each value", "bent": trace.bent, "parts": parts}
    return {}


def groups_of(layer: Norm) -> int:
    """Of channels, each with its statistics."""
    return layer.num_groups if isinstance(layer, GroupNorm2d) else 1


def _two(layer: BatchInstanceNorm2d, trace: Trace) -> dict[str, Tensor]:
    """BIN's statistics of the batch, or as tracked, and of each image, and the gate between."""
    var, mu = torch.var_mean(trace.x, (2, 3), correction=0, keepdim=True)
    return {
        "mu_bn": _of_channels(trace.mu), "sigma_bn": _of_channels(trace.sigma),
        "mu_in": mu, "sigma_in": (var + layer.eps).sqrt(),
        "rho": _of_channels(layer.rho.clamp(0, 1)),
    }  # fmt: skip


def _three(layer: SwitchNorm2d, trace: Trace) -> dict[str, Tensor]:
    """SwitchNorm's statistics and what share each has, by the norm that takes them alone."""
    x, eps, shares = trace.x, layer.eps, layer.weights()
    found: dict[str, Tensor] = {}
    for at, (name, axes) in enumerate((("in", (2, 3)), ("ln", (1, 2, 3)), ("bn", None))):
        if axes is None:
            mu, sigma = _of_channels(trace.mu), _of_channels(trace.sigma)
        else:
            var, mu = torch.var_mean(x, axes, correction=0, keepdim=True)
            sigma = (var + eps).sqrt()
        found |= {
            f"mu_{name}": mu, f"sigma_{name}": sigma,
            f"share_mu_{name}": x.new_full((1, 1, 1, 1), shares["mean"][at]),
            f"share_sigma_{name}": x.new_full((1, 1, 1, 1), shares["var"][at]),
        }  # fmt: skip
    return found


def _of_channels(values: Tensor) -> Tensor:
    return values[None, :, None, None]
