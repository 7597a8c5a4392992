"""What one norm layer did with one batch: every intermediate, and other arithmetic beside it."""

import base64
import math
from typing import Any

import torch
from torch import Tensor, nn

from afn.ask.inside.look import SHOWN, Beside, Histogram, Maps
from afn.engine.snapshots import short
from afn.norms import AFN2d, ASRNorm2d, BatchNorm2d
from afn.norms._adaptive import AdaptiveNorm
from afn.norms._base import Norm
from afn.norms.trace import Trace
from afn.settings.lambda_init import LAMBDAS, LambdaInit

_BINS = 48
_ROUND = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
"""Where a scale may end, times a power of ten."""
_STEPS = ("mu", "sigma", "mu_stan", "sigma_stan", "mu_hat", "sigma_hat", "gamma_net", "beta_net",
          "gamma_hat", "beta_hat")  # fmt: skip


def steps_of(
    layer: Norm,
    x: Tensor,
    *,
    channel: int,
    image: int,
    pixel: tuple[int, int] | None = None,
    scale: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """The part of a `Seen` that is about the layer alone.

    Args:
        layer: In eval mode, with what is forced upon it in force.
        x: Its input, (N, C, H, W).
        channel: Whose maps and histograms are wanted; the last one where there are fewer.
        image: Of the batch.
        pixel: Row and column of the value that is followed; None for where the channel
            is furthest from its mean.
        scale: Of pictures and histograms; None for what `scale_of` says of this input.

    Raises:
        ValueError: The layer takes no statistics of a batch, or cannot take this one.
    """
    _check_shown(layer)
    assert isinstance(layer, AdaptiveNorm | BatchNorm2d)
    channel = min(channel, layer.num_features - 1)
    trace = layer.trace(x)
    y = layer(x)
    per_image = isinstance(layer, AdaptiveNorm) and layer.is_per_image
    num, _, height, width = x.shape
    statistics = "each image" if per_image else "test batch"
    if not per_image and layer.eval_stats == "running":
        statistics = "running averages"
    sides = {"x": trace.x, "x_hat": trace.x_hat, "y": y}
    ends = scale or _scale(sides, channel)
    alone = _measured(x)
    assert layer.running_mean is not None
    assert layer.running_var is not None
    assert layer.weight is not None
    assert layer.bias is not None
    return {
        "channel": channel,
        "count": height * width * (1 if per_image else num),
        "is_per_image": per_image,
        "statistics": statistics,
        "channels": {
            **{
                name: _of_image(value, image)
                for name in _STEPS
                if (value := getattr(trace, name)) is not None
            },
            "running_mu": _values(layer.running_mean),
            "running_sigma": _values((layer.running_var + layer.eps).sqrt()),
            "weight": _values(layer.weight),
            "bias": _values(layer.bias),
        },
        "spread": {
            name: [list(each) for each in zip(*map(_values, values.aminmax(dim=0)), strict=True)]
            for name, values in alone.items()
        },
        "hidden": _hidden(layer, trace, image),
        "lambdas": {name: short(value) for name, value in layer.lambdas().items()},
        "is_gated": {
            name: layer.is_gated(name) for name in LAMBDAS if isinstance(layer, AdaptiveNorm)
        },
        "pixel": _pixel(sides, channel, image, pixel),
        "scale": [short(end) for end in ends],
        "maps": {name: _maps(values[:SHOWN, channel], ends) for name, values in sides.items()},
        "histograms": {
            name: _histogram(values[:, channel], ends) for name, values in sides.items()
        },
        "beside": {
            name: _beside(other, x, y, channel, image, ends)
            for name, other in _others(layer, x).items()
        },
    }


def scale_of(layer: Norm, x: Tensor, *, channel: int) -> tuple[float, float]:
    """From end to end of what the channel's pictures show before, within and behind the layer.

    As far to either side of 0, a round number, and the same for all three: what standardizing does
    is seen, and so is a shift.

    Args:
        layer: In eval mode.
        x: Its input, (N, C, H, W).
        channel: The last one where there are fewer.

    Raises:
        ValueError: The layer takes no statistics of a batch, or cannot take this one.
    """
    _check_shown(layer)
    trace = layer.trace(x)
    sides = {"x": x, "x_hat": trace.x_hat, "y": layer(x)}
    return _scale(sides, min(channel, layer.num_features - 1))


def _scale(sides: dict[str, Tensor], channel: int) -> tuple[float, float]:
    most = max(float(values[:, channel].abs().max()) for values in sides.values())
    if not 0 < most < math.inf:
        return -1.0, 1.0
    size = 10.0 ** math.floor(math.log10(most))
    high = next(step * size for step in _ROUND if step * size >= most)
    return -high, high


def _check_shown(layer: Norm) -> None:
    if not isinstance(layer, AdaptiveNorm | BatchNorm2d):
        raise ValueError(
            f"expected a layer of AFN, ASRNorm or BN, got {type(layer).__name__}: the steps of "
            f"others are not shown"
        )


def _hidden(layer: nn.Module, trace: Trace, image: int) -> dict[str, list[float]]:
    if not (isinstance(layer, AdaptiveNorm) and layer.adaptive):
        return {}
    encoders = {"stan": layer.standardize.encoder, "rescale": layer.rescale.encoder}
    return {
        f"{part}_{name}": _of_image(encoder(getattr(trace, name)).relu(), image)
        for part, encoder in encoders.items()
        for name in ("mu", "sigma")
    }


def _others(layer: AdaptiveNorm | BatchNorm2d, x: Tensor) -> dict[str, Norm]:
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
    other: Norm, x: Tensor, y: Tensor, channel: int, image: int, ends: tuple[float, float]
) -> Beside:
    trace, made = other.trace(x), other(x)
    return {
        "mu_hat": _of_image(trace.mu_hat, image),
        "sigma_hat": _of_image(trace.sigma_hat, image),
        "gamma_hat": _of_image(trace.gamma_hat, image),
        "beta_hat": _of_image(trace.beta_hat, image),
        "y": _maps(made[image : image + 1, channel], ends),
        "difference": short(float((made - y).abs().max())),
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
