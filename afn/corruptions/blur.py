"""Blur: what a lens, a pane or a movement smears."""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from afn.corruptions.borders import bordered
from afn.corruptions.draws import Draws
from afn.corruptions.separable import convolved, smoothed, zoomed


def gaussian_blur(images: Tensor, sigma: float) -> Tensor:
    """Convolution with a normal density cut at four ``sigma``; the border values go on outside."""
    return smoothed(images, sigma)


def defocus_blur(images: Tensor, radius: float, border_sigma: float) -> Tensor:
    """Convolution with a disk, its border softened by a Gaussian; mirrored outside.

    The Gaussian is of 3×3 pixels, or of 5×5 for disks of a radius above 8.
    """
    softness = 1 if radius <= 8 else 2
    reach = math.floor(radius)
    sharp = _disk_sum(bordered(images, reach + softness, "reflect"), radius)
    taps = torch.arange(-softness, softness + 1)
    soften = torch.softmax(-0.5 * (taps / border_sigma) ** 2, dim=0)[softness:].tolist()
    return convolved(convolved(sharp, soften, 2), soften, 3)


def glass_blur(
    images: Tensor, sigma: float, max_shift: int, rounds: int, *, generator: torch.Generator
) -> Tensor:
    """Blurred, pixels displaced, blurred again.

    In every round a pixel, unless it is at a border, takes the value of a random one, from
    ``max_shift`` above to ``max_shift - 1`` below it, and so from left to right. Pixels take their
    turns from the last to the first, so what is taken from below or the right may be from
    further. The paper swaps the two; the published generator, by an aliasing of arrays, copies as
    is done here.
    """
    blurred = smoothed(images, sigma)
    num_channels, height, width = images.shape[1:]
    draws = Draws(len(images), generator)
    places = torch.arange(height * width, device=images.device).view(height, width)
    moves = torch.zeros_like(places)
    moves[max_shift + 1 : 1 - max_shift or None, max_shift + 1 : 1 - max_shift or None] = 1
    for _ in range(rounds):
        down, right = draws.integers((2, height, width), images, -max_shift, max_shift).unbind(1)
        nearest = (places + moves * (down * width + right)).view(len(images), -1)
        sources = nearest.gather(1, _last_in_turn(nearest.maximum(places.flatten())))
        blurred = blurred.flatten(2).gather(2, sources[:, None].expand(-1, num_channels, -1))
        blurred = blurred.view_as(images)
    return smoothed(blurred, sigma)


def motion_blur(images: Tensor, radius: int, sigma: float, *, generator: torch.Generator) -> Tensor:
    """Smeared along one line per image, up to 45° from the horizontal."""
    draws = Draws(len(images), generator)
    angles = draws.uniform((), images, -math.pi / 4, math.pi / 4)
    return smear(images, radius, sigma, angles)


def zoom_blur(images: Tensor, num_zooms: int, step: int) -> Tensor:
    """The mean of the images and of their middles enlarged, from 1 on by ``step`` hundredths more.

    Sides grow by whole pixels, as in the original, so that severity 1 leaves sides of 8 as they
    are.
    """
    images = images.contiguous(memory_format=torch.channels_last)  # zoomed in half the time
    total = 2 * images
    for i in range(1, num_zooms):
        total += zoomed(images, 1 + i * step / 100)
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
    term = torch.empty_like(images)
    for weight, y, x in zip(weights, down, right, strict=True):
        # Of one image, a view: large images come one by one.
        ahead = windows[:, :, y[0], x[0]] if len(images) == 1 else windows[image, :, y, x]
        total += torch.mul(ahead, weight, out=term)
    return total


def _disk_sum(images: Tensor, radius: float) -> Tensor:
    """The mean over a disk around each pixel, a row of it after the other.

    Args:
        images: (N, C, H, W), longer by the radius, less its fraction, on every side.
        radius: In pixels, of the centres that lie in the disk.
    """
    reach = math.floor(radius)
    height, width = (side - 2 * reach for side in images.shape[2:])
    halves = [math.isqrt(math.floor(radius**2 - row**2)) for row in range(reach + 1)]
    strip = images.narrow(3, reach, width).clone()
    total = torch.zeros_like(strip.narrow(2, reach, height))
    for half in range(reach + 1):
        if half:
            strip += images.narrow(3, reach - half, width)
            strip += images.narrow(3, reach + half, width)
        for row in (row for row in range(-reach, reach + 1) if halves[abs(row)] == half):
            total += strip.narrow(2, reach + row, height)
    num_pixels = sum((1 + (row > 0)) * (2 * half + 1) for row, half in enumerate(halves))
    return total / num_pixels


def _last_in_turn(jumps: Tensor) -> Tensor:
    """Where one arrives who jumps on, (N, places), from each to a later one or to itself."""
    further = jumps.gather(1, jumps)
    while not torch.equal(further, jumps):
        jumps, further = further, further.gather(1, further)
    return jumps
