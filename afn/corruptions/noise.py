"""Noise: what a sensor or a transmission adds."""

import torch
from torch import Tensor


def gaussian_noise(images: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """Independent normal noise of standard deviation ``sigma`` on every value."""
    noise = torch.randn(images.shape, generator=generator, device=generator.device)
    return images + sigma * noise.to(images)


def impulse_noise(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Salt and pepper: half of the ``share`` of values become 0, the other half 1."""
    draw = torch.rand(images.shape, generator=generator, device=generator.device).to(images.device)
    return images.masked_fill(draw < share / 2, 0.0).masked_fill(draw >= 1 - share / 2, 1.0)
