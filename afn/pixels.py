"""From stored images to what a model takes."""

import torch
from torch import Tensor


def as_float(images: Tensor) -> Tensor:
    """(N, H, W, C) uint8 to (N, C, H, W) float in [0, 1], channels_last without a copy."""
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(255)
