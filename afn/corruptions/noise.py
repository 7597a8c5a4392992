"""Noise: what a sensor or a transmission adds."""

import torch
from torch import Tensor

from afn.corruptions.draws import Draws


def gaussian_noise(images: Tensor, sigma: float, *, generator: torch.Generator) -> Tensor:
    """Independent normal noise of standard deviation ``sigma`` on every value."""
    return images + sigma * Draws(len(images), generator).normal(images.shape[1:], images)


def shot_noise(images: Tensor, photons: float, *, generator: torch.Generator) -> Tensor:
    r"""Every value counted in photons: :math:`\mathrm{Poisson}(x c) / c`.

    The draws depend on the images too: the brighter a pixel, the more random numbers it takes.
    """
    return Draws(len(images), generator).poisson(photons * images.float()).to(images) / photons


def impulse_noise(images: Tensor, share: float, *, generator: torch.Generator) -> Tensor:
    """Salt and pepper: half of the ``share`` of values become 0, the other half 1."""
    draw = Draws(len(images), generator).uniform(images.shape[1:], images)
    return images.masked_fill(draw < share / 2, 0.0).masked_fill(draw >= 1 - share / 2, 1.0)


def speckle_noise(images: Tensor, sigma: float, *, generator: torch.Generator) -> Tensor:
    r"""Normal noise in proportion to the value: :math:`x + x\,\mathcal{N}(0, \sigma^2)`."""
    return images * (1 + sigma * Draws(len(images), generator).normal(images.shape[1:], images))
