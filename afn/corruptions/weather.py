"""Weather: what light and air do to a scene."""

import torch
from torch import Tensor


def brightness(images: Tensor, amount: float) -> Tensor:
    """``amount`` added to V of HSV, hue and saturation kept; for grey images the value itself.

    V is the largest channel, so every channel grows by the factor by which V does.
    """
    value = images.amax(dim=1, keepdim=True)
    shares = torch.where(value > 0, images / value, 1.0)  # black has no hue: it becomes grey
    return shares * (value + amount).clamp(max=1.0)
