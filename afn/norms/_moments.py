"""Mean and variance per channel, and how those of images make those of a batch or a group."""

from dataclasses import dataclass

import torch
from torch import Tensor

from afn.norms._lean import measured
from afn.norms._transforms import wants_plain_operations


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean and biased variance of equally large sets of values."""

    mean: Tensor
    var: Tensor
    """Biased: divided by the number of values."""
    count: int | Tensor
    """Values in each set; a tensor where processes counted them together."""

    @classmethod
    def of_images(cls, x: Tensor) -> "Moments":
        """Per image and channel, (N, C), in float32 at least."""
        count = x.shape[2] * x.shape[3]
        # Two passes over the pixels: exact where |mean| is far above the standard deviation.
        if not wants_plain_operations(x):
            return cls(*measured(x), count)
        # These spellings, not var_mean, mean and square, are the quick ones on the CPU: their
        # gradients stay views where those write tensors as large as x.
        x = widened(x)
        mean = x.sum((2, 3)) / count
        centered = x - mean[..., None, None]
        var = (centered * centered).sum((2, 3)) / count
        return cls(mean, var, count)

    def pooled(self, dim: int) -> "Moments":
        """Of the unions of the sets along `dim`, by the law of total variance."""
        return Moments(
            self.mean.mean(dim),
            self.var.mean(dim) + self.mean.var(dim, correction=0),
            self.count * self.mean.shape[dim],
        )

    @property
    def unbiased_var(self) -> Tensor:
        """Divided by one less than the number of values; zero for a single value."""
        fewer = self.count - 1
        # Where sizes are traced they are tensors, and max would fix them.
        divisor = fewer.clamp(min=1) if isinstance(fewer, Tensor) else max(fewer, 1)
        return self.var * (self.count / divisor)

    def update(self, running_mean: Tensor, running_var: Tensor, momentum: float) -> None:
        """Move running averages towards these moments, with the unbiased variance as torch does.

        Call it where gradients are off.
        """
        running_mean.lerp_(self.mean.to(running_mean.dtype), momentum)
        running_var.lerp_(self.unbiased_var.to(running_var.dtype), momentum)


def widened(x: Tensor) -> Tensor:
    """In float32 at least."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
