"""Batch-instance normalization."""

import torch
from torch import Tensor, nn

from afn.norms._base import Norm2d
from afn.norms._checks import check_counts, check_eps, check_momentum
from afn.norms._moments import Moments
from afn.norms.trace import Trace


class BatchInstanceNorm2d(Norm2d):
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
        momentum: Weight of the new value in the running averages, in (0, 1].

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape or empty.

    Source: arXiv 1805.07925, equations 3 and 4.

    Deviation: the paper clips the parameter after each update. Here the forward pass clips, and
    lets the gradient through, so that any optimizer can bring a gate back from beyond its bounds.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_features: int, *, eps: float = 1e-5, momentum: float = 0.1) -> None:
        check_counts(num_features=num_features)
        check_eps(eps)
        check_momentum(momentum)
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.rho = nn.Parameter(torch.ones(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def _normalize(self, x: Tensor) -> Tensor:
        return self._steps(x, tracks=self.training).y

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"

    def _steps(self, x: Tensor, *, tracks: bool = False) -> Trace:
        images = Moments.of_images(x)  # (N, C)
        mu, var = self.running_mean, self.running_var
        if self.training:
            batch = images.pooled(0)  # (C,)
            mu, var = batch.mean, batch.var
            if tracks:
                with torch.no_grad():
                    batch.update(self.running_mean, self.running_var, self.momentum)
        sigma = (var + self.eps).sqrt()
        rho = self.rho + (self.rho.clamp(0, 1) - self.rho).detach()
        batch_share = rho / sigma
        image_share = (1 - rho) / (images.var + self.eps).sqrt()
        share = batch_share + image_share
        # Infinite variances leave no share, so that all becomes β, as in batch normalization.
        sigma_hat = 1 / share.clamp(min=torch.finfo(share.dtype).tiny)
        mu_hat = sigma_hat * (batch_share * mu + image_share * images.mean)
        return Trace(
            x=x, mu=mu, sigma=sigma, mu_hat=mu_hat, sigma_hat=sigma_hat,
            gamma_hat=self.weight, beta_hat=self.bias,
        )  # fmt: skip
