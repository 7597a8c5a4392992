"""Measuring images and applying a map to each channel, in few passes over the data.

What autograd makes of the plain spelling writes tensors as large as the images for each operation.
Here each image is read where the cache has it still, and on the way back what a channel gets is
summed up at once. Whoever traces, compiles, batches or differentiates forward is given the plain
operations; see `afn.norms._transforms`.
"""

from collections.abc import Iterable
from itertools import repeat
from typing import Any

import torch
from torch import Tensor

from afn.norms._transforms import is_batched, without_autocast

BLOCK = 1 << 19
"""Values in a block: two megabytes of float32. Smaller ones cost more calls than they save."""


def blocks(images: Tensor, *others: Tensor) -> Iterable[tuple[Tensor, ...]]:
    """Some images at a time, with what belongs to them; what there is one of goes with all."""
    num = len(images)
    if num == 0 or images.device.type != "cpu":
        return [(images, *others)]
    size = max(1, BLOCK // max(images[0].numel(), 1))
    if size >= num:
        return [(images, *others)]
    each = (t.split(size) if len(t) == num else repeat(t) for t in (images, *others))
    return zip(*each, strict=False)


def spread(values: Tensor) -> Tensor:
    """(n, C) or (C,) to what broadcasts against images."""
    return values.view(-1, values.shape[-1], 1, 1)


def wide_dtype(x: Tensor, own: Tensor) -> torch.dtype:
    """In which images are normalized by parameters: float32 at least."""
    return torch.promote_types(torch.promote_types(x.dtype, own.dtype), torch.float32)


def of_dtype(images: Tensor, dtype: torch.dtype) -> Tensor:
    """Room for values of that kind: in `images` itself where they fit."""
    return images if images.dtype == dtype else torch.empty_like(images, dtype=dtype)


def affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """x·scale + shift, in the wider of the dtypes.

    Args:
        x: (N, C, H, W).
        scale: (n, C, 1, 1), of the batch (n = 1) or of each image (n = N).
        shift: As scale.
    """
    if x.is_contiguous():  # two broadcast operands at once would not be vectorized here
        return (x * scale).add_(shift)
    return torch.addcmul(shift, x, scale)


def affine_into(out: Tensor, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """The same, into `out`, which may be x."""
    if x.is_contiguous():
        return torch.mul(x, scale, out=out).add_(shift)
    return torch.addcmul(shift, x, scale, out=out)


def measured(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of each image and channel, (N, C), in float32 at least."""
    with without_autocast(x):
        mean, var = _Measured.apply(x)
    return mean, var


def mapped(x: Tensor, mu: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """(x − mu)·scale + shift, of the dtype of x; the vectors are (C,) or (N, C) each."""
    with without_autocast(x):
        y: Tensor = _Mapped.apply(x, mu, scale, shift)
    return y


def moments_of(x: Tensor) -> tuple[Tensor, Tensor]:
    """As `measured`, where no gradient is kept: two reads, the second of what is in the cache."""
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    mean, var = x.new_empty((2, *x.shape[:2]), dtype=dtype).unbind()
    count = x.shape[2] * x.shape[3]
    for images, means, vars_ in blocks(x, mean, var):
        torch.sum(images, (2, 3), dtype=dtype, out=means).div_(count)
        centered = images - spread(means)
        torch.sum(centered.mul_(centered), (2, 3), out=vars_)
    return mean, var.div_(count)


class _Measured(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, var = moments_of(x)
        ctx.save_for_backward(x, mean)
        return mean, var

    @staticmethod
    def backward(ctx: Any, grad_mean: Tensor, grad_var: Tensor) -> Tensor:
        x, mean = ctx.saved_tensors
        count = x.shape[2] * x.shape[3]
        if torch.is_grad_enabled() or is_batched(grad_mean) or is_batched(grad_var):
            wide = x.to(mean.dtype)
            centered = wide - wide.mean((2, 3), keepdim=True)
            slope = 2 * grad_var[..., None, None] / count
            return (grad_mean[..., None, None] / count + slope * centered).to(x.dtype)
        slope = grad_var * (2 / count)
        offset = torch.addcmul(grad_mean / count, slope, mean, value=-1)
        return affine(x, spread(slope), spread(offset)).to(x.dtype)


class _Mapped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, mu: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        ctx.save_for_backward(x, mu, scale, shift)
        y, dtype = torch.empty_like(x), torch.promote_types(x.dtype, scale.dtype)
        vectors = [each.reshape(-1, x.shape[1], 1, 1) for each in (mu, scale, shift)]
        for images, out, center, slope, offset in blocks(x, y, *vectors):
            work = of_dtype(out, dtype)
            torch.addcmul(offset, torch.sub(images, center, out=work), slope, out=work)
            out.copy_(work)  # nothing, where it is that
        return y

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
        x, mu, scale, shift = ctx.saved_tensors
        if torch.is_grad_enabled() or is_batched(grad_y):
            return _plain(grad_y, x, mu, scale, shift)
        dtype = torch.promote_types(x.dtype, scale.dtype)
        products, totals = (x.new_empty(x.shape[:2], dtype=dtype) for _ in range(2))
        wanted = any(ctx.needs_input_grad[1:])
        centers, slopes = (each.reshape(-1, x.shape[1], 1, 1) for each in (mu, scale))
        grad_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        passed = x if grad_x is None else grad_x
        for images, grad, center, slope, product, total, out in blocks(
            x, grad_y, centers, slopes, products, totals, passed
        ):
            if wanted:
                torch.sum(grad, (2, 3), dtype=dtype, out=total)
                centered = images - center
                torch.sum(centered.mul_(grad), (2, 3), dtype=dtype, out=product)
            if grad_x is not None:
                torch.mul(grad, slope, out=out)
        found = (-scale * totals, products, totals)
        of = (mu, scale, shift)
        vectors = (
            (grad if like.dim() == 2 else grad.sum(0)).to(like.dtype) if needed else None
            for grad, like, needed in zip(found, of, ctx.needs_input_grad[1:], strict=True)
        )
        return grad_x, *vectors


def _plain(
    grad_y: Tensor, x: Tensor, mu: Tensor, scale: Tensor, shift: Tensor
) -> tuple[Tensor, ...]:
    """The same gradients by operations that can be differentiated, or batched, themselves."""
    grad = grad_y.to(torch.promote_types(x.dtype, scale.dtype))
    total, product = grad.sum((2, 3)), (grad * (x - mu[..., None, None])).sum((2, 3))
    found = (-scale * total, product, total)
    vectors = (
        (each if like.dim() == 2 else each.sum(0)).to(like.dtype)
        for each, like in zip(found, (mu, scale, shift), strict=True)
    )
    return (grad * scale[..., None, None]).to(x.dtype), *vectors
