r"""Measuring γ̂ and β̂ of every norm layer under several conditions.

Batch norm's are its parameters, whatever it is shown. AFN computes them from the statistics of a
batch (of the running averages, where it uses those), ASRNorm from those of each image, so that

.. math::
    \hat\gamma = \lambda_\gamma\,\mathrm{sigmoid}(\cdot) + \gamma \qquad
    \hat\beta = \lambda_\beta\,\tanh(\cdot) + \beta

stay within :math:`\lambda_\gamma` above γ and :math:`\pm\lambda_\beta` around β.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from afn.ask.hidden_units import awake
from afn.ask.measure import images_under
from afn.ask.models import asked, restored
from afn.ask.network import Stats
from afn.ask.rescaling import Condition, LayerRescaling, Profile, Rescaling, Varies
from afn.ask.sources import Source, network_of
from afn.norms import AdaptiveNorm, norm_layers


def rescaling_under(
    network: Source | str,
    conditions: Sequence[Condition],
    *,
    num_images: int,
    batch_size: int = 128,
    statistics: Stats | None = None,
) -> Rescaling:
    """γ̂ and β̂ of every norm layer of a trained network under several conditions.

    Args:
        network: A run's id or a pretrained model's name; or what `afn.find` and `afn.trained` give.
        conditions: Data set, corruption (None: as they are) and severity (0 where none); the first
            is what the others are held against.
        num_images: At most the first so many test images of each.
        batch_size: Where statistics are a test batch's.
        statistics: "running" or "batch", for norms that have the choice; None is as trained.

    Raises:
        ValueError: An unknown data set or corruption, or no conditions.
        FileNotFoundError: There is no such run, or a data set is not on disk.

    Example:
        >>> from afn import rescaling_under
        >>> conditions = [("mnist5k", None, 0), ("mnist5k", "fog", 5)]
        >>> first, *_ = rescaling_under("mnist5k-afn", conditions, num_images=100).layers
        >>> first.name, [len(shifts) for shifts in first.shifts("gamma")]  # by channel
        ('backbone.blocks.0.norm', [16])
    """
    asked_of = network_of(network)
    question = asked_of.question(num_images=num_images, stats=statistics, batch_size=batch_size)
    images = images_under(conditions, image_shape=asked_of.image_shape, num_images=num_images)
    with asked(restored(asked_of), question) as model:
        return layer_rescaling(model, images, batch_size=question.batch_size)


@torch.inference_mode()
def layer_rescaling(
    model: nn.Module, conditions: Mapping[Condition, Tensor], *, batch_size: int = 128
) -> Rescaling:
    """γ̂ and β̂ of every norm layer, condition by condition, as the images are tested.

    Numbers are rounded to seven digits, so that a record that was kept equals what was measured.

    Args:
        model: In eval mode, with the statistics to be tested.
        conditions: Images float (N, C, H, W) as the model takes them; the first condition is what
            the others are held against.
        batch_size: Where the model normalizes by test-batch statistics, answers depend on it.

    Raises:
        ValueError: No norm layers, a model in training mode, no conditions or no images of one, or
            values that are not finite.
    """
    names = list(norm_layers(model))
    if not names:
        raise ValueError("expected a model with norm layers of this package, got one without any")
    if model.training:
        raise ValueError("expected a model in eval mode: call model.eval() first")
    if not conditions or not all(len(images) for images in conditions.values()):
        raise ValueError("expected one condition or more, each with images")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    units: dict[str, Tensor] = {}
    found = [_measured(model, images, batch_size, units) for images in conditions.values()]
    return Rescaling(
        conditions=tuple(conditions),
        num_images=tuple(len(images) for images in conditions.values()),
        batch_size=batch_size,
        layers=tuple(
            _layer(name, [each[name] for each in found], units.get(name)) for name in names
        ),
    )


_Values = tuple[Tensor, Tensor]
"""γ̂ and β̂, (C,) where all images of a batch share them, else (N, C)."""


def _measured(
    model: nn.Module, images: Tensor, batch_size: int, units: dict[str, Tensor]
) -> dict[str, tuple[Varies, Tensor, Tensor]]:
    """By layer what varies, and γ̂ and β̂ of each image, (N, C) float64 on the CPU.

    Notes in `units`, by layer, (2, hidden), which of the rescaling network's are awake.
    """
    batches = images.split(batch_size)
    with _recording(model, units) as records:
        for batch in batches:
            model(batch)
    found = {}
    for name, calls in records.items():
        if len(calls) != len(batches):
            raise ValueError(f"each norm layer must run once per forward pass, {name} did not")
        gamma, beta = (
            torch.cat(
                [
                    (values[i] if values[i].dim() == 2 else values[i].expand(len(batch), -1))
                    for values, batch in zip(calls, batches, strict=True)
                ]
            )
            .double()
            .cpu()
            for i in (0, 1)
        )
        if not bool(gamma.isfinite().all() and beta.isfinite().all()):
            raise ValueError(f"γ̂ or β̂ at {name} is not finite: the model diverged")
        varies: Varies = "nothing"
        if getattr(norm_layers(model)[name], "adaptive", False):
            if calls[0][0].dim() == 2:
                varies = "images"
            elif getattr(norm_layers(model)[name], "eval_stats", None) == "batch":
                varies = "batches"
        found[name] = (varies, gamma, beta)
    return found


@contextmanager
def _recording(model: nn.Module, units: dict[str, Tensor]) -> Iterator[dict[str, list[_Values]]]:
    layers = norm_layers(model)
    records: dict[str, list[_Values]] = {name: [] for name in layers}

    def record(name: str, layer: Any, inputs: tuple[Tensor, ...]) -> None:
        trace = layer.trace(inputs[0])
        records[name].append((trace.gamma_hat, trace.beta_hat))
        if isinstance(layer, AdaptiveNorm) and layer.adaptive:
            now = awake(layer, trace)["rescale"]
            units[name] = units.get(name, torch.zeros_like(now)) | now

    handles = [
        layer.register_forward_pre_hook(partial(record, name)) for name, layer in layers.items()
    ]
    try:
        yield records
    finally:
        for handle in handles:
            handle.remove()


def _layer(
    name: str, conditions: list[tuple[Varies, Tensor, Tensor]], units: Tensor | None
) -> LayerRescaling:
    of_mu, of_sigma = (0, 0) if units is None else (~units).sum(1).tolist()
    gamma = [mine for _, mine, _ in conditions]
    beta = [mine for _, _, mine in conditions]
    return LayerRescaling(
        name=name,
        varies=conditions[0][0],
        gamma=_rows([values.mean(0) for values in gamma]),
        beta=_rows([values.mean(0) for values in beta]),
        gamma_spread=_rows([values.std(0, correction=0) for values in gamma]),
        beta_spread=_rows([values.std(0, correction=0) for values in beta]),
        hidden=0 if units is None else units.shape[1],
        dead=(of_sigma, of_mu),
    )


def _rows(values: list[Tensor]) -> Profile:
    return tuple(tuple(float(f"{value:.7g}") for value in each.tolist()) for each in values)
