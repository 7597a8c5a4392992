"""Ghost batch normalization."""

import torch
from torch import Tensor

from afn.norms._averages import TrackedNorm2d
from afn.norms._checks import check_counts
from afn.norms._moments import Moments
from afn.norms._scale_shift import (
    affine_by,
    scale_and_shift,
)
from afn.norms.trace import Trace


class GhostBatchNorm2d(TrackedNorm2d):
    r"""Ghost batch normalization: large batches with the statistics of small ones.

    .. math::
        y = \gamma (x - \mu_g) / \sqrt{var_g + eps} + \beta

    While training, the batch is cut into ghost batches of `ghost_size` images, the last one of what
    is left, and each is normalized by its own statistics, over its images and (H, W); the variance
    is biased in the equation and unbiased in the running average, which moves towards the mean of
    all ghost batches. At test time the running averages are taken.

    In its trace mu and sigma are those of each image's ghost batch, (N, C), while training.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0.
        momentum: Weight of the new value in the running averages, in [0, 1]; None weighs all
            batches alike.
        affine: Whether to learn γ and β.
        device: Where parameters and buffers are made.
        dtype: Of parameters and buffers.
        bias: False leaves out β.
        ghost_size: Images of a ghost batch, at least 1.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 1705.08741, algorithm 1.

    Deviation: the paper moves the averages ghost batch by ghost batch, which weighs the last one
    most; here all count alike.

    Example:
        >>> import torch
        >>> from afn.norms import BatchNorm2d, GhostBatchNorm2d
        >>> images = torch.randn(8, 4, 6, 6)
        >>> ghost = GhostBatchNorm2d(4, ghost_size=4)(images)
        >>> torch.allclose(ghost[:4], BatchNorm2d(4)(images[:4]), atol=1e-5)
        True
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
        ghost_size: int = 16,
    ) -> None:
        check_counts(ghost_size=ghost_size)
        super().__init__(num_features, eps, momentum, affine, True, device, dtype, bias=bias)
        self.ghost_size = ghost_size

    def running_affine(self) -> tuple[Tensor, Tensor]:
        return affine_by(self, *self._running())

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, ghost_size={self.ghost_size}"
        )

    def _steps(self, x: Tensor, *, tracks: bool = False) -> Trace:
        if not self.training:
            mu, var = self._running()
        else:
            ghosts = self._of_ghosts(Moments.of_images(x))  # (N, C)
            if tracks:
                self._track(Moments(ghosts.mean.mean(0), ghosts.unbiased_var.mean(0), 1))
            mu, var = ghosts.mean, ghosts.var
        sigma = (var + self.eps).sqrt()
        gamma, beta = scale_and_shift(self, sigma)
        return Trace.direct(x, mu=mu, sigma=sigma, gamma=gamma, beta=beta)

    def _of_ghosts(self, images: Moments) -> Moments:
        """Of the ghost batch of each image, (N, C)."""
        num = images.mean.shape[0]
        of = torch.arange(num, device=images.mean.device) // self.ghost_size
        nothing = torch.zeros_like(images.mean)

        def averaged(values: Tensor) -> Tensor:
            return (nothing.index_add(0, of, values)[of]) / size

        size = nothing[:, :1].index_add(0, of, torch.ones_like(nothing[:, :1]))[of]  # (N, 1)
        mean = averaged(images.mean)
        between = (images.mean - mean) * (images.mean - mean)
        return Moments(mean, averaged(images.var + between), images.count * size)
