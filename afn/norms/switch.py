"""Switchable normalization."""

from typing import Any

import torch
from torch import Tensor, nn

from afn.norms._averages import TrackedNorm2d
from afn.norms._moments import Moments
from afn.norms._scale_shift import scale_and_shift
from afn.norms.trace import Trace


class SwitchNorm2d(TrackedNorm2d):
    r"""Switchable normalization: a learned mix of the statistics of IN, LN and BN.

    .. math::
        y = \gamma \frac{x - \sum_k w_k \mu_k}{\sqrt{\sum_k w'_k \sigma_k^2 + eps}} + \beta,
        \qquad k \in \{in, ln, bn\}

    w and w' are the softmax of three learned numbers each, which start equal: a third of each. All
    variances are biased, the tracked one unbiased. At test time the batch's part takes running
    averages, the other two the image itself.

    In its trace mu and sigma are those of the batch's part; mu_hat and sigma_hat, per image and
    channel, those of the mix.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0.
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

    Source: arXiv 1806.10779, equations 3 to 5.

    Deviation: the paper's batch average over all of the training set is a running average here, and
    the variances of the published code are unbiased.

    Example:
        >>> from afn.norms import SwitchNorm2d
        >>> [round(w, 3) for w in SwitchNorm2d(4).weights()["mean"]]  # of IN, LN and BN
        [0.333, 0.333, 0.333]
    """

    def reset_parameters(self) -> None:
        """Start anew: γ, β, the mix and the running averages."""
        super().reset_parameters()
        nn.init.zeros_(self.mean_logits)
        nn.init.zeros_(self.var_logits)

    def _add_parameters(self, **factory: Any) -> None:
        self.mean_logits = nn.Parameter(torch.zeros(3, **factory))
        self.var_logits = nn.Parameter(torch.zeros(3, **factory))

    def weights(self) -> dict[str, list[float]]:
        """How much of IN, LN and BN, in this order, there is in the mean and in the variance."""
        logits = {"mean": self.mean_logits, "var": self.var_logits}
        return {name: each.detach().softmax(0).tolist() for name, each in logits.items()}

    def _steps(self, x: Tensor, *, tracks: bool = False) -> Trace:
        images = Moments.of_images(x)  # (N, C)
        whole = images.pooled(1)  # (N,)
        if self.training or self.running_mean is None:
            batch = self._of_batch(x, images)  # (C,)
            mu, var = batch.mean, batch.var
            if tracks:
                self._track(batch)
        else:
            mu, var = self._running()
        share, var_share = self.mean_logits.softmax(0), self.var_logits.softmax(0)
        mu_hat = share[0] * images.mean + share[1] * whole.mean[:, None] + share[2] * mu
        var_hat = var_share[0] * images.var + var_share[1] * whole.var[:, None] + var_share[2] * var
        gamma, beta = scale_and_shift(self, var)
        return Trace(
            x=x, mu=mu, sigma=(var + self.eps).sqrt(), mu_hat=mu_hat,
            sigma_hat=(var_hat + self.eps).sqrt(), gamma_hat=gamma, beta_hat=beta,
        )  # fmt: skip
