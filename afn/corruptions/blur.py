"""Blur: what a lens or a movement smears."""

import torch
from torch import Tensor


def gaussian_blur(images: Tensor, sigma: float) -> Tensor:
    """Convolution with a normal density cut at four ``sigma``; the border values go on outside."""
    rows, columns = (_gaussian_matrix(side, sigma).to(images) for side in images.shape[-2:])
    return rows @ images @ columns.mT


def _gaussian_matrix(side: int, sigma: float) -> Tensor:
    """The blur of one axis as a matrix: row i holds the weights of output i."""
    radius = int(4 * sigma + 0.5)
    offsets = torch.arange(-radius, radius + 1)
    weights = torch.softmax(-0.5 * (offsets / sigma) ** 2, dim=0)
    taps = (torch.arange(side)[:, None] + offsets).clamp(0, side - 1)
    return torch.zeros(side, side).scatter_add_(1, taps, weights.expand(side, -1))
