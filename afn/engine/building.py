"""From a configuration to its network."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from afn.backbones import EfficientNetLite0, build_model, initialize
from afn.backbones.efficientnet_lite import load_imagenet
from afn.norms import NORMS, Norm
from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.config import SETTINGS, TrainConfig
from afn.settings.norms import NORM_ROWS

_IMAGENET_EPS = 1e-3
_IMAGENET_MEAN, _IMAGENET_STD = 127 / 255, 128 / 255
"""Of all three channels, as EfficientNet-Lite was trained."""


def model_of(
    config: TrainConfig,
    *,
    image_size: tuple[int, int],
    num_classes: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> nn.Sequential:
    """The network that a configuration describes, with torch's own start weights.

    Args:
        config: Names backbone and norm, and their options.
        image_size: Height and width of the images.
        num_classes: Number of logits.
        mean: Of each input channel, on the scale [0, 1]; as many as the images have. Backbones with
            ImageNet weights take what these were trained with instead.
        std: The standard deviations.

    Raises:
        ValueError: The images are too small for the network.
    """
    options: dict[str, Any] = {}
    row = BACKBONE_ROWS[config.backbone]
    if row.is_imagenet:
        mean, std = (_IMAGENET_MEAN,) * len(mean), (_IMAGENET_STD,) * len(mean)
    if row.has_widths:
        options["widths"] = config.widths

    def norm(num_features: int) -> Norm:
        return NORMS[config.norm](num_features, **norm_options(config, num_features))

    return build_model(
        config.backbone,
        norm,
        in_channels=len(mean),
        num_classes=num_classes,
        image_size=image_size,
        mean=mean,
        std=std,
        **options,
    )


def norm_options(config: TrainConfig, num_features: int) -> dict[str, Any]:
    """Keyword arguments for a norm layer of so many channels."""
    norm, options = NORM_ROWS[config.norm], dict[str, Any]()
    eps = _IMAGENET_EPS if BACKBONE_ROWS[config.backbone].is_imagenet else None
    eps = eps if config.norm_eps is None else config.norm_eps
    if eps is not None and norm.has_eps:
        options["eps"] = eps
    if norm.is_switchable and config.eval_stats is not None:
        options["eval_stats"] = config.eval_stats
    if norm.is_adaptive:
        options |= {s.name: getattr(config, s.name) for s in SETTINGS.values() if s.is_layers}
        for name in ("stan", "rescale"):
            width, ratio = getattr(config, f"{name}_width"), getattr(config, f"{name}_ratio")
            options[f"{name}_width"] = max(1, num_features // ratio) if width is None else width
    return options


def started(
    config: TrainConfig,
    *,
    image_size: tuple[int, int],
    num_classes: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> nn.Sequential:
    """The same before its first step: its seed draws the weights, all or what ImageNet's leave.

    Raises:
        ValueError: The images are too small for the network, or not in colour.
        FileNotFoundError: Its ImageNet weights are not installed.
    """
    model = model_of(config, image_size=image_size, num_classes=num_classes, mean=mean, std=std)
    initialize(model, config.seed)
    backbone = model.get_submodule("backbone")
    if isinstance(backbone, EfficientNetLite0):
        load_imagenet(backbone)
    return model
