"""What one norm layer did with one batch: every intermediate, and other arithmetic beside it."""

import base64
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from afn.ask.inside.layers import AtWork, Over, moments
from afn.ask.inside.look import SHOWN, Beside, Histogram, Maps
from afn.engine.snapshots import short
from afn.norms import AFN2d, ASRNorm2d, BatchNorm2d
from afn.norms._adaptive import AdaptiveNorm
from afn.norms._base import Norm
from afn.norms.trace import Trace
from afn.settings.lambda_init import LAMBDAS, LambdaInit

MOST_SIDE = 64
"""So many rows and columns of a channel are shown: of a larger one every second, third, ..."""
Where = tuple[int, int, int]
"""Image, row and column of the followed value."""
_BINS = 48
_ROUND = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
"""Where a scale may end, times a power of ten."""
_STEPS = ("mu", "sigma", "mu_stan", "sigma_stan", "mu_hat", "sigma_hat", "gamma_net", "beta_net",
          "gamma_hat", "beta_hat")  # fmt: skip


def steps_of(
    work: AtWork,
    *,
    channel: int,
    image: int,
    pixel: tuple[int, int] | None = None,
    scale: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """The part of a `Seen` that is about the layer alone.

    Args:
        work: The layer, with what is forced upon it in force.
        channel: Whose maps and histograms are wanted; the last one where there are fewer.
        image: Of the batch.
        pixel: Row and column of the value that is followed, as pictures show them; None for where
            the channel is furthest from its mean.
        scale: Of pictures and histograms; None for what `scale_of` says of this input.
    """
    layer, channel = work.layer, min(channel, work.num_features - 1)
    sides = _sides(work)
    ends = scale or _scale(sides, channel)
    every = -(-max(work.x.shape[2:]) // MOST_SIDE)
    shown = {name: values[..., every // 2 :: every, every // 2 :: every] for name, values in
             sides.items()}  # fmt: skip
    followed = _pixel(shown, channel, image, pixel)
    place = tuple(every // 2 + every * int(followed[name]) for name in ("row", "column"))
    where = image, place[0], place[1]
    return {
        "channel": channel,
        "count": work.count,
        "is_per_image": work.over not in ("test batch", "running averages"),
        "statistics": work.over,
        "num_groups": work.num_groups,
        "kind": work.kind,
        "every": every,
        "members": _members(work, where),
        "channels": _channels(work, where),
        "spread": {
            name: [list(each) for each in zip(*map(_values, values.aminmax(dim=0)), strict=True)]
            for name, values in _measured(work.x).items()
        },
        "hidden": _hidden(layer, work.trace, image) if work.trace else {},
        "lambdas": {name: short(value) for name, value in lambdas_of(layer).items()},
        "is_gated": {
            name: layer.is_gated(name) for name in LAMBDAS if isinstance(layer, AdaptiveNorm)
        },
        "pixel": followed,
        "scale": [short(end) for end in ends],
        "maps": {name: _maps(values[:SHOWN, channel], ends) for name, values in shown.items()},
        "histograms": {
            name: _histogram(values[:, channel], ends) for name, values in sides.items()
        },
        "beside": {
            name: _beside(other, work, channel, where, every, ends)
            for name, other in _others(work).items()
        },
    }


def lambdas_of(layer: nn.Module) -> dict[str, float]:
    """The effective λ by name; none for a layer without λ."""
    return layer.lambdas() if isinstance(layer, Norm) else {}


def scale_of(work: AtWork, *, channel: int) -> tuple[float, float]:
    """From end to end of what the channel's pictures show before, within and behind the layer.

    As far to either side of 0, a round number, and the same for all three: what standardizing does
    is seen, and so is a shift.

    Args:
        work: The layer as trained.
        channel: The last one where there are fewer.
    """
    return _scale(_sides(work), min(channel, work.num_features - 1))


def _sides(work: AtWork) -> dict[str, Tensor]:
    return {"x": work.x, "x_hat": work.x_hat, "y": work.y}


def _scale(sides: dict[str, Tensor], channel: int) -> tuple[float, float]:
    most = max(float(values[:, channel].abs().max()) for values in sides.values())
    if not 0 < most < math.inf:
        return -1.0, 1.0
    size = 10.0 ** math.floor(math.log10(most))
    high = next(step * size for step in _ROUND if step * size >= most)
    return -high, high


def _channels(work: AtWork, where: Where) -> dict[str, list[float]]:
    """Every step's numbers channel by channel: those that the followed place meets."""
    layer, found = work.layer, dict[str, list[float]]()
    if work.trace is not None:
        for name in _STEPS:
            if (value := getattr(work.trace, name)) is not None:
                found[name] = _of_image(value, where[0])
    else:
        mu, sigma = _at(work, work.mu, where), _at(work, work.sigma, where)
        found = {
            "mu": mu, "sigma": sigma, "mu_hat": mu, "sigma_hat": sigma,
            "gamma_hat": _at(work, work.gamma, where), "beta_hat": _at(work, work.beta, where),
            **{name: _at(work, values, where) for name, values in work.parts.items()},
        }  # fmt: skip
    mean, var = getattr(layer, "running_mean", None), getattr(layer, "running_var", None)
    if isinstance(mean, Tensor) and isinstance(var, Tensor):
        found["running_mu"] = _values(mean)
        found["running_sigma"] = _values((var + work.eps).sqrt())
    for name, default, step in (("weight", 1.0, "gamma_hat"), ("bias", 0.0, "beta_hat")):
        own = getattr(layer, name, None)
        if isinstance(own, Tensor):
            found[name] = _values(own) if own.dim() == 1 else found[step]
        else:
            found[name] = [default] * work.num_features
    return found


def _members(work: AtWork, where: Where) -> dict[str, list[float]]:
    """Channel by channel, what is averaged: of what is not a channel's alone."""
    image, row, column = where
    if work.over in ("each group", "whole image"):
        sigma, mu = torch.std_mean(work.x[image], (1, 2), correction=0)
        return {"mu": _values(mu), "sigma": _values(sigma)}
    if work.over == "each place":
        values = work.x[image, :, row, column]
        return {"mu": _values(values), "sigma": _values((values - values.mean()).abs())}
    return {}


def _at(work: AtWork, values: Tensor, where: Where) -> list[float]:
    image, row, column = where
    return _values(values.expand(work.x.shape)[image, :, row, column])


def _hidden(layer: nn.Module, trace: Trace, image: int) -> dict[str, list[float]]:
    if not (isinstance(layer, AdaptiveNorm) and layer.adaptive):
        return {}
    encoders = {"stan": layer.standardize.encoder, "rescale": layer.rescale.encoder}
    return {
        f"{part}_{name}": _of_image(encoder(getattr(trace, name)).relu(), image)
        for part, encoder in encoders.items()
        for name in ("mu", "sigma")
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Other:
    """Other arithmetic on the same input: what it makes of it, and the four of a `Trace`."""

    made: Tensor

    mu: Tensor
    sigma: Tensor
    gamma: Tensor
    beta: Tensor


def _others(work: AtWork) -> dict[str, _Other]:
    """The same parameters in the hands of others."""
    layer, x = work.layer, work.x
    if isinstance(layer, AFN2d | ASRNorm2d | BatchNorm2d) and _has_all(layer):
        return {name: _of_norm(norm, x) for name, norm in _siblings(layer, x).items()}
    kinds: dict[str, Over] = {"bn_batch": "test batch", "in": "each image", "ln": "whole image"}
    is_single = x.shape[0] * x.shape[2] * x.shape[3] == 1
    return {
        name: _of_moments(work, *moments(x, over, work.eps))
        for name, over in kinds.items()
        if (work.kind or over != work.over) and not (is_single and over == "test batch")
        if not (over == "each image" and x.shape[2] * x.shape[3] == 1)
    }


def _has_all(layer: AdaptiveNorm | BatchNorm2d) -> bool:
    """Whether it has γ, β and running averages, as the layers of this package's networks do."""
    return all(it is not None for it in (layer.weight, layer.bias, layer.running_mean))


def _of_norm(norm: Norm, x: Tensor) -> _Other:
    trace = norm.trace(x)
    four = trace.mu_hat, trace.sigma_hat, trace.gamma_hat, trace.beta_hat
    return _Other(
        norm(x),
        *(it[..., None, None] if it.dim() == 2 else it[None, :, None, None] for it in four),
    )


def _of_moments(work: AtWork, mu: Tensor, sigma: Tensor) -> _Other:
    # As `Trace.y`: the terms of x·scale + shift cancel where |mean| is far above the deviation.
    scale = (work.gamma / sigma).expand_as(work.x)
    made = torch.addcmul(work.beta, work.x - mu, scale)
    return _Other(made, mu, sigma, work.gamma, work.beta)


def _siblings(layer: AdaptiveNorm | BatchNorm2d, x: Tensor) -> dict[str, Norm]:
    """The same parameters in the hands of the other two."""
    found: dict[str, Norm] = {}
    is_single = x.numel() == x.shape[1]  # batch normalization refuses a single value
    for stats in ("batch", "running"):
        is_itself = isinstance(layer, BatchNorm2d) and layer.eval_stats == stats
        if is_itself or (stats == "batch" and is_single):
            continue
        bn = BatchNorm2d(layer.num_features, eps=layer.eps, eval_stats=stats)
        own = layer.state_dict()
        bn.load_state_dict(
            {
                **{name: own[name] for name in ("weight", "bias", "running_mean", "running_var")},
                "num_batches_tracked": torch.tensor(0),
            }
        )
        found[f"bn_{stats}"] = bn.eval()
    if isinstance(layer, BatchNorm2d):
        found["per_image"] = _sibling(ASRNorm2d, layer)
    elif layer.is_per_image:
        found["batch"] = _sibling(AFN2d, layer)
    else:
        found["per_image"] = _sibling(ASRNorm2d, layer)
    return found


def _sibling(kind: type[AdaptiveNorm], layer: AdaptiveNorm | BatchNorm2d) -> Norm:
    """A layer with the same parameters whose statistics are over other axes."""
    adaptive = isinstance(layer, AdaptiveNorm) and layer.adaptive
    options: dict[str, Any] = {"eps": layer.eps, "adaptive": adaptive}
    if isinstance(layer, AdaptiveNorm):
        options |= {
            "formula": layer.formula,
            "lambda_init": LambdaInit(rescale_gate=layer.rescale_gate),
        }
    if isinstance(layer, AdaptiveNorm) and layer.adaptive:
        options |= {
            "stan_width": layer.standardize.encoder.out_features,
            "rescale_width": layer.rescale.encoder.out_features,
        }
    other = kind(layer.num_features, **options)
    own = layer.state_dict()
    other.load_state_dict(
        {name: own.get(name, value) for name, value in other.state_dict().items()}
    )
    if isinstance(layer, AdaptiveNorm):
        other.lambda_overrides = layer.lambda_overrides
    return other.eval()


def _beside(
    other: _Other, work: AtWork, channel: int, where: Where, every: int, ends: tuple[float, float]
) -> Beside:
    shown = other.made[where[0] : where[0] + 1, channel, every // 2 :: every, every // 2 :: every]
    return {
        "mu_hat": _at(work, other.mu, where),
        "sigma_hat": _at(work, other.sigma, where),
        "gamma_hat": _at(work, other.gamma, where),
        "beta_hat": _at(work, other.beta, where),
        "y": _maps(shown, ends),
        "difference": short(float((other.made - work.y).abs().max())),
    }


def _measured(x: Tensor) -> dict[str, Tensor]:
    """Mean and standard deviation of each image alone, (N, C)."""
    sigma, mu = torch.std_mean(x, (2, 3), correction=0)
    return {"mu": mu, "sigma": sigma}


def _pixel(
    sides: dict[str, Tensor], channel: int, image: int, pixel: tuple[int, int] | None
) -> dict[str, float]:
    height, width = sides["x"].shape[2:]
    picture = sides["x"][image, channel]
    row, column = pixel or divmod(int((picture - picture.mean()).abs().argmax()), width)
    row, column = min(row, height - 1), min(column, width - 1)
    values = {name: short(float(v[image, channel, row, column])) for name, v in sides.items()}
    return {**values, "row": row, "column": column}


def _maps(values: Tensor, ends: tuple[float, float]) -> Maps:
    """Pictures of (n, H, W) between two values; what lies beyond them is marked."""
    low, high = ends
    scaled = ((values - low) * (253 / (high - low)) + 1).round_().clamp_(1, 254)
    scaled[values < low], scaled[values > high] = 0, 255
    return {
        "height": values.shape[1],
        "width": values.shape[2],
        "pixels": [
            base64.b64encode(each.contiguous().numpy().tobytes()).decode()
            for each in scaled.to(torch.uint8)
        ],
    }


def _histogram(values: Tensor, ends: tuple[float, float]) -> Histogram:
    least, most = values.aminmax()
    counts = torch.histc(values.float().contiguous(), _BINS, *ends)
    return {
        "low": short(float(least)),
        "high": short(float(most)),
        "counts": counts.int().tolist(),
        "below": int((values < ends[0]).sum()),
        "above": int((values > ends[1]).sum()),
    }


def _of_image(values: Tensor, image: int) -> list[float]:
    return _values(values[image] if values.dim() == 2 else values)


def _values(values: Tensor) -> list[float]:
    return [short(value) for value in values.tolist()]
