"""Batch renormalization."""

import torch
from torch import Tensor

from afn.norms._averages import TrackedNorm2d
from afn.norms._scale_shift import (
    affine_by,
    scale_and_shift,
)
from afn.norms.trace import Trace

R_MAX, D_MAX = 3.0, 5.0
"""Where the published bounds of r and d end."""


class BatchRenorm2d(TrackedNorm2d):
    r"""Batch renormalization: training sees nearly what the test will.

    .. math::
        \hat{x} = \frac{x - \mu_B}{\sigma_B} r + d, \qquad
        r = clip(\sigma_B / \sigma, 1/r_{max}, r_{max}), \quad
        d = clip((\mu_B - \mu) / \sigma, -d_{max}, d_{max})

    and :math:`y = \gamma \hat{x} + \beta`. μ and σ are the running averages, to which no gradient
    goes, nor to r and d. For the first `warmup` batches r is 1 and d is 0, which is batch
    normalization; over as many again, times four, the bounds open up to 3 and 5. At test time the
    running averages are taken. All variances in the equation are biased, the tracked one unbiased.

    In its trace mu and sigma are the batch's; mu_hat and sigma_hat are what r and d make of them.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variances, above 0.
        momentum: Weight of the new value in the running averages, in [0, 1]; None weighs all
            batches alike.
        affine: Whether to learn γ and β.
        device: Where parameters and buffers are made.
        dtype: Of parameters and buffers.
        bias: False leaves out β.
        warmup: Batches of plain batch normalization, at least 0.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 1702.03275, algorithm 1 and section 4.

    Deviation: the paper's warm-up is of 5,000 batches and its bounds open up to 40,000; a run here
    is hundreds of batches long.

    Example:
        >>> import torch
        >>> from afn.norms import BatchNorm2d, BatchRenorm2d
        >>> images = torch.randn(8, 4, 6, 6)
        >>> torch.allclose(BatchRenorm2d(4)(images), BatchNorm2d(4)(images), atol=1e-5)
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
        warmup: int = 50,
    ) -> None:
        if warmup < 0:
            raise ValueError(f"warmup must be at least 0, got {warmup!r}")
        super().__init__(num_features, eps, momentum, affine, True, device, dtype, bias=bias)
        self.warmup = warmup

    @property
    def bounds(self) -> tuple[Tensor, Tensor]:
        """r_max and d_max at this batch, scalars."""
        assert self.num_batches_tracked is not None
        beyond = (self.num_batches_tracked - self.warmup) / max(4 * self.warmup, 1)
        share = beyond.clamp(0, 1) if self.warmup else torch.ones_like(beyond)
        return 1 + share * (R_MAX - 1), share * D_MAX

    def running_affine(self) -> tuple[Tensor, Tensor]:
        return affine_by(self, *self._running())

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, warmup={self.warmup}"
        )

    def _steps(self, x: Tensor, *, tracks: bool = False) -> Trace:
        mean, var = self._running()
        spread = (var + self.eps).sqrt()
        gamma, beta = scale_and_shift(self, var)
        if not self.training:
            return Trace.direct(x, mu=mean, sigma=spread, gamma=gamma, beta=beta)
        batch = self._of_batch(x)
        sigma = (batch.var + self.eps).sqrt()
        sigma = sigma.clamp(max=torch.finfo(sigma.dtype).max / (R_MAX * D_MAX))  # d · σ is finite
        with torch.no_grad():
            r_max, d_max = (bound.to(sigma.dtype) for bound in self.bounds)
            r = (sigma / spread).clamp(1 / r_max, r_max)
            d = ((batch.mean - mean) / spread).clamp(-d_max, d_max)
        sigma_hat = sigma / r
        if tracks:
            self._track(batch)
        return Trace(
            x=x, mu=batch.mean, sigma=sigma, mu_hat=batch.mean - d * sigma_hat,
            sigma_hat=sigma_hat, gamma_hat=gamma, beta_hat=beta,
        )  # fmt: skip
