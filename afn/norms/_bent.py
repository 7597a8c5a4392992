"""Norms that are their own activation, forward and back in few passes over the data.

The gradients are those of `Trace.y`, in closed form. Each image is read where the cache has it
still; what a channel of an image gets is summed up at once, and goes back through what lies between
measuring and applying, vectors all of it, by autograd.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from afn.norms._lean import affine, affine_into, blocks, moments_of, of_dtype, spread
from afn.norms._transforms import is_batched, without_autocast

Vectors = tuple[Tensor, ...]
"""(C,) each, or (N, C) where each image has its own."""
VectorsOf = Callable[..., Vectors]
"""Of mean and biased variance of each image and channel, (N, C), and of the layer's parameters."""


class Bend(NamedTuple):
    """How a block of images becomes its output, and what comes back. Vectors are spread.

    The first vector is the scale, by which what comes back to x is multiplied in the end.
    """

    apply: Callable[..., object]
    """(x, out, kept, \\*vectors): y goes into `out`; `kept` may be that, too."""
    pull: Callable[..., object]
    """(x, grad_y, out, kept, sums, \\*vectors): into `out` goes the gradient of x where the vectors
    stand still and the scale is 1, into `sums`, (n, C) each, that of each vector."""
    plain: Callable[..., Tensor]
    """(x, \\*vectors) to y, by operations that autograd knows, none of them in place."""
    is_centered: bool = True
    """Else what is measured is no mean, which is given as 0, and the mean square."""
    keeps: bool = False
    """Whether `apply` leaves in `kept`, of the shape of x, what `pull` would compute again."""


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
        y = torch.empty_like(x)
        kept = torch.empty_like(x, dtype=mean.dtype) if bend.keeps and learns else None
        ctx.save_for_backward(x, kept, *given)
        spread_out = [spread(each.detach()) for each in vectors]
        for images, out, own, *those in blocks(x, y, y if kept is None else kept, *spread_out):
            wide = of_dtype(out, mean.dtype)
            bend.apply(images.to(mean.dtype), wide, wide if kept is None else own, *those)
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
    x, kept, *_ = ctx.saved_tensors
    mean = ctx.leaves[0]
    vectors = [spread(each.detach()) for each in ctx.vectors]
    sums = [torch.empty_like(mean, requires_grad=False) for _ in vectors]
    grad_x = torch.empty_like(x, dtype=mean.dtype)
    for images, grad, out, own, *those in blocks(
        x, grad_y, grad_x, x if kept is None else kept, *sums, *vectors
    ):
        num = len(sums)
        wide, wide_grad = images.to(mean.dtype), grad.to(mean.dtype)
        ctx.bend.pull(wide, wide_grad, out, own, those[:num], *those[num:])
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
    slope = torch.zeros_like(mean) if grad_var is None else grad_var * (2 / count)
    offset = -slope * mean.detach()
    if grad_mean is not None:
        offset.add_(grad_mean, alpha=1 / count)
    for images, out, slopes, offsets, scale in blocks(
        x, grad_x, spread(slope), spread(offset), vectors[0]
    ):
        # together first: the two may cancel
        rest = affine(images, slopes, offsets) if ctx.bend.is_centered else images * slopes
        torch.addcmul(rest, out, scale, out=out)
    return [grad_x.to(x.dtype), *others]


def _plain_gradients(ctx: Any, grad_y: Tensor) -> list[Tensor | None]:
    """The same by autograd, so that they can be differentiated or batched themselves."""
    x, _, *given = ctx.saved_tensors
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


def _is_above(values: Tensor, least: Tensor, out: Tensor) -> Tensor:
    """1 or 0: as numbers they are found, and multiplied by, four times as fast as as truths."""
    return torch.gt(values, least, out=out)


# -- max(x·scale + shift, least) -------------------------------------------------------------------


def _bound(
    x: Tensor, out: Tensor, kept: Tensor, scale: Tensor, shift: Tensor, least: Tensor
) -> None:
    torch.maximum(affine(x, scale, shift), least, out=out)


def _pull_bound(
    x: Tensor, grad: Tensor, out: Tensor, kept: Tensor, sums: Sequence[Tensor],
    scale: Tensor, shift: Tensor, least: Tensor,
) -> None:  # fmt: skip
    by_scale, by_shift, by_least = sums
    inner = affine_into(out, x, scale, shift)
    passed = torch.mul(grad, _is_above(inner, least, out), out=out)
    _sum_into(by_shift, passed)
    _sum_into(by_least, grad)
    by_least.sub_(by_shift)
    _sum_into(by_scale, passed * x)


def _plain_bound(x: Tensor, scale: Tensor, shift: Tensor, least: Tensor) -> Tensor:
    y = x * scale + shift
    return torch.where(y <= least, least, y)


BOUND = Bend(_bound, _pull_bound, _plain_bound, is_centered=False)
"""FRN's, of scale, shift and least."""


# -- x·sigmoid(v·x)·scale + shift ------------------------------------------------------------------


def _gate(x: Tensor, out: Tensor, kept: Tensor, scale: Tensor, shift: Tensor, v: Tensor) -> None:
    gate = torch.mul(x, v, out=kept).sigmoid_()
    affine_into(out, torch.mul(gate, x, out=out), scale, shift)


def _pull_gate(
    x: Tensor, grad: Tensor, out: Tensor, gate: Tensor, sums: Sequence[Tensor],
    scale: Tensor, shift: Tensor, v: Tensor,
) -> None:  # fmt: skip
    by_scale, by_shift, by_v = sums
    _sum_into(by_shift, grad)
    passed = torch.mul(grad, gate, out=out)  # where the gate stands still
    gated = passed * x
    _sum_into(by_scale, gated)
    bend = gated.addcmul_(gated, gate, value=-1)  # what v·x gets, which is sigmoid's argument
    passed.addcmul_(bend, v)
    _sum_into(by_v, bend.mul_(x))
    by_v.mul_(scale[..., 0, 0])


def _plain_gate(x: Tensor, scale: Tensor, shift: Tensor, v: Tensor) -> Tensor:
    return x * torch.sigmoid(v * x) * scale + shift


GATE = Bend(_gate, _pull_gate, _plain_gate, keeps=True)
"""EvoNorm-S0's, of scale, shift and v. Its gate, which takes longest, is kept for the way back."""


# -- x / max(sigma, v·x + own)·scale + shift -------------------------------------------------------


def _divide(
    x: Tensor, out: Tensor, kept: Tensor,
    scale: Tensor, shift: Tensor, sigma: Tensor, v: Tensor, own: Tensor,
) -> None:  # fmt: skip
    divisor = affine_into(kept, x, v, own)
    torch.maximum(divisor, sigma, out=divisor)
    affine_into(out, torch.div(x, divisor, out=out), scale, shift)


def _pull_divide(
    x: Tensor, grad: Tensor, out: Tensor, divisor: Tensor, sums: Sequence[Tensor],
    scale: Tensor, shift: Tensor, sigma: Tensor, v: Tensor, own: Tensor,
) -> None:  # fmt: skip
    by_scale, by_shift, by_sigma, by_v, by_own = sums
    _sum_into(by_shift, grad)
    torch.div(grad, divisor, out=out)  # where the divisor stands still
    inner = out * x
    _sum_into(by_scale, inner)
    pulled = inner.div_(divisor)  # what the divisor gets, but for sign and scale
    _sum_into(by_sigma, pulled)
    pulled.mul_(_is_above(divisor, sigma, torch.empty_like(divisor)))  # where it is the image's
    _sum_into(by_own, pulled)
    by_sigma.sub_(by_own)
    out.addcmul_(pulled, v, value=-1)
    _sum_into(by_v, pulled.mul_(x))
    for each in (by_sigma, by_v, by_own):
        each.mul_(scale[..., 0, 0]).neg_()


def _plain_divide(
    x: Tensor, scale: Tensor, shift: Tensor, sigma: Tensor, v: Tensor, own: Tensor
) -> Tensor:
    of_image = v * x + own
    return x / torch.where(of_image <= sigma, sigma, of_image) * scale + shift


DIVIDE = Bend(_divide, _pull_divide, _plain_divide, keeps=True)
"""EvoNorm-B0's, of scale, shift, sigma, v and own. Its divisor is kept for the way back."""
