"""What a norm layer did with one batch, step by step."""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from afn.norms._lean import mapped
from afn.norms._transforms import wants_plain_operations


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trace:
    r"""Every intermediate of one forward pass, by its name in the equations.

    Nearly all norms of this package are one affine map per channel,

    .. math::
        \hat{x} = (x - \hat\mu) / \hat\sigma, \qquad y = \hat\gamma \hat{x} + \hat\beta,

    and differ in how they come by the four. Each has the shape (C,), or (N, C) where it belongs
    to a single image. Those that bend :math:`\hat{x}` as well, or bound y from below, say so in
    `bent` and `least`. Fields that a layer does not have are None.

    Example:
        >>> import torch
        >>> from afn import AFN2d, Trace
        >>> trace = AFN2d(16).trace(torch.rand(8, 16, 28, 28))
        >>> isinstance(trace, Trace), trace.mu.shape
        (True, torch.Size([16]))
        >>> torch.allclose(trace.gamma_hat, 1 + 0.0067 * trace.gamma_net, atol=1e-4)
        True
    """

    x: Tensor
    """The input, (N, C, H, W), or as the layer takes it."""
    mu: Tensor
    """Mean, as measured or as tracked."""
    sigma: Tensor
    """Standard deviation, eps included."""
    mu_stan: Tensor | None = None
    """The network's mean."""
    sigma_stan: Tensor | None = None
    """The network's standard deviation, not negative."""
    mu_hat: Tensor
    """The mean that is subtracted: a mix of mu and mu_stan."""
    sigma_hat: Tensor
    """The standard deviation that is divided by: a mix of sigma and sigma_stan."""
    gamma_net: Tensor | None = None
    """The network's part of gamma_hat before λ_γ, in (0, 1)."""
    beta_net: Tensor | None = None
    """The network's part of beta_hat before λ_β, in (-1, 1)."""
    gamma_hat: Tensor
    """The scale of the rescaling."""
    beta_hat: Tensor
    """The shift of the rescaling."""
    bent: Tensor | None = None
    """Of the shape of x: what stands for x_hat where that is no affine map of x."""
    least: Tensor | None = None
    """The least output, (C,)."""

    @classmethod
    def direct(
        cls, x: Tensor, *, mu: Tensor, sigma: Tensor, gamma: Tensor, beta: Tensor
    ) -> "Trace":
        """The trace of a layer that uses its statistics and parameters as they are."""
        return cls(
            x=x, mu=mu, sigma=sigma, mu_hat=mu, sigma_hat=sigma, gamma_hat=gamma, beta_hat=beta
        )

    @property
    def x_hat(self) -> Tensor:
        """The standardized input, of the shape of x."""
        if self.bent is not None:
            return self.bent.to(self.x.dtype)
        x_hat = (self.x - self._spread(self.mu_hat)) / self._spread(self.sigma_hat)
        return x_hat.to(self.x.dtype)

    @property
    def y(self) -> Tensor:
        """The output, of the shape and dtype of x."""
        if self.bent is not None:
            inner, scale = self.bent, self._spread(self.gamma_hat)
        else:
            # Not x·scale + shift, whose two terms cancel where |mean| is far above the deviation.
            slope = self.gamma_hat / self.sigma_hat
            if self.x.dim() == 4 and not wants_plain_operations(self.x):
                return self._bounded(mapped(self.x, self.mu_hat, slope, self.beta_hat))
            inner = self.x - self._spread(self.mu_hat)
            scale = self._spread(slope)
        return self._bounded(torch.addcmul(self._spread(self.beta_hat), inner, scale))

    def _bounded(self, y: Tensor) -> Tensor:
        if self.least is not None:
            least = self._spread(self.least)
            y = torch.where(y <= least, least, y)
        return y.to(self.x.dtype)

    def snapshot(self) -> "Trace":
        """A copy that later steps of training do not change; `x` is shared."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        copies = {
            name: value.detach().clone()
            for name, value in values.items()
            if value is not None and name != "x"
        }
        return replace(self, **copies)

    def _spread(self, values: Tensor) -> Tensor:
        """(C,) or (N, C) to what broadcasts against x."""
        return values[(..., *[None] * (self.x.dim() - 2))]
