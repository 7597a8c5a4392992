"""The corruptions by name, and the one function that applies any of them."""

import inspect
import math
from collections.abc import Callable
from importlib import import_module
from typing import SupportsIndex

import torch
from torch import Tensor

from afn.corruptions.severities import ConstantsName, constants_for, constants_of
from afn.settings.corruptions import CORRUPTION_ROWS, MIN_SIDE

_ROUNDING = 1e-6
_BYTES = 2.0  # more than this is no overshoot but 0 to 255
_PIECE = 2**17  # values that are worked on at a time: with what is made of them, a cache's worth

CORRUPTIONS: dict[str, Callable[..., Tensor]] = {
    row.name: getattr(import_module(f"afn.corruptions.{row.kind}"), row.name)
    for row in CORRUPTION_ROWS.values()
}
"""Every corruption: images, its constants and, where it is random, a generator -> images.

They take float32 or float64 and clamp nothing; :func:`corrupt` takes care of both.

Example:
    >>> from afn import CORRUPTIONS
    >>> "fog" in CORRUPTIONS, "rain" in CORRUPTIONS
    (True, False)
"""
_RANDOM = {
    name
    for name, function in CORRUPTIONS.items()
    if "generator" in inspect.signature(function).parameters
}


@torch.no_grad()
def corrupt(
    images: Tensor,
    name: str,
    severity: SupportsIndex,
    generator: torch.Generator | None = None,
    *,
    constants: ConstantsName | None = None,
) -> Tensor:
    """The images under one corruption, as a new tensor of their type and memory format, in [0, 1].

    Every image is corrupted as if it were alone: what happens to it depends on itself, the
    corruption, the severity and its place in the generator's stream. So a batch that comes in
    parts, one after the other, gives the same bytes as the whole, on any number of threads, and
    one seed draws the same for every device and precision.

    Args:
        images: (N, C, H, W) floats in [0, 1], or beyond by no more than rounding; C is 1 or 3,
            both sides at least 8.
        name: A key of ``CORRUPTIONS``. Two leave some images as they are: ``saturate`` those of
            one channel, ``zoom_blur`` at severity 1 those of 8×8; grids leave them out.
        severity: 1 (weakest) to 5.
        generator: Source of one seed for each image; only random corruptions need it.
        constants: Whose: "cifar10-c", made for 32×32, or "imagenet-c", made for 224×224. None: the
            second where both sides are at least 96.

    Raises:
        TypeError: The images are no floating tensor, the severity is no integer, or the generator
            is none.
        ValueError: The images' shape or range, the name, the severity or the constants are not of
            the above, or a random corruption got no generator.

    Example:
        >>> import torch
        >>> from afn import corrupt
        >>> images = torch.full((8, 3, 32, 32), 0.5)
        >>> seeds = [torch.Generator().manual_seed(0) for _ in range(2)]
        >>> torch.equal(*(corrupt(images, "gaussian_noise", 3, seed) for seed in seeds))
        True
    """
    images = _in_range(images)
    height, width = images.shape[2:]
    values = constants_of(name, severity, constants or constants_for(height, width))
    if name in _RANDOM and generator is None:
        raise ValueError(f"{name} is random, got generator=None; pass a seeded torch.Generator")
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator must be a torch.Generator, got {generator!r}; "
            "pass torch.Generator().manual_seed(0)"
        )
    options = {"generator": generator} if name in _RANDOM else {}
    corrupted = torch.empty_like(images)
    count = max(1, _PIECE // images[0].numel())
    for piece, place in zip(images.split(count), corrupted.split(count), strict=True):
        exact = piece if images.dtype == torch.float64 else piece.float()
        made = CORRUPTIONS[name](exact.contiguous(), *values, **options)
        if made.dtype == place.dtype:
            torch.clamp(made, 0.0, 1.0, out=place)
        else:
            place.copy_(made.clamp_(0.0, 1.0))
    return corrupted


def _in_range(images: Tensor) -> Tensor:
    """The images, what rounding put outside brought back; what is not corruptible is refused."""
    if not isinstance(images, Tensor) or not images.is_floating_point():
        came = images.dtype if isinstance(images, Tensor) else type(images).__name__
        raise TypeError(f"images must be a floating tensor in [0, 1], got {came}; divide by 255")
    shape = tuple(images.shape)
    if len(shape) != 4 or shape[0] == 0 or shape[1] not in (1, 3) or min(shape[2:]) < MIN_SIDE:
        raise ValueError(
            f"images must be (N, C, H, W) with N at least 1, C 1 or 3 and sides of at least "
            f"{MIN_SIDE}, got {shape}"
        )
    low, high = images.amin().item(), images.amax().item()  # faster than both at once
    if low >= 0.0 and high <= 1.0:
        return images
    rounding = max(_ROUNDING, 2 * torch.finfo(images.dtype).eps)
    if low >= -rounding and high <= 1.0 + rounding:  # so written, NaN is refused
        return images.clamp(0.0, 1.0)
    remedy = "clamp them, or undo their normalization"
    if not (math.isfinite(low) and math.isfinite(high)):
        remedy = "replace what is not finite"
    elif low >= 0.0 and high > _BYTES:
        remedy = "divide by 255"
    raise ValueError(f"images must lie in [0, 1], got {low:.7g} to {high:.7g}; {remedy}")
