"""From a configuration to its network."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from afn.backbones import build_model
from afn.engine.config import TrainConfig
from afn.norms import NORMS, Norm


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
        mean: Of each input channel, on the scale [0, 1]; as many as the images have.
        std: The standard deviations.

    Raises:
        ValueError: The images are too small for the network.
    """
    options: dict[str, Any] = {}
    if config.backbone == "convnet":
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
