"""The two encoder-decoders of AFN and ASRNorm; each encoder serves two decoders."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

_BOUND = 1e18


def _through(linear: nn.Module, statistics: Tensor) -> Tensor:
    """What a linear layer, or what stands in its place, makes of vectors."""
    if isinstance(linear, nn.Linear) or statistics.dim() > 1:
        return linear(statistics)
    return linear(statistics[None])[0]  # a quantized layer takes no single vector


def bounded(statistics: Tensor) -> Tensor:
    """Statistics as the networks take them, within ±1e18.

    The variance of values beyond 1e19 is infinite in float32. Batch normalization then answers
    zeros, but a network that is fed infinity answers NaN.
    """
    return statistics.clamp(-_BOUND, _BOUND)


class Standardize(nn.Module):
    r"""Statistics to normalize by, from the measured ones.

    .. math::
        \mu_{stan} = \mathrm{dec}_\mu(\mathrm{ReLU}(\mathrm{enc}(\mu))), \qquad
        \sigma_{stan} = \mathrm{ReLU}(\mathrm{dec}_\sigma(\mathrm{ReLU}(\mathrm{enc}(\sigma))))

    Args:
        num_features: Channels C.
        width: Hidden width.

    Shape: mu and sigma (..., C) to mu_stan and sigma_stan (..., C).
    """

    def __init__(
        self,
        num_features: int,
        width: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        given: dict[str, Any] = {"device": device, "dtype": dtype}
        super().__init__()
        self.encoder = nn.Linear(num_features, width, **given)
        self.mu_decoder = nn.Linear(width, num_features, **given)
        self.sigma_decoder = nn.Linear(width, num_features, **given)

    def forward(self, mu: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        mu_stan = _through(self.mu_decoder, relu(_through(self.encoder, mu)))
        sigma_stan = relu(_through(self.sigma_decoder, relu(_through(self.encoder, sigma))))
        return mu_stan, sigma_stan


class Rescale(nn.Module):
    r"""Scale and shift from the measured statistics, each bounded.

    .. math::
        \gamma_{net} = \mathrm{sigmoid}(\mathrm{dec}_\gamma(\mathrm{ReLU}(\mathrm{enc}(\sigma)))),
        \qquad \beta_{net} = \tanh(\mathrm{dec}_\beta(\mathrm{ReLU}(\mathrm{enc}(\mu))))

    Args:
        num_features: Channels C.
        width: Hidden width.

    Shape: mu and sigma (..., C) to gamma_net and beta_net (..., C).
    """

    def __init__(
        self,
        num_features: int,
        width: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        given: dict[str, Any] = {"device": device, "dtype": dtype}
        super().__init__()
        self.encoder = nn.Linear(num_features, width, **given)
        self.gamma_decoder = nn.Linear(width, num_features, **given)
        self.beta_decoder = nn.Linear(width, num_features, **given)

    def forward(self, mu: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        gamma_net = _through(self.gamma_decoder, relu(_through(self.encoder, sigma))).sigmoid()
        beta_net = _through(self.beta_decoder, relu(_through(self.encoder, mu))).tanh()
        return gamma_net, beta_net
