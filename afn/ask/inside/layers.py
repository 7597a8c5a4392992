"""A normalization layer at work in one form, whoever wrote it: ours, torch's, or a model's own.

Torch's own layers do not say what they measured. It is computed beside them here, by the axes that
their kind averages over, and taken for true only where the output comes out as theirs.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from afn.ask.inside.look import SHOWN_NORMS
from afn.ask.inside.zoo import groups_of, own_arithmetic
from afn.norms import (
    NORMS,
    BatchNorm1d,
    BatchRenorm2d,
    GhostBatchNorm2d,
    GroupNorm2d,
    InstanceNorm2d,
    NoNorm2d,
)
from afn.norms._adaptive import AdaptiveNorm
from afn.norms._base import Norm
from afn.norms._found import find_norms, name_of
from afn.norms.trace import Trace

Over = Literal[
    "test batch",
    "running averages",
    "each image",
    "each group",
    "whole image",
    "each place",
    "mixed",
    "each value",
]
"""What is averaged with a value: its channel over the batch; nothing of the batch; its channel of
the image; the channels of its group in the image; the whole image; all channels at its place; its
channel of the image, the whole image, and as BN; nothing."""
_OURS = {*(NORMS[name] for name in SHOWN_NORMS[2:]), BatchNorm1d}
"""Of this package's layers, those whose steps are shown besides AFN's and ASRNorm's."""
_ALIKE = 1e-3
"""So far, in parts of its largest value, an output may be from what was computed beside it."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AtWork:
    """One layer and one batch: what went in, was subtracted and divided by, and came out."""

    layer: nn.Module
    x: Tensor
    """The input as images, (N, C, H, W); of tokens (N, L, C), H or H·W is L."""
    y: Tensor
    """The output, laid out alike."""
    over: Over
    mu: Tensor
    """What is subtracted, and below by what is divided and how it is rescaled: each of four axes,
    of which those that it does not depend on have one value."""
    sigma: Tensor
    gamma: Tensor
    beta: Tensor
    eps: float
    num_groups: int = 1
    trace: Trace | None = None
    """Of the layers of ours that have more steps."""
    kind: str = ""
    """The norm, where it has steps of its own: "bin", "sn", "frn", "evos0", "evob0" or "dyt"."""
    bent: Tensor | None = None
    """What stands for `x_hat` where that is no affine map of x."""
    parts: dict[str, Tensor] = field(default_factory=dict)
    """What else its steps take, of four axes as `mu`: statistics, shares, parameters."""

    @property
    def num_features(self) -> int:
        """Channels."""
        return self.x.shape[1]

    @property
    def x_hat(self) -> Tensor:
        """The standardized input."""
        if self.bent is not None:
            return self.bent
        return (self.x - self.mu) / self.sigma

    @property
    def count(self) -> int:
        """Values behind each mean; of running averages, as many as the batch has in a channel."""
        num, channels, height, width = self.x.shape
        return {
            "each image": height * width,
            "each group": height * width * channels // self.num_groups,
            "whole image": height * width * channels,
            "each place": channels,
            "mixed": height * width,
            "each value": 1,
        }.get(self.over, num * height * width)


def layers_of(model: nn.Module) -> dict[str, nn.Module]:
    """Every normalization of a model by its name, in the order of registration."""
    return {
        found.paths[0]: found.layer
        for found in find_norms(model)
        if not isinstance(found.layer, NoNorm2d)
    }


def num_channels(layer: nn.Module) -> int:
    """Of a layer that `layers_of` found; 0 where it does not say."""
    for name in ("num_features", "num_channels"):
        if isinstance(number := getattr(layer, name, None), int):
            return number
    shape = getattr(layer, "normalized_shape", None)
    if isinstance(shape, tuple) and shape:
        return int(shape[0])
    weight = getattr(layer, "weight", None)
    return len(weight) if isinstance(weight, Tensor) and weight.dim() else 0


@torch.no_grad()
def at_work(layer: nn.Module, x: Tensor, y: Tensor) -> AtWork:
    """What a layer did.

    Args:
        layer: In eval mode, with what is forced upon it in force.
        x: Its input.
        y: Its output.

    Raises:
        ValueError: It is none of ``SHOWN_NORMS``, nor like BN, IN, GN or LN; or it is of volumes.
    """
    if isinstance(layer, AdaptiveNorm) or type(layer) in _OURS:
        return _ours(layer, x, y)
    if isinstance(layer, Norm):
        raise ValueError(_unknown(layer))
    for each in _candidates(layer, x, y):
        made = torch.addcmul(each.beta, each.gamma.expand_as(each.x), each.x_hat)
        if float((made - each.y).abs().max()) <= _ALIKE * (1 + float(each.y.abs().max())):
            return each
    raise ValueError(_unknown(layer))


def _unknown(layer: nn.Module) -> str:
    return (
        f"expected a layer of AFN, ASRNorm, BN, IN, GN or LN, got {name_of(layer)}: what it "
        f"computes is none of these, and its steps are not shown"
    )


# -- ours ------------------------------------------------------------------------------------------


def _ours(layer: Any, x: Tensor, y: Tensor) -> AtWork:
    trace = layer.trace(x)
    images = _as_images(x)
    over: Over = "test batch"
    if isinstance(layer, AdaptiveNorm) and layer.is_per_image:
        over = "each image"
    elif layer.eval_stats == "running":
        over = "running averages"
    elif isinstance(layer, InstanceNorm2d):
        over = "each image" if layer.running_mean is None else "running averages"
    elif isinstance(layer, GroupNorm2d):
        over = _group_kind(layer.num_groups, layer.num_features)
    elif isinstance(layer, BatchRenorm2d | GhostBatchNorm2d):
        over = "running averages"
    fields = {
        "layer": layer, "x": images, "y": _as_images(y), "over": over,
        "mu": _spread(trace.mu_hat), "sigma": _spread(trace.sigma_hat),
        "gamma": _spread(trace.gamma_hat), "beta": _spread(trace.beta_hat),
        "eps": _eps(layer), "num_groups": groups_of(layer),
        "trace": trace if isinstance(layer, AdaptiveNorm) else None,
    }  # fmt: skip
    return AtWork(**(fields | own_arithmetic(layer, trace)))


def _group_kind(num_groups: int, num_features: int) -> Over:
    if num_groups == num_features:
        return "each image"
    return "whole image" if num_groups == 1 else "each group"


# -- torch's, and others' --------------------------------------------------------------------------


def _candidates(layer: Any, x: Tensor, y: Tensor) -> Iterator[AtWork]:
    """What it may be, by its class and by the shapes of its parameters, the likeliest first."""
    mean, var = getattr(layer, "running_mean", None), getattr(layer, "running_var", None)
    if isinstance(layer, nn.GroupNorm):
        kind = _group_kind(layer.num_groups, layer.num_channels)
        yield from _measured(layer, x, y, kind, layer.num_groups)
    elif isinstance(layer, nn.LayerNorm):
        yield from _layer_norm(layer, x, y)
    elif isinstance(mean, Tensor) and isinstance(var, Tensor):
        sigma = (var + _eps(layer)).sqrt()
        yield from _made(layer, x, y, "running averages", _spread(mean), _spread(sigma))
    elif isinstance(layer, _InstanceNorm):
        yield from _measured(layer, x, y, "each image", num_channels(layer))
    elif isinstance(layer, _BatchNorm):
        yield from _measured(layer, x, y, "test batch")
    else:
        yield from _places(layer, x, y)
        channels = num_channels(layer)
        if x.dim() > 1 and x.shape[1] == channels:
            yield from _measured(layer, x, y, "each image", channels)
            yield from _measured(layer, x, y, "whole image")


def _layer_norm(layer: nn.LayerNorm, x: Tensor, y: Tensor) -> Iterator[AtWork]:
    shape = tuple(layer.normalized_shape)
    if len(shape) == 1:
        yield from _places(layer, x, y)
    elif len(shape) == 3 and x.shape[1:] == shape:
        yield from _measured(layer, x, y, "whole image")
    elif len(shape) == 2 and x.dim() == 4 and x.shape[2:] == shape:
        yield from _measured(layer, x, y, "each image", x.shape[1])


def _places(layer: nn.Module, x: Tensor, y: Tensor) -> Iterator[AtWork]:
    """Over the channels at each place, which are the last axis or, permuted within, the second."""
    channels = num_channels(layer)
    forms = []
    if x.dim() in (3, 4) and x.shape[-1] == channels:
        forms.append((_channels_first(x), _channels_first(y)))
    if x.dim() in (2, 4) and x.shape[1] == channels:
        forms.append((_as_images(x), _as_images(y)))
    for images, output in forms:
        yield from _measured(layer, images, output, "each place")


def _measured(
    layer: nn.Module, x: Tensor, y: Tensor, over: Over, num_groups: int = 1
) -> Iterator[AtWork]:
    if not 2 <= x.dim() <= 4 or x.shape[1] % num_groups:
        return
    images = _as_images(x)
    mu, sigma = moments(images, over, _eps(layer), num_groups)
    yield from _made(layer, images, y, over, mu, sigma, num_groups)


def moments(x: Tensor, over: Over, eps: float, num_groups: int = 1) -> tuple[Tensor, Tensor]:
    """Mean and deviation (eps under the root), each of four axes, of images (N, C, H, W)."""
    match over:
        case "test batch":
            var, mu = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
        case "each place":
            var, mu = torch.var_mean(x, 1, correction=0, keepdim=True)
        case "whole image":
            var, mu = torch.var_mean(x, (1, 2, 3), correction=0, keepdim=True)
        case "each image":
            var, mu = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        case _:
            size = x.shape[1] // num_groups
            groups = x.unflatten(1, (num_groups, size))
            var, mu = (
                each.repeat_interleave(size, 1)[..., None, None]
                for each in torch.var_mean(groups, (2, 3, 4), correction=0)
            )
    return mu, (var + eps).sqrt()


def _made(
    layer: nn.Module,
    x: Tensor,
    y: Tensor,
    over: Over,
    mu: Tensor,
    sigma: Tensor,
    num_groups: int = 1,
) -> Iterator[AtWork]:
    images, output = _as_images(x), _as_images(y)
    if images.shape != output.shape or mu.shape[1] not in (1, images.shape[1]):
        return
    yield AtWork(
        layer=layer,
        x=images,
        y=output,
        over=over,
        mu=mu,
        sigma=sigma,
        gamma=_parameter(layer, "weight", images, 1.0),
        beta=_parameter(layer, "bias", images, 0.0),
        eps=_eps(layer),
        num_groups=num_groups,
    )


def _parameter(layer: nn.Module, name: str, x: Tensor, default: float) -> Tensor:
    values = getattr(layer, name, None)
    if not isinstance(values, Tensor):
        return x.new_full((1, x.shape[1], 1, 1), default)
    if values.dim() == 2:  # over (H, W)
        return values[None, None]
    return values[None] if values.dim() == 3 else _spread(values)


def _eps(layer: nn.Module) -> float:
    eps = getattr(layer, "eps", 1e-5)
    return float(eps) if isinstance(eps, int | float) else 1e-5


def _spread(values: Tensor) -> Tensor:
    """(C,) or (N, C) as four axes."""
    return values[..., None, None] if values.dim() == 2 else values[None, :, None, None]


def _as_images(x: Tensor) -> Tensor:
    if x.dim() > 4 or x.dim() < 2:
        raise ValueError(f"steps are shown of images and tokens, got input {tuple(x.shape)}")
    if x.dim() == 2:
        return x[..., None, None]
    return x[:, :, None] if x.dim() == 3 else x


def _channels_first(x: Tensor) -> Tensor:
    """(N, H, W, C), or tokens (N, L, C), as (N, C, H, W); a square of tokens as one."""
    if x.dim() == 4:
        return x.permute(0, 3, 1, 2)
    tokens = x.transpose(1, 2)
    side = math.isqrt(x.shape[1])
    return tokens.unflatten(2, (side, side)) if side * side == x.shape[1] else tokens[:, :, None]
