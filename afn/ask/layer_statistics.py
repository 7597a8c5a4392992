r"""Measuring how far domains lie apart before and after each norm layer of a network.

An image's statistics at a layer are its means and standard deviations over (H, W), each channel in
a unit of its own: :math:`u_c`, the root mean square of :math:`\sigma_c` over all images, which is
how far the pixels of an image lie from their mean. With C channels,

.. math::
    v = \frac1{\sqrt C} \left( \frac{\mu_1}{u_1}, \dots, \frac{\mu_C}{u_C},
                               \frac{\sigma_1}{u_1}, \dots, \frac{\sigma_C}{u_C} \right).

Let :math:`m_d` be the mean of the :math:`n_d` vectors of domain d and :math:`m` that of all N:

.. math::
    shift^2 = \frac1N \sum_d n_d \lVert m_d - m \rVert^2, \qquad
    scatter^2 = \frac1N \sum_d \sum_{i \in d} \lVert v_i - m_d \rVert^2, \qquad
    separation = shift^2 / scatter^2.

*Shift* compares domains with pixels. 0: the domains have one mean. 1: they differ by as much as the
pixels of an image do. *Separation* compares domains with images. 0: the domains have one mean. 1:
half of the variance is between domains. D domains that differ by chance alone reach a separation
of about (D - 1) / (N - D).

A fixed scale and shift per channel, such as batch norm's with running averages, changes none of the
three. A layer that takes statistics of each image shrinks shift and scatter alike: only shift tells
that little is left for the layers behind it, separation may even rise.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from afn.ask.spread import LayerSpread, PlanePoint, Side, Span, Spread
from afn.norms import norm_layers

MOST_POINTS = 64
"""So many images of each domain are kept as points."""
_NOTHING = 1e-3
"""Where images differ by less than this, in the unit of shift, they are the same: what eps leaves
of an instance norm's output is no difference. Likewise channels whose pixels do not vary."""
_Z95 = 1.959963984540054


@torch.inference_mode()
def layer_spread(
    model: nn.Module, domains: Mapping[str, Tensor], *, batch_size: int = 128
) -> Spread:
    """The statistics of several domains' images before and after each norm layer.

    The domains go through the network one by one, in test batches of one domain, as they are
    tested. Numbers are rounded, so that a record that was kept equals what was measured.

    Args:
        model: In eval mode, with the statistics to be tested.
        domains: Two or more, by name; float (N, C, H, W) as the model takes them, on its device.
        batch_size: Where the model normalizes by test-batch statistics, answers depend on it.

    Raises:
        ValueError: No norm layers, a model in training mode, fewer than two domains or than two
            images of one, a layer that does not run once per forward pass, or statistics that are
            not finite.
    """
    names = list(norm_layers(model))
    if not names:
        raise ValueError(
            "expected a model with norm layers of this package, got one without any: "
            'use convert_norm(model, "bn") on a foreign one'
        )
    if model.training:
        raise ValueError(
            "measuring would move the running averages of a model in training mode: "
            "call model.eval() first"
        )
    if len(domains) < 2:
        raise ValueError(f"to lie apart takes two domains or more, got {len(domains)}")
    for domain, images in domains.items():
        if len(images) < 2:
            raise ValueError(f"each domain needs two images or more, {domain} has {len(images)}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    found = [_statistics(model, images, batch_size) for images in domains.values()]
    layers = []
    for name in names:
        sides = []
        for side in (0, 1):
            vectors = [of_domain[name][side] for of_domain in found]
            if not all(bool(each.isfinite().all()) for each in vectors):
                raise ValueError(f"the statistics at {name} are not finite: the model diverged")
            sides.append(_side(vectors))
        before, after = sides
        layers.append(LayerSpread(name=name, domains=tuple(domains), before=before, after=after))
    return Spread(
        domains=tuple(domains),
        num_images=tuple(len(images) for images in domains.values()),
        batch_size=batch_size,
        layers=tuple(layers),
    )


def _statistics(
    model: nn.Module, images: Tensor, batch_size: int
) -> dict[str, tuple[Tensor, Tensor]]:
    """By layer the vectors of all images, (N, 2C), before and after it."""
    batches = images.split(batch_size)
    with _recording(model) as records:
        for batch in batches:
            model(batch)
    for name, calls in records.items():
        if len(calls) != len(batches):
            raise ValueError(
                f"each norm layer must run once per forward pass, but {name} ran {len(calls)} "
                f"times in {len(batches)}"
            )
    return {
        name: (torch.cat([x for x, _ in calls]), torch.cat([y for _, y in calls]))
        for name, calls in records.items()
    }


@contextmanager
def _recording(model: nn.Module) -> Iterator[dict[str, list[tuple[Tensor, Tensor]]]]:
    layers = norm_layers(model)
    records: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in layers}

    def record(name: str, layer: nn.Module, inputs: tuple[Any, ...], y: Tensor) -> None:
        records[name].append((_vectors(inputs[0]), _vectors(y)))

    handles = [layer.register_forward_hook(partial(record, name)) for name, layer in layers.items()]
    try:
        yield records
    finally:
        for handle in handles:
            handle.remove()


def _vectors(x: Tensor) -> Tensor:
    """Mean and standard deviation over (H, W): (N, C, H, W) to (N, 2C), float64 on the CPU."""
    sigma, mu = torch.std_mean(x.float(), (2, 3), correction=0)
    return torch.cat([mu, sigma], 1).double().cpu()


def _side(vectors: list[Tensor]) -> Side:
    profiles = torch.stack([each.mean(0) for each in vectors])
    num_channels = profiles.shape[1] // 2
    centered = _in_units(vectors)
    shift, scatter, separation = _distances(centered)
    axes, explained = _plane(torch.cat(centered))
    return Side(
        mu=_rows(profiles[:, :num_channels]),
        sigma=_rows(profiles[:, num_channels:]),
        points=tuple(_points(_some(each) @ axes) for each in centered),
        centers=_points(torch.stack([each.mean(0) for each in centered]) @ axes),
        explained=explained,
        shift=_rounded(shift[0]),
        shift95=_interval(*shift),
        scatter=_rounded(scatter),
        separation=_rounded(separation[0]),
        separation95=_interval(*separation),
    )


def _in_units(vectors: list[Tensor]) -> list[Tensor]:
    """The vectors v, less the mean of all; 0 where they are all the same."""
    together = torch.cat(vectors)
    mean = together.mean(0)
    pixels = together.chunk(2, 1)[1].square().mean(0).sqrt()  # u, (C,)
    varies = pixels > _NOTHING * pixels.square().mean().sqrt()
    unit = (varies / pixels.where(varies, 1)).repeat(2) / math.sqrt(len(pixels))
    centered = [(each - mean) * unit for each in vectors]
    if torch.cat(centered).square().sum(1).mean().sqrt() < _NOTHING:
        return [torch.zeros_like(each) for each in centered]
    return centered


def _distances(vectors: list[Tensor]) -> tuple[PlanePoint, float, PlanePoint]:
    """Shift, scatter and separation of centred vectors; shift and separation with standard errors.

    The errors are those of the jackknife within each domain. The units and, where test-batch
    statistics are used, what the other images of a batch do to an image are held.
    """
    counts = torch.tensor([float(len(each)) for each in vectors], dtype=torch.float64)
    total = counts.sum()
    centers = torch.stack([each.mean(0) for each in vectors])
    between = counts * centers.square().sum(1)
    within = torch.stack(
        [(each - m).square().sum() for each, m in zip(vectors, centers, strict=True)]
    )
    if within.sum() == 0:
        return (float((between.sum() / total).sqrt()), 0.0), 0.0, (0.0, 0.0)
    variances = torch.zeros(2, dtype=torch.float64)
    for d, (each, n) in enumerate(zip(vectors, counts.tolist(), strict=True)):
        # Without image i, the mean of its domain and that of all move.
        mine = (n * centers[d] - each).square().sum(1) / (n - 1)
        of_all = each.square().sum(1) / (total - 1)
        left = between.sum() - between[d] + mine - of_all
        left_within = within.sum() - (each - centers[d]).square().sum(1) * n / (n - 1)
        without = torch.stack([(left / (total - 1)).clamp(min=0).sqrt(), left / left_within])
        variances += (n - 1) / n * (without - without.mean(1, keepdim=True)).square().sum(1)
    shift_error, separation_error = variances.sqrt().tolist()
    return (
        (float((between.sum() / total).sqrt()), shift_error),
        float((within.sum() / total).sqrt()),
        (float(between.sum() / within.sum()), separation_error),
    )


def _interval(value: float, error: float) -> Span:
    return _rounded(max(0.0, value - _Z95 * error)), _rounded(value + _Z95 * error)


def _plane(vectors: Tensor) -> tuple[Tensor, PlanePoint]:
    """The two axes along which centred vectors vary most, (2C, 2), and their shares of variance.

    Each axis points to where its largest entry is positive, so that pictures do not flip.
    """
    _, values, rows = torch.linalg.svd(vectors, full_matrices=False)
    axes = torch.zeros(vectors.shape[1], 2, dtype=vectors.dtype)
    num_axes = min(2, len(rows))
    axes[:, :num_axes] = rows[:num_axes].T
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    axes = axes * torch.where(largest < 0, -1.0, 1.0)
    shares = torch.zeros(2, dtype=vectors.dtype)
    if total := float(values.square().sum()):
        shares[:num_axes] = values[:num_axes].square() / total
    return axes, (_rounded(float(shares[0])), _rounded(float(shares[1])))


def _some(vectors: Tensor) -> Tensor:
    """At most ``MOST_POINTS`` of the images, evenly spread over all."""
    num_points = min(len(vectors), MOST_POINTS)
    return vectors[torch.arange(num_points) * len(vectors) // num_points]


def _points(plane: Tensor) -> tuple[PlanePoint, ...]:
    return tuple((round(x, 2) + 0.0, round(y, 2) + 0.0) for x, y in plane.tolist())


def _rows(values: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(_rounded(value) for value in row) for row in values.tolist())


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
