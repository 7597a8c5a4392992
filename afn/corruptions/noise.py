"""Noise: what a sensor or a transmission adds."""

import torch
from torch import Tensor

from afn.corruptions.draws import Draws
from afn.corruptions.poisson import LEVELS, counted

_WHOLE = 1e-3  # of a grey level: images of bytes hold whole ones but for rounding


def gaussian_noise(images: Tensor, sigma: float, *, generator: torch.Generator) -> Tensor:
    """Independent normal noise of standard deviation ``sigma`` on every value."""
    return images + sigma * Draws(len(images), generator).normal(images.shape[1:], images)


def shot_noise(images: Tensor, photons: float, *, generator: torch.Generator) -> Tensor:
    r"""Every value counted in photons: :math:`\mathrm{Poisson}(x c) / c`.

    The photons of a whole grey level, and those of what is above it by more than a thousandth, are
    counted apart: the sum of two Poisson numbers is one.
    """
    draws = Draws(len(images), generator)
    greys = LEVELS * images.cpu().float()
    levels = (greys + _WHOLE).floor_()
    counts = counted(levels.int(), photons, draws.bits(images.shape[1:])).float()
    above = (greys - levels - _WHOLE).clamp_(min=0.0)
    if above.any():
        counts += draws.poisson(photons / LEVELS * above)
    return counts.to(images) / photons


def impulse_noise(images: Tensor, share: float, *, generator: torch.Generator) -> Tensor:
    """Salt and pepper: half of the ``share`` of values become 0, the other half 1."""
    draw = Draws(len(images), generator).uniform(images.shape[1:], images)
    return images.masked_fill(draw < share / 2, 0.0).masked_fill(draw >= 1 - share / 2, 1.0)


def speckle_noise(images: Tensor, sigma: float, *, generator: torch.Generator) -> Tensor:
    r"""Normal noise in proportion to the value: :math:`x + x\,\mathcal{N}(0, \sigma^2)`."""
    return images * (1 + sigma * Draws(len(images), generator).normal(images.shape[1:], images))
