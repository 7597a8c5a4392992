"""Whole models by name."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import torch
from torch import nn

from afn.backbones.backbone import Backbone
from afn.backbones.normalize import Normalize
from afn.norms import NormFactory, make_norm, norm_layers
from afn.norms.weight_standardization import standardize_weights
from afn.settings.backbones import BACKBONE_ROWS

BACKBONES: dict[str, Callable[..., Backbone]] = {
    row.name: getattr(import_module(f"afn.backbones.{row.module}"), row.factory)
    for row in BACKBONE_ROWS.values()
}
"""Called as ``factory(in_channels, num_classes, image_size, norm, **options)``.

Example:
    >>> from afn import NORMS
    >>> from afn.backbones import BACKBONES
    >>> "resnet8" in BACKBONES, "vgg" in BACKBONES
    (True, False)
    >>> model = BACKBONES["resnet8"](3, 10, (32, 32), NORMS["afn"])
"""


def build_model(
    backbone: str,
    norm: str | NormFactory,
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    mean: Sequence[float],
    std: Sequence[float],
    norm_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> nn.Sequential:
    """A classifier of images in [0, 1] with the parts ``normalize`` and ``backbone``.

    Torch's global generator is left as it was; `initialize` gives the weights a start by seed.

    Args:
        backbone: One of `BACKBONES`.
        norm: One of `NORMS`, or what makes a layer for so many channels.
        in_channels: Channels of the images, at least 1.
        num_classes: Classes, at least 1.
        image_size: (H, W), each at least 1.
        mean: Mean of each input channel, in [0, 1].
        std: Standard deviation of each input channel, above 0.
        norm_options: For the factory of a named norm.
        **options: For the backbone's factory.

    Raises:
        ValueError: An unknown name, or a value out of range.
        TypeError: The backbone or the norm has no such option.

    Example:
        >>> import torch
        >>> from afn.backbones import build_model, initialize
        >>> model = build_model(
        ...     "convnet", "afn", in_channels=1, num_classes=10, image_size=(28, 28),
        ...     mean=(0.13,), std=(0.31,), widths=(8, 16),
        ... )
        >>> initialize(model, seed=0)(torch.rand(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """
    if backbone not in BACKBONES:
        raise ValueError(f"backbone must be one of {', '.join(BACKBONES)}, got {backbone!r}")
    if min(in_channels, num_classes, *image_size) < 1:
        raise ValueError(
            f"channels, classes and image sides must be at least 1, got in_channels={in_channels}, "
            f"num_classes={num_classes}, image_size={image_size}"
        )
    if len(mean) != in_channels:
        raise ValueError(f"expected a mean for each of {in_channels} channels, got {mean}")
    factory = make_norm(norm, **(norm_options or {})) if isinstance(norm, str) else norm
    with torch.random.fork_rng(devices=[]):
        network = BACKBONES[backbone](in_channels, num_classes, image_size, factory, **options)
    if any(layer.standardizes_weights for layer in norm_layers(network).values()):
        standardize_weights(network)
    return nn.Sequential(OrderedDict(normalize=Normalize(mean, std), backbone=network))
