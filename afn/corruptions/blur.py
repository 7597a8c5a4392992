"""Blur: what a lens, a pane or a movement smears."""

import math
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import pad

from afn.corruptions.draws import Draws
from afn.corruptions.exact import weighted
from afn.corruptions.separable import gaussian_matrix, separable, zoom_matrix


def gaussian_blur(images: Tensor, sigma: float) -> Tensor:
    """Convolution with a normal density cut at four ``sigma``; the border values go on outside."""
    return separable(images, partial(gaussian_matrix, sigma=sigma))


def defocus_blur(images: Tensor, radius: float, border_sigma: float) -> Tensor:
    """Convolution with a disk, its border softened by a 3×3 Gaussian; mirrored outside."""
    reach = math.floor(radius) + 1
    offsets = torch.arange(-reach, reach + 1.0)
    disk = (offsets[:, None] ** 2 + offsets**2 <= radius**2).float()
    soften = partial(gaussian_matrix, sigma=border_sigma, radius=1)
    kernel = separable(disk / disk.sum(), soften)
    return weighted(pad(images, [reach] * 4, mode="reflect"), kernel.tolist())


def glass_blur(
    images: Tensor, sigma: float, max_shift: int, rounds: int, *, generator: torch.Generator
) -> Tensor:
    """Blurred, pixels displaced, blurred again.

    In every round a pixel, unless it is at a border, takes the value of a random one, from
    ``max_shift`` above to ``max_shift - 1`` below it, and so from left to right. The paper swaps
    the two; the published generator, by an aliasing of arrays, copies as is done here.
    """
    blurred = gaussian_blur(images, sigma)
    num_channels, height, width = images.shape[1:]
    draws = Draws(len(images), generator)
    places = torch.arange(height * width, device=images.device).view(height, width)
    moves = torch.zeros_like(places)
    moves[max_shift + 1 : 1 - max_shift or None, max_shift + 1 : 1 - max_shift or None] = 1
    for _ in range(rounds):
        down, right = draws.integers((2, height, width), images, -max_shift, max_shift).unbind(1)
        sources = (places + moves * (down * width + right)).view(len(images), 1, -1)
        blurred = blurred.flatten(2).gather(2, sources.expand(-1, num_channels, -1))
        blurred = blurred.view_as(images)
    return gaussian_blur(blurred, sigma)


def motion_blur(images: Tensor, radius: int, sigma: float, *, generator: torch.Generator) -> Tensor:
    """Smeared along one line per image, up to 45° from the horizontal."""
    draws = Draws(len(images), generator)
    angles = draws.uniform((), images, -math.pi / 4, math.pi / 4)
    return smear(images, radius, sigma, angles)


def zoom_blur(images: Tensor, num_zooms: int) -> Tensor:
    """The mean of the images and of their middles enlarged by 1, 1.01, 1.02, ...

    Sides grow by whole pixels, as in the original, so that severity 1 leaves sides of 8 as they
    are.
    """
    total = images.clone()
    for i in range(num_zooms):
        total += separable(images, partial(zoom_matrix, factor=1 + i / 100))
    return total / (num_zooms + 1)


def smear(images: Tensor, radius: int, sigma: float, angles: Tensor) -> Tensor:
    """Each pixel the mean of those ahead, weighted by half a normal density, as ImageMagick does.

    Taps lie on whole pixels; beyond the border its values go on.

    Args:
        images: (N, C, H, W).
        radius: Half of the most pixels ahead that count.
        sigma: Standard deviation of the density, which is cut at four of them.
        angles: (N,) directions, in radians clockwise from the right.
    """
    num_taps = 1 + min(2 * radius, int(4 * sigma + 0.5))
    taps = torch.arange(num_taps).to(angles)
    weights = torch.softmax(-0.5 * (taps / sigma) ** 2, dim=0)
    reach = num_taps - 1
    down, right = (
        (torch.outer(taps, taps.new_tensor(parts)) - 0.5).ceil().long() + reach
        # One by one: torch rounds the sine of a number by its place among others.
        for parts in zip(*((math.sin(a), math.cos(a)) for a in angles.tolist()), strict=True)
    )
    windows = pad(images, [reach] * 4, mode="replicate")
    windows = windows.unfold(2, images.shape[2], 1).unfold(3, images.shape[3], 1)
    image = torch.arange(len(images), device=images.device)
    total = torch.zeros_like(images)
    for weight, y, x in zip(weights, down, right, strict=True):
        total += weight * windows[image, :, y, x]
    return total
