"""The scale γ and shift β that a norm learns per channel, or does without, as torch's layers do."""

from typing import Any

import torch
from torch import Tensor, nn


def add_scale_and_shift(layer: nn.Module, affine: bool, bias: bool, **factory: Any) -> None:
    """Register `weight` at 1 and `bias` at 0, (C,) each; None where they are not wanted."""
    num: Any = layer.num_features
    weight = nn.Parameter(torch.ones(num, **factory)) if affine else None
    shift = nn.Parameter(torch.zeros(num, **factory)) if affine and bias else None
    layer.register_parameter("weight", weight)
    layer.register_parameter("bias", shift)


def reset_scale_and_shift(layer: nn.Module) -> None:
    """Put those that there are back to 1 and 0."""
    if isinstance(layer.weight, Tensor):
        nn.init.ones_(layer.weight)
    if isinstance(layer.bias, Tensor):
        nn.init.zeros_(layer.bias)


def scale_and_shift(layer: Any, like: Tensor) -> tuple[Tensor, Tensor]:
    """γ and β, (C,) each; where the layer has none, ones and zeros of the dtype of `like`."""
    weight, bias = layer.weight, layer.bias
    if weight is None:
        weight = like.new_ones(layer.num_features)
    if bias is None:
        bias = like.new_zeros(layer.num_features)
    return weight, bias


def affine_by(layer: Any, mean: Tensor, var: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and shift, (C,) each, that a norm with these statistics amounts to."""
    gamma, beta = scale_and_shift(layer, var)
    scale = (var + layer.eps).rsqrt()
    return gamma * scale, torch.addcmul(beta, gamma, -mean * scale)
