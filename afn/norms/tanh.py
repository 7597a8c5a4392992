"""Dynamic tanh: a squashing in the place of a norm."""

from typing import Any

import torch
from torch import Tensor, nn

from afn.norms._base import Norm
from afn.norms._checks import check_counts
from afn.norms._fused import _tanh_backward
from afn.norms._lean import affine_into, blocks, of_dtype, spread, wide_dtype
from afn.norms._scale_shift import add_scale_and_shift, reset_scale_and_shift, scale_and_shift
from afn.norms._transforms import is_batched, wants_plain_operations, without_autocast
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

    def _normalize(self, x: Tensor) -> Tensor:
        if wants_plain_operations(x):
            return self._steps(x).y
        gamma, beta = scale_and_shift(self, self.alpha)
        wide = wide_dtype(x, gamma)
        own = (each.to(wide) for each in (self.alpha, gamma, beta))
        with without_autocast(x):
            y: Tensor = _Squashed.apply(x, torch.is_grad_enabled(), *own)
        return y

    def _steps(self, x: Tensor) -> Trace:
        alpha = self.alpha
        gamma, beta = scale_and_shift(self, alpha)
        sigma = (1 / alpha.abs()).expand(self.num_features)
        mu = torch.zeros_like(sigma)
        return Trace(
            x=x, mu=mu, sigma=sigma, mu_hat=mu, sigma_hat=sigma, gamma_hat=gamma, beta_hat=beta,
            bent=torch.tanh(alpha * x),
        )  # fmt: skip


class _Squashed(torch.autograd.Function):
    """The formula and its gradient, some images at a time; the tanh, which takes longest, once."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, learns: bool, alpha: Tensor, gamma: Tensor, beta: Tensor
    ) -> Tensor:
        y = torch.empty_like(x)
        kept = torch.empty_like(x, dtype=gamma.dtype) if learns else None
        scale, shift = spread(gamma), spread(beta)
        for images, out, room in blocks(x, y, y if kept is None else kept):
            bent, work = of_dtype(room, gamma.dtype), of_dtype(out, gamma.dtype)
            affine_into(work, torch.mul(images, alpha, out=bent).tanh_(), scale, shift)
            out.copy_(work)
        ctx.save_for_backward(x, kept, alpha, gamma)
        return y

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
        x, kept, alpha, gamma = ctx.saved_tensors
        if torch.is_grad_enabled() or is_batched(grad_y):
            return _plain_gradients(grad_y, x, alpha, gamma)
        grad_x = torch.empty_like(x)
        products, totals = x.new_empty((2, *x.shape[:2]), dtype=gamma.dtype).unbind()
        by_alpha, scale = torch.zeros_like(alpha), spread(gamma)
        for images, grad, bent, out, product, total in blocks(
            x, grad_y, kept, grad_x, products, totals
        ):
            work = of_dtype(out, gamma.dtype)
            torch.sum(grad, (2, 3), dtype=total.dtype, out=total)
            torch.sum(torch.mul(grad, bent, out=work), (2, 3), out=product)
            passed = torch.mul(grad, scale, out=work)
            _tanh_backward(passed, bent, grad_input=passed)
            by_alpha += (passed * images).sum()
            out.copy_(passed.mul_(alpha))
        return grad_x, None, by_alpha, products.sum(0), totals.sum(0)


def _plain_gradients(
    grad_y: Tensor, x: Tensor, alpha: Tensor, gamma: Tensor
) -> tuple[Tensor | None, ...]:
    """The same gradients by operations that can be differentiated, or batched, themselves."""
    grad, wide = grad_y.to(gamma.dtype), x.to(gamma.dtype)
    bent = torch.tanh(alpha * wide)
    passed = grad * gamma[:, None, None] * (1 - bent * bent)
    found = (passed * wide).sum().reshape(1), (grad * bent).sum((0, 2, 3)), grad.sum((0, 2, 3))
    return (passed * alpha).to(x.dtype), None, *found
