"""From a configuration to its network."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from afn.backbones import EfficientNetLite0, build_model, initialize
from afn.backbones.efficientnet_lite import load_imagenet
from afn.norms import NORMS, Norm
from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.config import TrainConfig

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
        return NORMS[config.norm](num_features, **config.norm_options(num_features))

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
