"""Random numbers: drawn in float32 where the generator is, then taken to where they are used.

So one seed corrupts the same on every device and in every precision.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def normal(shape: Sequence[int], generator: torch.Generator, like: Tensor) -> Tensor:
    """Independent standard normal numbers."""
    return torch.randn(shape, generator=generator, device=generator.device).to(like)


def uniform(
    shape: Sequence[int],
    generator: torch.Generator,
    like: Tensor,
    low: float = 0.0,
    high: float = 1.0,
) -> Tensor:
    """Independent numbers, uniform from ``low`` to ``high``."""
    draw = torch.rand(shape, generator=generator, device=generator.device).to(like)
    return low + (high - low) * draw
