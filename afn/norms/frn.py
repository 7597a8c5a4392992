"""Filter response normalization."""

from typing import Any

import torch
from torch import Tensor, nn

from afn.norms._base import Norm
from afn.norms._bent import BOUND, Vectors, bent
from afn.norms._checks import check_counts, check_eps
from afn.norms._moments import Moments
from afn.norms._scale_shift import add_scale_and_shift, reset_scale_and_shift, scale_and_shift
from afn.norms._transforms import wants_plain_operations
from afn.norms.trace import Trace


class FilterResponseNorm2d(Norm):
    r"""Filter response normalization with its thresholded linear unit.

    .. math::
        y = \max(\gamma x / \sqrt{\nu^2 + eps} + \beta, \tau)

    :math:`\nu^2` is the mean of x² per image and channel over (H, W): nothing is subtracted, and no
    image depends on another. τ is learned per channel and starts at 0, so that the layer starts as
    normalization and ReLU, and no ReLU belongs behind it. Training and test are alike.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the mean square, above 0.
        affine: Whether to learn γ and β.
        device: Where parameters are made.
        dtype: Of parameters.
        bias: False leaves out β.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 1911.09737, equations 1 to 3.

    Deviation: the paper learns eps where images are of a single pixel; here it is constant.

    Example:
        >>> import torch
        >>> from afn.norms import FilterResponseNorm2d
        >>> layer, images = FilterResponseNorm2d(3), torch.randn(2, 3, 8, 8)
        >>> size = images.square().mean((2, 3), keepdim=True).sqrt()
        >>> torch.allclose(layer(images), (images / size).relu(), atol=1e-4)
        True
    """

    activates = True

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-6,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        check_counts(num_features=num_features)
        check_eps(eps)
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.affine = affine
        given: dict[str, Any] = {"device": device, "dtype": dtype}
        add_scale_and_shift(self, affine, bias, **given)
        self.tau = nn.Parameter(torch.zeros(num_features, **given))

    def reset_parameters(self) -> None:
        """Start γ, β and τ anew."""
        reset_scale_and_shift(self)
        nn.init.zeros_(self.tau)

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, affine={self.affine}"

    def _normalize(self, x: Tensor) -> Tensor:
        if wants_plain_operations(x):
            return super()._normalize(x)
        eps = self.eps

        def vectors_of(
            mean: Tensor, var: Tensor, tau: Tensor, weight: Tensor | None, bias: Tensor | None
        ) -> Vectors:
            scale = (var + mean * mean + eps).rsqrt()
            shift = tau.new_zeros(tau.shape) if bias is None else bias
            return scale if weight is None else weight * scale, shift, tau

        return bent(BOUND, vectors_of, x, (self.tau, self.weight, self.bias))

    def _steps(self, x: Tensor) -> Trace:
        images = Moments.of_images(x)  # (N, C)
        sigma = (images.var + images.mean * images.mean + self.eps).sqrt()
        gamma, beta = scale_and_shift(self, sigma)
        mu = torch.zeros_like(sigma)
        return Trace(
            x=x, mu=mu, sigma=sigma, mu_hat=mu, sigma_hat=sigma, gamma_hat=gamma, beta_hat=beta,
            least=self.tau,
        )  # fmt: skip
