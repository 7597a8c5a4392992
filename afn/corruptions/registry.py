"""The corruptions by name, and the one function that applies any of them."""

import inspect
from collections.abc import Callable

import torch
from torch import Tensor

from afn.corruptions import blur, digital, noise, weather
from afn.corruptions.severities import constants_of

_MIN_SIDE = 8
_PIECE = 2**17  # values that are worked on at a time: with what is made of them, a cache's worth

_FUNCTIONS: tuple[Callable[..., Tensor], ...] = (
    noise.gaussian_noise,
    noise.shot_noise,
    noise.impulse_noise,
    noise.speckle_noise,
    blur.gaussian_blur,
    blur.defocus_blur,
    blur.glass_blur,
    blur.motion_blur,
    blur.zoom_blur,
    weather.snow,
    weather.frost,
    weather.fog,
    weather.brightness,
    weather.spatter,
    digital.contrast,
    digital.saturate,
    digital.jpeg_compression,
    digital.pixelate,
    digital.elastic_transform,
)
CORRUPTIONS: dict[str, Callable[..., Tensor]] = {
    function.__name__: function for function in _FUNCTIONS
}
"""Every corruption: images, its constants and, where it is random, a generator -> images.

They take float32 or float64 and clamp nothing; :func:`corrupt` takes care of both.
"""
_RANDOM = {
    name
    for name, function in CORRUPTIONS.items()
    if "generator" in inspect.signature(function).parameters
}


def corrupt(
    images: Tensor, name: str, severity: int, generator: torch.Generator | None = None
) -> Tensor:
    """The images under one corruption, as a new tensor of their type and memory format, in [0, 1].

    Every image is corrupted as if it were alone: what happens to it depends on itself, the
    corruption, the severity and its place in the generator's stream. So a batch that comes in
    parts, one after the other, gives the same bytes as the whole, on any number of threads, and
    one seed draws the same for every device and precision.

    Args:
        images: (N, C, H, W) floats in [0, 1]; C is 1 or 3, both sides at least 8.
        name: A key of ``CORRUPTIONS``.
        severity: 1 (weakest) to 5.
        generator: Source of one seed for each image; only random corruptions need it.

    Raises:
        TypeError: The images are no floating tensor or the severity is no int.
        ValueError: The images' shape or range, the name or the severity is not one of the above,
            or a random corruption got no generator.
    """
    _check_images(images)
    constants = constants_of(name, severity)
    if name in _RANDOM and generator is None:
        raise ValueError(f"{name} is random, got generator=None; pass a seeded torch.Generator")
    options = {"generator": generator} if name in _RANDOM else {}
    corrupted = torch.empty_like(images)
    count = max(1, _PIECE // images[0].numel())
    for piece, place in zip(images.split(count), corrupted.split(count), strict=True):
        exact = piece if images.dtype == torch.float64 else piece.float()
        made = CORRUPTIONS[name](exact.contiguous(), *constants, **options)
        place.copy_(made.clamp(0.0, 1.0))
    return corrupted


def _check_images(images: Tensor) -> None:
    if not isinstance(images, Tensor) or not images.is_floating_point():
        came = images.dtype if isinstance(images, Tensor) else type(images).__name__
        raise TypeError(f"images must be a floating tensor in [0, 1], got {came}; divide by 255")
    shape = tuple(images.shape)
    if len(shape) != 4 or shape[0] == 0 or shape[1] not in (1, 3) or min(shape[2:]) < _MIN_SIDE:
        raise ValueError(
            f"images must be (N, C, H, W) with N at least 1, C 1 or 3 and sides of at least "
            f"{_MIN_SIDE}, got {shape}"
        )
    low, high = (bound.item() for bound in images.aminmax())
    if not (low >= 0.0 and high <= 1.0):  # so written, NaN is refused too
        raise ValueError(f"images must lie in [0, 1], got {low:g} to {high:g}; divide by 255?")
