"""Weather: what light, air and water do to a scene."""

import math

import torch
from torch import Tensor

from afn.corruptions.blur import smear
from afn.corruptions.draws import Draws
from afn.corruptions.fractal import plasma
from afn.corruptions.separable import smoothed, zoomed
from afn.corruptions.water import depth_light, slope_light

_LUMA = (0.299, 0.587, 0.114)
_ICE = (0.89, 1.01, 1.1)  # of the published generator's photos, their mean over the channels 1
_WATER = (175 / 255, 238 / 255, 238 / 255)
_MUD = (63 / 255, 42 / 255, 20 / 255)


def brightness(images: Tensor, amount: float) -> Tensor:
    """``amount`` added to V of HSV, hue and saturation kept; for grey images the value itself.

    V is the largest channel, so every channel grows by the factor by which V does.
    """
    value = images.amax(dim=1, keepdim=True)
    shares = torch.where(value > 0, images / value, 1.0)  # black has no hue: it becomes grey
    return shares * (value + amount).clamp(max=1.0)


def fog(images: Tensor, amount: float, decay: float, *, generator: torch.Generator) -> Tensor:
    r"""A cloud of light: :math:`(x + c\,\mathrm{plasma}) \max x / (\max x + c)` of every image."""
    cloud = plasma(images.shape[2:], decay, Draws(len(images), generator), images)[:, None]
    brightest = images.amax(dim=(1, 2, 3), keepdim=True)
    return (images + amount * cloud) * (brightest / (brightest + amount))


def snow(
    images: Tensor,
    mean: float,
    deviation: float,
    zoom: float,
    threshold: float,
    radius: int,
    sigma: float,
    image_weight: float,
    *,
    generator: torch.Generator,
) -> Tensor:
    """A whitened scene, before it flakes: enlarged noise above a threshold, smeared as they fall.

    The flakes are added twice, the second time turned by 180°.
    """
    draws = Draws(len(images), generator)
    flakes = mean + deviation * draws.normal((1, *images.shape[2:]), images)
    flakes = zoomed(flakes, zoom)
    flakes = flakes.masked_fill(flakes < threshold, 0.0).clamp(max=1.0)
    falls = draws.uniform((), images, -0.75 * math.pi, -0.25 * math.pi)
    flakes = smear(flakes, radius, sigma, falls)
    whitened = torch.maximum(images, 1.5 * _grey(images) + 0.5)
    return image_weight * images + (1 - image_weight) * whitened + flakes + flakes.flip(2, 3)


def frost(
    images: Tensor, image_weight: float, frost_weight: float, *, generator: torch.Generator
) -> Tensor:
    """Weighted sum with a texture of ice.

    Deviation: the original crops five photos of frost, which are not part of this program. Here
    the ridges of a fractal, tinted as those photos are, lie on a random level within theirs.
    """
    draws = Draws(len(images), generator)
    ridges = 1 - (2 * plasma(images.shape[2:], 1.1, draws, images) - 1).abs()
    level = draws.uniform((1, 1), images, 0.18, 0.54)
    ice = _coloured((level + 0.4 * ridges)[:, None], _ICE, images).clamp(max=1.0)
    return image_weight * images + frost_weight * ice


def spatter(
    images: Tensor,
    mean: float,
    deviation: float,
    sigma: float,
    threshold: float,
    strength: float,
    is_mud: bool,
    *,
    generator: torch.Generator,
) -> Tensor:
    """Drops where smooth noise is above a threshold: shining water, or mud that hides.

    Deviation: where drops are small, ``sigma`` being a pixel or less, the light on water is that on
    the slope of the noise; see :mod:`afn.corruptions.water`.
    """
    draws = Draws(len(images), generator)
    liquid = mean + deviation * draws.normal((1, *images.shape[2:]), images)
    liquid = smoothed(liquid, sigma)
    drops = (liquid > threshold).to(images)
    if is_mud:
        cover = smoothed(drops, strength)
        cover = cover.masked_fill(cover < 0.8, 0.0)
        return images * (1 - cover) + _coloured(cover, _MUD, images)
    shine = drops * (liquid * depth_light(drops) if sigma > 1 else slope_light(liquid))
    brightest = shine.amax(dim=(2, 3), keepdim=True)
    shine *= strength / torch.where(brightest > 0, brightest, 1.0)
    return images + _coloured(shine, _WATER, images)


def _grey(images: Tensor) -> Tensor:
    """The luma of each pixel, (N, 1, H, W)."""
    if images.shape[1] == 1:
        return images
    red, green, blue = (part * share for part, share in zip(images.split(1, 1), _LUMA, strict=True))
    return red + green + blue


def _coloured(layer: Tensor, colour: tuple[float, float, float], images: Tensor) -> Tensor:
    """A layer (N, 1, H, W) in a colour, or in its luma for images of one channel."""
    tint = images.new_tensor(colour).view(1, 3, 1, 1)
    return layer * (tint if images.shape[1] == 3 else _grey(tint))
