"""Normalizing each image by groups of its channels, in few passes over the data.

Torch's own kernel is the quickest of contiguous images, and in channels_last of wide groups; but
there it takes the mean of the squares less the square of the mean, which is wrong where the mean is
far above the deviation. Where it is far, or groups are narrow, the mean is subtracted first, and
what autograd would do in a dozen passes over all images is done to some at a time, while the cache
has them.
"""

from typing import Any

import torch
from torch import Tensor

from afn.norms._lean import affine_into, blocks, of_dtype, spread, wide_dtype
from afn.norms._transforms import is_batched, without_autocast

_WIDE = 8
"""Channels of a group from which on torch's kernel is quicker in channels_last."""
_FAR = 2.0
"""Deviations of a mean from zero up to which it is as exact: var then loses a factor of five."""


def group_normalized(x: Tensor, num_groups: int, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
    """(x − μ) / sqrt(var + eps)·γ + β, of the dtype of x.

    Args:
        x: (N, C, H, W).
        num_groups: So many sets of neighbouring channels, each with a mean and a variance per
            image.
        gamma: (C,).
        beta: (C,).
        eps: Added to the biased variance.
    """
    wide = wide_dtype(x, gamma)
    gamma, beta = gamma.to(wide), beta.to(wide)
    with without_autocast(x):
        if x.dtype == wide and _is_for_torch(x, num_groups):
            n, channels, height, width = x.shape
            y, mean, inverse = torch.native_group_norm(
                x, gamma, beta, n, channels, height * width, num_groups, eps
            )
            if not ((mean * inverse).abs() > _FAR).any():
                return y
        of_blocks: Tensor = _GroupNormalized.apply(x, num_groups, gamma, beta, eps)
    return of_blocks


def _is_for_torch(x: Tensor, num_groups: int) -> bool:
    if x.device.type != "cpu":
        return False  # to look at what it measured would be to wait for the device
    is_wide = x.shape[1] >= _WIDE * num_groups
    return x.is_contiguous() or (is_wide and x.is_contiguous(memory_format=torch.channels_last))


def _by_group(values: Tensor, num_groups: int) -> Tensor:
    """The mean of (n, C) over the channels of each group, (n, C) again; may share memory."""
    n, channels = values.shape
    if num_groups == channels:
        return values
    each = channels // num_groups
    means = values.view(n, num_groups, each).mean(2, keepdim=True)
    return means.expand(n, num_groups, each).reshape(n, channels)


class _GroupNormalized(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, num_groups: int, gamma: Tensor, beta: Tensor, eps: float
    ) -> Tensor:
        y = torch.empty_like(x)
        mu, inverse = x.new_empty((2, *x.shape[:2]), dtype=gamma.dtype).unbind()
        count, shift = x.shape[2] * x.shape[3], spread(beta)
        for images, out, means, inverses in blocks(x, y, mu, inverse):
            torch.sum(images, (2, 3), dtype=mu.dtype, out=means)
            means.copy_(_by_group(means / count, num_groups))
            centered = images - spread(means)
            work = of_dtype(out, gamma.dtype)
            squares = torch.mul(centered, centered, out=work).sum((2, 3))
            torch.rsqrt(_by_group(squares / count, num_groups) + eps, out=inverses)
            affine_into(work, centered, spread(inverses * gamma), shift)
            out.copy_(work)
        ctx.num_groups, ctx.eps = num_groups, eps
        ctx.save_for_backward(x, gamma, mu, inverse)
        return y

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
        x, gamma, mu, inverse = ctx.saved_tensors
        if torch.is_grad_enabled() or is_batched(grad_y):
            grad_x, grad_gamma, grad_beta = _plain(grad_y, x, gamma, ctx.num_groups, ctx.eps)
            return grad_x, None, grad_gamma, grad_beta, None
        grad_x = torch.empty_like(x)
        totals, products = torch.empty_like(mu), torch.empty_like(mu)
        count = x.shape[2] * x.shape[3]
        for images, grad, out, means, inverses, total, product in blocks(
            x, grad_y, grad_x, mu, inverse, totals, products
        ):
            centered = images - spread(means)
            work = of_dtype(out, gamma.dtype)
            torch.sum(grad, (2, 3), dtype=total.dtype, out=total)
            torch.sum(torch.mul(centered, grad, out=work), (2, 3), out=product)
            product.mul_(inverses)
            level = _by_group(total * gamma, ctx.num_groups) * inverses
            pull = _by_group(product * gamma, ctx.num_groups) * inverses.square()
            affine_into(work, centered, spread(pull / -count), spread(level / -count))
            work.addcmul_(grad, spread(inverses * gamma))
            out.copy_(work)
        return grad_x, None, products.sum(0), totals.sum(0), None


def _plain(
    grad_y: Tensor, x: Tensor, gamma: Tensor, num_groups: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The same gradients by operations that can be differentiated, or batched, themselves."""
    grad, wide = grad_y.to(gamma.dtype), x.to(gamma.dtype)

    def mean(values: Tensor) -> Tensor:
        return _by_group(values.mean((2, 3)), num_groups)[..., None, None]

    centered = wide - mean(wide)
    inverse = (mean(centered * centered) + eps).rsqrt()
    x_hat, scaled = centered * inverse, grad * gamma[:, None, None]
    grad_x = inverse * (scaled - mean(scaled) - x_hat * mean(scaled * x_hat))
    return grad_x.to(x.dtype), (grad * x_hat).sum((0, 2, 3)), grad.sum((0, 2, 3))
