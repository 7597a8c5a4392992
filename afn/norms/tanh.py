"""Dynamic tanh: a squashing in the place of a norm."""

from typing import Any

import torch
from torch import Tensor, nn

from afn.norms._base import Norm
from afn.norms._checks import check_counts
from afn.norms._scale_shift import add_scale_and_shift, reset_scale_and_shift, scale_and_shift
from afn.norms.trace import Trace


class DynamicTanh2d(Norm):
    r"""Dynamic tanh (DyT): no statistics at all.

    .. math::
        y = \gamma \tanh(\alpha x) + \beta

    α is one learned number. Training and test are alike, and no value depends on another.

    In its trace sigma is 1/|α|: that is what small values are divided by.

    Args:
        num_features: Channels C, at least 1.
        affine: Whether to learn γ and β.
        device: Where parameters are made.
        dtype: Of parameters.
        bias: False leaves out β.
        alpha: Where α starts; not 0.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 2503.10622, equation 2, with its start of α.

    Example:
        >>> import torch
        >>> from afn.norms import DynamicTanh2d
        >>> layer, images = DynamicTanh2d(3), torch.randn(2, 3, 8, 8)
        >>> torch.allclose(layer(images), torch.tanh(0.5 * images))
        True
    """

    def __init__(
        self,
        num_features: int,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
        alpha: float = 0.5,
    ) -> None:
        check_counts(num_features=num_features)
        if not alpha:
            raise ValueError("alpha must not be 0, from where it never moves γ")
        super().__init__()
        self.num_features = num_features
        self.affine = affine
        self.start = alpha
        given: dict[str, Any] = {"device": device, "dtype": dtype}
        add_scale_and_shift(self, affine, bias, **given)
        self.alpha = nn.Parameter(torch.full((1,), alpha, **given))

    def reset_parameters(self) -> None:
        """Start γ, β and α anew."""
        reset_scale_and_shift(self)
        nn.init.constant_(self.alpha, self.start)

    def extra_repr(self) -> str:
        return f"{self.num_features}, affine={self.affine}"

    def running_affine(self) -> tuple[Tensor, Tensor]:
        raise ValueError(
            f"{type(self).__name__} bends each value, so that no fixed scale and shift are its own"
        )

    def _steps(self, x: Tensor) -> Trace:
        alpha = self.alpha
        gamma, beta = scale_and_shift(self, alpha)
        sigma = (1 / alpha.abs()).expand(self.num_features)
        mu = torch.zeros_like(sigma)
        return Trace(
            x=x, mu=mu, sigma=sigma, mu_hat=mu, sigma_hat=sigma, gamma_hat=gamma, beta_hat=beta,
            bent=torch.tanh(alpha * x),
        )  # fmt: skip
