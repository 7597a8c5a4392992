"""No normalization."""

import torch
from torch import Tensor

from afn.norms._base import Norm
from afn.norms._checks import check_counts
from afn.norms.trace import Trace


class NoNorm2d(Norm):
    r"""No normalization, :math:`y = x`, in the place of a norm.

    Args:
        num_features: Channels C, at least 1.
        affine: Taken, as are `device` and `dtype`, so that all layers are built alike; without
            effect.
        device: Without effect.
        dtype: Without effect.

    Shape: (N, C, H, W) to the same tensor.

    Raises:
        ValueError: Fewer than one channel; input of another shape.

    Example:
        >>> import torch
        >>> from afn.norms import NoNorm2d
        >>> images = torch.rand(2, 3, 8, 8)
        >>> torch.equal(NoNorm2d(3)(images), images)
        True
    """

    def __init__(
        self,
        num_features: int,
        affine: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        check_counts(num_features=num_features)
        super().__init__()
        self.num_features = num_features

    def _normalize(self, x: Tensor) -> Tensor:
        return x

    def extra_repr(self) -> str:
        return f"{self.num_features}"

    def running_affine(self) -> tuple[Tensor, Tensor]:
        return torch.ones(self.num_features), torch.zeros(self.num_features)

    def _of_nothing(self, x: Tensor) -> Tensor:
        return x

    def _steps(self, x: Tensor) -> Trace:
        zeros, ones = x.new_zeros(self.num_features), x.new_ones(self.num_features)
        return Trace.direct(x, mu=zeros, sigma=ones, gamma=ones, beta=zeros)
