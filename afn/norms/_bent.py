"""Norms that are their own activation, forward and back in few passes over the data.

The gradients are those of `Trace.y`, in closed form. Each image is read where the cache has it
still; what a channel of an image gets is summed up at once, and goes back through what lies between
measuring and applying, vectors all of it, by autograd.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from afn.norms._lean import affine, blocks, moments_of, spread
from afn.norms._transforms import is_batched, without_autocast

Vectors = tuple[Tensor, ...]
"""(C,) each, or (N, C) where each image has its own."""
VectorsOf = Callable[..., Vectors]
"""Of mean and biased variance of each image and channel, (N, C), and of the layer's parameters."""


class Bend(NamedTuple):
    """How a block of images becomes its output, and what comes back. Vectors are spread."""

    apply: Callable[..., object]
    """(x, out, \\*vectors): y goes into `out`."""
    pull: Callable[..., object]
    """(x, grad_y, out, sums, \\*vectors): into `out` goes the gradient of x where the vectors stand
    still, into `sums`, (n, C) each, that of each vector."""
    plain: Callable[..., Tensor]
    """(x, \\*vectors) to y, by operations that autograd knows, none of them in place."""
    is_centered: bool = True
    """Else what is measured is no mean, which is given as 0, and the mean square."""


def bent(
    bend: Bend,
    vectors_of: VectorsOf,
    x: Tensor,
    parameters: Sequence[Any],
    measured: Callable[[Tensor, Tensor], None] | None = None,
) -> Tensor:
    """The output for x, (N, C, H, W), of its dtype.

    Args:
        bend: The norm's.
        vectors_of: Gives the vectors that `bend` takes; what it holds must not change until the way
            back.
        x: Images.
        parameters: Tensors that `vectors_of` is given beside the moments; None for those left out.
        measured: Is told the moments, once.
    """
    learns = torch.is_grad_enabled()
    with without_autocast(x):
        y: Tensor = _Bent.apply(bend, vectors_of, measured, learns, x, *parameters)
    return y


class _Bent(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        bend: Bend,
        vectors_of: VectorsOf,
        measured: Callable[[Tensor, Tensor], None] | None,
        learns: bool,
        x: Tensor,
        *given: Tensor | None,
    ) -> Tensor:
        mean, var = moments_of(x) if bend.is_centered else _squares_of(x)
        if measured is not None:
            measured(mean, var)
        leaves = [mean, var, *(each if each is None else each.detach() for each in given)]
        if learns:
            for leaf, own in zip(leaves, (x, x, *given), strict=True):
                if leaf is not None and own is not None:
                    leaf.requires_grad_(own.requires_grad)
        with torch.set_grad_enabled(learns):
            vectors = vectors_of(*leaves)
        ctx.bend, ctx.vectors_of, ctx.leaves, ctx.vectors = bend, vectors_of, leaves, vectors
        ctx.save_for_backward(x, *given)
        y = torch.empty_like(x)
        for images, out, *those in blocks(x, y, *(spread(each.detach()) for each in vectors)):
            wide = out if out.dtype == mean.dtype else torch.empty_like(out, dtype=mean.dtype)
            bend.apply(images.to(mean.dtype), wide, *those)
            if wide is not out:
                out.copy_(wide)
        return y

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
        with without_autocast(grad_y):
            if torch.is_grad_enabled() or is_batched(grad_y):
                found = _plain_gradients(ctx, grad_y)
            else:
                found = _gradients(ctx, grad_y)
        return None, None, None, None, *found


def _gradients(ctx: Any, grad_y: Tensor) -> list[Tensor | None]:
    x, mean = ctx.saved_tensors[0], ctx.leaves[0]
    vectors = [spread(each.detach()) for each in ctx.vectors]
    sums = [torch.empty_like(mean, requires_grad=False) for _ in vectors]
    grad_x = torch.empty_like(x, dtype=mean.dtype)
    for images, grad, out, *those in blocks(x, grad_y, grad_x, *sums, *vectors):
        num = len(sums)
        wide, wide_grad = images.to(mean.dtype), grad.to(mean.dtype)
        ctx.bend.pull(wide, wide_grad, out, those[:num], *those[num:])
    wanted = [leaf for leaf in ctx.leaves if leaf is not None and leaf.requires_grad]
    depending = [
        (vector, (total if vector.dim() == 2 else total.sum(0)).to(vector.dtype))
        for vector, total in zip(ctx.vectors, sums, strict=True) if vector.requires_grad
    ]  # fmt: skip
    of, grads = zip(*depending, strict=True)
    pulled = iter(torch.autograd.grad(of, wanted, grads, retain_graph=True, allow_unused=True))
    grad_mean, grad_var, *others = [
        next(pulled) if leaf is not None and leaf.requires_grad else None for leaf in ctx.leaves
    ]
    if not ctx.needs_input_grad[4]:
        return [None, *others]
    count = x.shape[2] * x.shape[3]
    if grad_var is not None:
        slope = grad_var * (2 / count)
        offset = -slope * mean.detach()
        if grad_mean is not None:
            offset.add_(grad_mean, alpha=1 / count)
        for images, out, slopes, offsets in blocks(x, grad_x, spread(slope), spread(offset)):
            if ctx.bend.is_centered:
                out.add_(affine(images, slopes, offsets))  # together first: the two may cancel
            else:
                out.addcmul_(images, slopes)
    return [grad_x.to(x.dtype), *others]


def _plain_gradients(ctx: Any, grad_y: Tensor) -> list[Tensor | None]:
    """The same by autograd, so that they can be differentiated or batched themselves."""
    x, *given = ctx.saved_tensors
    is_differentiated = torch.is_grad_enabled()
    with torch.enable_grad():
        wide = x.to(ctx.leaves[0].dtype)
        var, mean = torch.var_mean(wide, (2, 3), correction=0)
        if not ctx.bend.is_centered:
            var, mean = wide.square().mean((2, 3)), torch.zeros_like(mean)
        vectors = ctx.vectors_of(mean, var, *given)
        y = ctx.bend.plain(wide, *map(spread, vectors)).to(x.dtype)
    wanted = [each for each in (x, *given) if each is not None and each.requires_grad]
    pulled = iter(
        torch.autograd.grad(y, wanted, grad_y, create_graph=is_differentiated, allow_unused=True)
    )
    return [
        next(pulled) if each is not None and each.requires_grad else None for each in (x, *given)
    ]


def _squares_of(x: Tensor) -> tuple[Tensor, Tensor]:
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    mean, square = x.new_zeros((2, *x.shape[:2]), dtype=dtype).unbind()
    for images, squares in blocks(x, square):
        wide = images.to(dtype)
        torch.sum(wide * wide, (2, 3), out=squares)
    return mean, square.div_(x.shape[2] * x.shape[3])


def _sum_into(out: Tensor, values: Tensor) -> None:
    torch.sum(values, (2, 3), out=out)


def _affine_into(out: Tensor, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    if x.is_contiguous():  # see `affine`
        return torch.mul(x, scale, out=out).add_(shift)
    return torch.addcmul(shift, x, scale, out=out)


# -- max(x·scale + shift, least) -------------------------------------------------------------------


def _bound(x: Tensor, out: Tensor, scale: Tensor, shift: Tensor, least: Tensor) -> None:
    torch.maximum(affine(x, scale, shift), least, out=out)


def _pull_bound(
    x: Tensor, grad: Tensor, out: Tensor, sums: Sequence[Tensor],
    scale: Tensor, shift: Tensor, least: Tensor,
) -> None:  # fmt: skip
    by_scale, by_shift, by_least = sums
    inner = _affine_into(out, x, scale, shift)
    passed = torch.where(inner > least, grad, 0)
    _sum_into(by_shift, passed)
    _sum_into(by_least, grad)
    by_least.sub_(by_shift)
    _sum_into(by_scale, torch.mul(passed, x, out=out))
    torch.mul(passed, scale, out=out)


def _plain_bound(x: Tensor, scale: Tensor, shift: Tensor, least: Tensor) -> Tensor:
    y = x * scale + shift
    return torch.where(y <= least, least, y)


BOUND = Bend(_bound, _pull_bound, _plain_bound, is_centered=False)
"""FRN's, of scale, shift and least."""


# -- x·sigmoid(v·x)·scale + shift ------------------------------------------------------------------


def _gate(x: Tensor, out: Tensor, v: Tensor, scale: Tensor, shift: Tensor) -> None:
    _affine_into(out, (x * v).sigmoid_().mul_(x), scale, shift)


def _pull_gate(
    x: Tensor, grad: Tensor, out: Tensor, sums: Sequence[Tensor],
    v: Tensor, scale: Tensor, shift: Tensor,
) -> None:  # fmt: skip
    by_v, by_scale, by_shift = sums
    gate = (x * v).sigmoid_()
    gated = x * gate
    _sum_into(by_shift, grad)
    _sum_into(by_scale, torch.mul(grad, gated, out=out))
    bend = gated.addcmul_(gated, gate, value=-1)  # by v·x, which is sigmoid's argument
    torch.mul(bend, grad, out=out)
    _sum_into(by_v, out.mul_(x))
    by_v.mul_(scale[..., 0, 0])
    torch.mul(gate.addcmul_(bend, v).mul_(grad), scale, out=out)


def _plain_gate(x: Tensor, v: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * torch.sigmoid(v * x) * scale + shift


GATE = Bend(_gate, _pull_gate, _plain_gate)
"""EvoNorm-S0's, of v, scale and shift."""


# -- x / max(sigma, v·x + own)·scale + shift -------------------------------------------------------


def _divide(
    x: Tensor, out: Tensor, sigma: Tensor, v: Tensor, own: Tensor, scale: Tensor, shift: Tensor
) -> None:
    divisor = affine(x, v, own)
    torch.maximum(divisor, sigma, out=divisor)
    _affine_into(out, torch.div(x, divisor, out=divisor), scale, shift)


def _pull_divide(
    x: Tensor, grad: Tensor, out: Tensor, sums: Sequence[Tensor],
    sigma: Tensor, v: Tensor, own: Tensor, scale: Tensor, shift: Tensor,
) -> None:  # fmt: skip
    by_sigma, by_v, by_own, by_scale, by_shift = sums
    divisor = affine(x, v, own)
    is_own = divisor > sigma
    torch.maximum(divisor, sigma, out=divisor)
    _sum_into(by_shift, grad)
    inner = grad / divisor
    torch.mul(inner, scale, out=out)  # where the divisor stands still
    inner.mul_(x)
    _sum_into(by_scale, inner)
    pulled = inner.div_(divisor).mul_(scale)  # what the divisor gets, but for its sign
    _sum_into(by_sigma, pulled)
    pulled.mul_(is_own)
    _sum_into(by_own, pulled)
    by_own.neg_()
    by_sigma.add_(by_own).neg_()
    out.addcmul_(pulled, v, value=-1)
    _sum_into(by_v, pulled.mul_(x))
    by_v.neg_()


def _plain_divide(
    x: Tensor, sigma: Tensor, v: Tensor, own: Tensor, scale: Tensor, shift: Tensor
) -> Tensor:
    of_image = v * x + own
    return x / torch.where(of_image <= sigma, sigma, of_image) * scale + shift


DIVIDE = Bend(_divide, _pull_divide, _plain_divide)
"""EvoNorm-B0's, of sigma, v, own, scale and shift."""
