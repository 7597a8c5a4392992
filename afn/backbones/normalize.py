"""The input normalization that every model carries inside."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    r"""Constant standardization of the input channels, :math:`(x - mean) / std`.

    Args:
        mean: One value per channel, on the scale of the images.
        std: One value above 0 per channel.

    Shape: (N, C, H, W) in [0, 1] to (N, C, H, W).

    Raises:
        ValueError: Not one mean and one positive deviation for each channel.

    Example:
        >>> import torch
        >>> from afn.backbones import Normalize
        >>> Normalize([0.5], [0.25])(torch.ones(1, 1, 1, 1)).item()
        2.0
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        if len(mean) != len(std) or not all(value > 0 for value in std):
            raise ValueError(
                f"expected one mean and one std above 0 for each channel, got {mean} and {std}"
            )
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.get_default_dtype()))
        self.register_buffer("std", torch.tensor(std, dtype=torch.get_default_dtype()))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean[:, None, None]) / self.std[:, None, None]
