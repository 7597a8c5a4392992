"""The corruptions by name, and the one function that applies any of them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from afn.corruptions.blur import gaussian_blur
from afn.corruptions.digital import contrast, pixelate
from afn.corruptions.noise import gaussian_noise, impulse_noise
from afn.corruptions.severities import SEVERITIES
from afn.corruptions.weather import brightness

_MIN_SIDE = 8

_RANDOM: dict[str, Callable[[Tensor, Any, torch.Generator], Tensor]] = {
    function.__name__: function for function in (gaussian_noise, impulse_noise)
}
_DETERMINISTIC: dict[str, Callable[[Tensor, Any], Tensor]] = {
    function.__name__: function for function in (gaussian_blur, brightness, contrast, pixelate)
}
_ALL: dict[str, Callable[..., Tensor]] = {**_RANDOM, **_DETERMINISTIC}

CORRUPTIONS: dict[str, Callable[..., Tensor]] = {name: _ALL[name] for name in SEVERITIES}
"""Every corruption: (images, its constant, a generator if it is random) -> images, unclamped."""


def corrupt(
    images: Tensor, name: str, severity: int, generator: torch.Generator | None = None
) -> Tensor:
    """The images under one corruption, as a new tensor with values in [0, 1].

    The noise depends on the generator and the shape alone, so that one seed corrupts the same on
    every device and in every precision.

    Args:
        images: (N, C, H, W) floats in [0, 1]; C is 1 or 3, both sides at least 8.
        name: A key of ``CORRUPTIONS``.
        severity: 1 (weakest) to 5.
        generator: Source of the noise; only random corruptions need it.

    Raises:
        TypeError: The images are no floating tensor or the severity is no int.
        ValueError: The images' shape or range, the name or the severity is not one of the above,
            or a random corruption got no generator.
    """
    _check_images(images)
    constant = _constant(name, severity)
    if name in _DETERMINISTIC:
        corrupted = _DETERMINISTIC[name](images, constant)
    elif generator is None:
        raise ValueError(f"{name} is random, got generator=None; pass a seeded torch.Generator")
    else:
        corrupted = _RANDOM[name](images, constant, generator)
    return corrupted.clamp(0.0, 1.0)


def _constant(name: str, severity: int) -> Any:
    if name not in SEVERITIES:
        raise ValueError(f"unknown corruption {name!r}; known are {', '.join(SEVERITIES)}")
    if isinstance(severity, bool) or not isinstance(severity, int):
        raise TypeError(f"severity must be an int from 1 to 5, got {severity!r}")
    if not 1 <= severity <= len(SEVERITIES[name]):
        raise ValueError(f"severity must be from 1 to {len(SEVERITIES[name])}, got {severity}")
    return SEVERITIES[name][severity - 1]


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
