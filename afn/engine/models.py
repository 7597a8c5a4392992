"""The network that a configuration describes."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from afn.backbones import build_model
from afn.engine.config import TrainConfig


def model_of(
    config: TrainConfig,
    *,
    image_shape: tuple[int, int, int],
    num_classes: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> nn.Sequential:
    """A model without a start of its own: initialize it or load its weights.

    Args:
        config: Says backbone, norm and their options.
        image_shape: (H, W, C) of the images it takes.
        num_classes: Classes.
        mean: Mean of each channel of the training images, in [0, 1].
        std: Their standard deviation.
    """
    options: dict[str, Any] = {}
    if config.backbone == "convnet":
        options["widths"] = config.widths
    return build_model(
        config.backbone,
        config.norm,
        in_channels=image_shape[2],
        num_classes=num_classes,
        image_size=image_shape[:2],
        mean=mean,
        std=std,
        norm_options=config.norm_options(),
        **options,
    )
