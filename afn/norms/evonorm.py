"""EvoNorm: normalization and activation in one layer, as a search found them."""

from typing import Any

import torch
from torch import Tensor, nn

from afn.norms._averages import TrackedNorm2d
from afn.norms._bent import DIVIDE, GATE, Vectors, bent
from afn.norms._moments import Moments
from afn.norms._scale_shift import scale_and_shift
from afn.norms._transforms import wants_plain_operations
from afn.norms.group import GroupNorm2d
from afn.norms.trace import Trace


class EvoNormS0(GroupNorm2d):
    r"""EvoNorm-S0: each image by itself.

    .. math::
        y = \gamma \frac{x \cdot sigmoid(v x)}{\sqrt{var + eps}} + \beta

    The biased variance is per image and group of channels, as in `GroupNorm2d`; v is learned per
    channel and starts at 1. No ReLU belongs behind it. Training and test are alike.

    In its trace mu_hat is 0, since no mean is subtracted.

    A training step takes some 1.3 times BN's, in the ConvNet on a CPU: the sigmoid is kept for the
    gradient, which goes ten times over each block of values, if within the cache.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0.
        affine: Whether to learn γ and β.
        device: Where parameters are made.
        dtype: Of parameters.
        bias: False leaves out β.
        num_groups: A divisor of C; the largest of 8, 4, 2 and 1 that divides C by default.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 2004.02967, table 1.

    Example:
        >>> import torch
        >>> from afn.norms import EvoNormS0
        >>> layer, images = EvoNormS0(4, num_groups=1), torch.randn(2, 4, 8, 8)
        >>> spread = images.std((1, 2, 3), correction=0, keepdim=True)
        >>> torch.allclose(layer(images), torch.nn.functional.silu(images) / spread, atol=1e-4)
        True
    """

    activates = True

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
        num_groups: int | None = None,
    ) -> None:
        super().__init__(num_features, eps, affine, device, dtype, bias=bias, num_groups=num_groups)
        self.v = nn.Parameter(torch.ones(num_features, device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Start γ, β and v anew."""
        super().reset_parameters()
        nn.init.ones_(self.v)

    def _normalize(self, x: Tensor) -> Tensor:
        if wants_plain_operations(x):
            return self._steps(x).y
        eps, num_groups, count = self.eps, self.num_groups, x.shape[2] * x.shape[3]

        def vectors_of(
            mean: Tensor, var: Tensor, v: Tensor, weight: Tensor | None, bias: Tensor | None
        ) -> Vectors:
            means, vars_ = (each.unflatten(1, (num_groups, -1)) for each in (mean, var))
            scale = (Moments(means, vars_, count).pooled(2).var + eps).rsqrt()
            scale = scale.repeat_interleave(len(v) // num_groups, 1)
            shift = v.new_zeros(v.shape) if bias is None else bias
            return scale if weight is None else weight * scale, shift, v

        return bent(GATE, vectors_of, x, (self.v, self.weight, self.bias))

    def _steps(self, x: Tensor) -> Trace:
        trace = super()._steps(x)
        bent = x * torch.sigmoid(self.v[:, None, None] * x) / trace.sigma[..., None, None]
        return Trace(
            x=x, mu=trace.mu, sigma=trace.sigma, mu_hat=torch.zeros_like(trace.mu),
            sigma_hat=trace.sigma, gamma_hat=trace.gamma_hat, beta_hat=trace.beta_hat, bent=bent,
        )  # fmt: skip


class EvoNormB0(TrackedNorm2d):
    r"""EvoNorm-B0: the batch's spread, or the image's and the value itself where that is more.

    .. math::
        y = \gamma \frac{x}{\max(\sqrt{var_{batch} + eps}, v x + \sqrt{var_{image} + eps})} + \beta

    Both variances are biased, the tracked one unbiased; v is learned per channel and starts at 1.
    At test time the batch's part takes the running average. No ReLU belongs behind it.

    In its trace mu and sigma are the batch's, and mu_hat is 0, since no mean is subtracted.

    A training step takes some 1.3 times BN's, in the ConvNet on a CPU: the divisor is kept for
    the gradient, which goes fourteen times over each block of values, if within the cache.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variances, above 0.
        momentum: Weight of the new value in the running averages, in [0, 1]; None weighs all
            batches alike.
        affine: Whether to learn γ and β.
        track_running_stats: Whether to track running averages; else tests take their batch's.
        device: Where parameters and buffers are made.
        dtype: Of parameters and buffers.
        bias: False leaves out β.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 2004.02967, table 1.

    Example:
        >>> import torch
        >>> from afn.norms import EvoNormB0
        >>> EvoNormB0(4)(torch.randn(2, 4, 8, 8)).shape
        torch.Size([2, 4, 8, 8])
    """

    activates = True

    def reset_parameters(self) -> None:
        """Start anew: γ, β, v and the running averages."""
        super().reset_parameters()
        nn.init.ones_(self.v)

    def _add_parameters(self, **factory: Any) -> None:
        self.v = nn.Parameter(torch.ones(self.num_features, **factory))

    def _normalize(self, x: Tensor) -> Tensor:
        if wants_plain_operations(x) or self._is_joint:
            return super()._normalize(x)
        eps, count = self.eps, x.shape[2] * x.shape[3]
        measures = self.training or self.running_mean is None
        running = None if measures else self._running()[1].clone()

        def measured(mean: Tensor, var: Tensor) -> None:
            self._track(Moments(mean, var, count).pooled(0))

        def vectors_of(
            mean: Tensor, var: Tensor, v: Tensor, weight: Tensor | None, bias: Tensor | None
        ) -> Vectors:
            of_batch = Moments(mean, var, count).pooled(0).var if running is None else running
            ones = v.new_ones(v.shape)
            return (
                ones if weight is None else weight, ones - 1 if bias is None else bias,
                (of_batch + eps).sqrt(), v, (var + eps).sqrt(),
            )  # fmt: skip

        parameters = self.v, self.weight, self.bias
        return bent(DIVIDE, vectors_of, x, parameters, measured)

    def _steps(self, x: Tensor, *, tracks: bool = False) -> Trace:
        images = Moments.of_images(x)  # (N, C)
        if self.training or self.running_mean is None:
            batch = self._of_batch(x, images)  # (C,)
            mu, var = batch.mean, batch.var
            if tracks:
                self._track(batch)
        else:
            mu, var = self._running()
        sigma = (var + self.eps).sqrt()
        of_image = (images.var + self.eps).sqrt()[..., None, None]
        own, of_batch = self.v[:, None, None] * x + of_image, sigma[:, None, None]
        spread = torch.where(own <= of_batch, of_batch, own)
        gamma, beta = scale_and_shift(self, var)
        return Trace(
            x=x, mu=mu, sigma=sigma, mu_hat=torch.zeros_like(mu), sigma_hat=sigma,
            gamma_hat=gamma, beta_hat=beta, bent=x / spread,
        )  # fmt: skip
