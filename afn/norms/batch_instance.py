"""Batch-instance normalization."""

from typing import Any

import torch
from torch import Tensor, nn

from afn.norms._averages import TrackedNorm2d
from afn.norms._moments import Moments
from afn.norms._scale_shift import scale_and_shift
from afn.norms.trace import Trace


class BatchInstanceNorm2d(TrackedNorm2d):
    r"""Batch-instance normalization: a learned mix of batch and instance normalization.

    .. math::
        y = \gamma (\rho \hat{x}_{BN} + (1 - \rho) \hat{x}_{IN}) + \beta

    with a gate :math:`\rho` in [0, 1] per channel that starts at 1. Both variances are biased, the
    tracked one unbiased. At test time the batch part takes the running averages, the instance
    part the image itself.

    In its trace mu and sigma are those of the batch part; mu_hat and sigma_hat, per image and
    channel, are the mean and standard deviation that amount to the mix.

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

    Source: arXiv 1805.07925, equations 3 and 4.

    Deviation: the paper clips the parameter after each update. Here the forward pass clips, and
    lets the gradient through, so that any optimizer can bring a gate back from beyond its bounds.

    Example:
        >>> from afn.norms import BatchInstanceNorm2d
        >>> BatchInstanceNorm2d(4).rho.tolist()  # each channel starts as batch normalization
        [1.0, 1.0, 1.0, 1.0]
    """

    def reset_parameters(self) -> None:
        """Start anew: γ, β, the gates and the running averages."""
        super().reset_parameters()
        nn.init.ones_(self.rho)

    def _add_parameters(self, **factory: Any) -> None:
        self.rho = nn.Parameter(torch.ones(self.num_features, **factory))

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
        rho = self.rho + (self.rho.clamp(0, 1) - self.rho).detach()
        batch_share = rho / sigma
        image_share = (1 - rho) / (images.var + self.eps).sqrt()
        share = batch_share + image_share
        # Infinite variances leave no share, so that all becomes β, as in batch normalization.
        sigma_hat = 1 / share.clamp(min=torch.finfo(share.dtype).tiny)
        mu_hat = sigma_hat * (batch_share * mu + image_share * images.mean)
        gamma, beta = scale_and_shift(self, self.rho)
        return Trace(
            x=x, mu=mu, sigma=sigma, mu_hat=mu_hat, sigma_hat=sigma_hat,
            gamma_hat=gamma, beta_hat=beta,
        )  # fmt: skip
