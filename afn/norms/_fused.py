"""The adaptive layers' formula in as few operations as its arithmetic allows, and its gradient.

`AdaptiveNorm2d._steps` says the same step by step, and is what the tests hold this against. Here
the data, (N, C, H, W), are gone through once to apply the result, twice on the way back, and once
to measure. The last three go block by block, so that an operation finds in the cache what the one
before it left there. Between these passes lie vectors of one value per channel, on which an
operation costs its call and not its arithmetic: so they are stacked, and torch's own kernels for
the gradients of ReLU, sigmoid and tanh are called instead of being spelled out.
"""

import copy
import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from afn.norms._moments import Moments

if TYPE_CHECKING:
    from afn.norms._adaptive import AdaptiveNorm2d

LAMBDAS = ("mu", "sigma", "gamma", "beta")
_BLOCK = 1 << 18
"""Values in a block: a megabyte of float32."""
_aten = torch.ops.aten
_relu_backward = _aten.threshold_backward
_sigmoid_backward = _aten.sigmoid_backward
_tanh_backward = _aten.tanh_backward


def fused(layer: "AdaptiveNorm2d", x: Tensor, kept: Tensor | None) -> Tensor:
    """What ``layer._steps(x, kept, tracks=layer.training).y`` is.

    Args:
        layer: With networks, and the paper's formula; measures statistics of `x`.
        x: (N, C, H, W), of the parameters' dtype or half as wide.
        kept: Mask of the standardization's inputs, (2, n, C), or None.
    """
    parameters = learned(layer)
    for name, value in layer.lambda_overrides.items():
        at = 2 + LAMBDAS.index(name)
        parameters[at] = torch.full_like(parameters[at], value)
    with _without_autocast(x):
        y: Tensor = _Fused.apply(layer, x, kept, *parameters)
    return y


def learned(layer: "AdaptiveNorm2d") -> list[Tensor]:
    """The layer's parameters in the order of their registration; quicker than asking for it."""
    parameters: list[Tensor] = [layer.weight, layer.bias]
    parameters += [getattr(layer, f"lambda_{name}_logit") for name in LAMBDAS]
    if layer.adaptive:
        stan, rescale = layer.standardize, layer.rescale
        for linear in (
            stan.encoder, stan.mu_decoder, stan.sigma_decoder,
            rescale.encoder, rescale.gamma_decoder, rescale.beta_decoder,
        ):  # fmt: skip
            parameters += [linear.weight, linear.bias]
    return parameters


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, layer: "AdaptiveNorm2d", x: Tensor, kept: Tensor | None, *parameters: Tensor
    ) -> Tensor:
        weight, bias = parameters[:2]
        (
            stan_weight, stan_bias, mu_weight, mu_bias, sigma_weight, sigma_bias,
            rescale_weight, rescale_bias, gamma_weight, gamma_bias, beta_weight, beta_bias,
        ) = parameters[6:]  # fmt: skip

        # (4, n, C): mu, sigma, weight, bias; n images of their own, or one batch
        measured = _of_images(x) if layer.is_per_image else _of_batch(x)
        if layer.training:
            batch = measured.pooled(0) if layer.is_per_image else measured
            batch.update(layer.running_mean, layer.running_var, layer.momentum)
        mean, var = measured.mean, measured.var
        sigma = (var + layer.eps).sqrt_()
        if layer.is_per_image:
            weight, bias = weight.expand_as(mean), bias.expand_as(mean)
        own = torch.stack((mean, sigma, weight, bias)).view(4, -1, x.shape[1])

        # (4, n, C): mu_stan, sigma_stan, gamma_net, beta_net
        statistics = own[:2].flatten(0, 1)  # (2n, C)
        given = statistics if kept is None else statistics * kept.view_as(statistics)
        stan = torch.addmm(stan_bias, given, stan_weight.t()).relu_()
        rescale = torch.addmm(rescale_bias, statistics, rescale_weight.t()).relu_()
        stan_mu, stan_sigma = stan.chunk(2)
        rescale_mu, rescale_sigma = rescale.chunk(2)
        net = torch.empty_like(own)
        net_mu, net_sigma, net_gamma, net_beta = net.unbind()
        torch.addmm(mu_bias, stan_mu, mu_weight.t(), out=net_mu)
        torch.addmm(sigma_bias, stan_sigma, sigma_weight.t(), out=net_sigma).relu_()
        torch.addmm(gamma_bias, rescale_sigma, gamma_weight.t(), out=net_gamma).sigmoid_()
        torch.addmm(beta_bias, rescale_mu, beta_weight.t(), out=net_beta).tanh_()

        # statistics move towards the networks' by λ, weight and bias are added to: own + λ·reach
        lambdas = torch.stack(parameters[2:6]).view(4, 1, 1)
        for gate in _gates(layer, layer.lambda_overrides):
            lambdas[gate].sigmoid_()
        reach = net.clone()
        reach[:2].sub_(own[:2])
        hat = torch.addcmul(own, lambdas, reach)
        mu_hat, sigma_hat, gamma_hat, beta_hat = hat.unbind()
        sigma_hat.clamp_(min=math.sqrt(layer.eps))
        scale = gamma_hat / sigma_hat
        shift = torch.addcmul(beta_hat, scale, mu_hat, value=-1)

        ctx.layer, ctx.is_training, ctx.overrides = layer, layer.training, layer.lambda_overrides
        ctx.save_for_backward(
            x, kept, own, net, reach, hat, lambdas, scale, stan, rescale, *parameters
        )
        return affine(x, scale, shift)

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
        with _without_autocast(grad_y):
            return _gradients(ctx, grad_y)


def _gradients(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
    x, kept, own, net, reach, hat, lambdas, scale, stan, rescale, *parameters = ctx.saved_tensors
    if torch.is_grad_enabled():  # someone wants the gradient of this gradient
        return None, *_plain_gradients(ctx, grad_y, x, kept, parameters)
    layer = ctx.layer
    stan_weight, _, mu_weight, _, sigma_weight, _ = parameters[6:12]
    rescale_weight, _, gamma_weight, _, beta_weight, _ = parameters[12:]
    mu_hat, sigma_hat, _, _ = hat.unbind()
    n = own.shape[1]

    # the output to hat
    grad = torch.empty_like(own)
    grad_mu, grad_sigma, grad_gamma, grad_beta = grad.unbind()
    if layer.is_per_image:
        _reduce_images(grad_y, x, mu_hat, sigma_hat, grad_gamma, grad_beta)
    else:
        _, product, total = _aten.native_batch_norm_backward(
            grad_y, x, None, None, None, mu_hat[0], sigma_hat[0].reciprocal(),
            True, layer.eps, (False, True, True),
        )  # fmt: skip
        grad_gamma.copy_(product)
        grad_beta.copy_(total)
    torch.mul(grad_beta, scale, out=grad_mu)
    torch.mul(grad_gamma, scale, out=grad_sigma)
    grad[:2].neg_()
    grad_sigma.copy_(_relu_backward(grad_sigma, sigma_hat, math.sqrt(layer.eps)))

    # hat to λ and to what the networks say
    grad_logits = (grad * reach).sum((1, 2))
    for gate in _gates(layer, ctx.overrides):
        grad_logits[gate] = _sigmoid_backward(grad_logits[gate], lambdas[gate, 0, 0])
    inner = grad * lambdas
    inner_mu, inner_sigma, inner_gamma, inner_beta = inner.unbind()
    _, net_sigma, net_gamma, net_beta = net.unbind()
    inner_sigma.copy_(_relu_backward(inner_sigma, net_sigma, 0))
    inner_gamma.copy_(_sigmoid_backward(inner_gamma, net_gamma))
    inner_beta.copy_(_tanh_backward(inner_beta, net_beta))
    biases = inner.sum(1).unbind()

    # through the networks to the statistics
    grad_stan, grad_rescale = torch.empty_like(stan), torch.empty_like(rescale)
    torch.mm(inner_mu, mu_weight, out=grad_stan[:n])
    torch.mm(inner_sigma, sigma_weight, out=grad_stan[n:])
    torch.mm(inner_beta, beta_weight, out=grad_rescale[:n])
    torch.mm(inner_gamma, gamma_weight, out=grad_rescale[n:])
    grad_stan = _relu_backward(grad_stan, stan, 0)
    grad_rescale = _relu_backward(grad_rescale, rescale, 0)
    statistics = own[:2].flatten(0, 1)
    given = statistics
    grad_statistics = torch.mm(grad_stan, stan_weight)
    if kept is not None:
        given = statistics * kept.view_as(statistics)
        grad_statistics.mul_(kept.view_as(statistics))
    grad_statistics = grad_statistics.addmm_(grad_rescale, rescale_weight).view_as(own[:2])
    grad_statistics.addcmul_(grad[:2], 1 - lambdas[:2])

    grad_x = None
    if ctx.needs_input_grad[1]:
        count = x.numel() // own[0].numel()
        offset, slope = grad_statistics.div_(count).unbind()
        slope = slope / own[1]
        offset = torch.addcmul(offset, slope, own[0], value=-1)
        grad_x = _input_gradient(x, grad_y, _spread(slope), _spread(offset), _spread(scale))
    stan_mu, stan_sigma = stan.chunk(2)
    rescale_mu, rescale_sigma = rescale.chunk(2)
    return (
        None, grad_x, None, *grad[2:].sum(1).unbind(), *grad_logits.unbind(),
        grad_stan.t() @ given, grad_stan.sum(0),
        inner_mu.t() @ stan_mu, biases[0], inner_sigma.t() @ stan_sigma, biases[1],
        grad_rescale.t() @ statistics, grad_rescale.sum(0),
        inner_gamma.t() @ rescale_sigma, biases[2], inner_beta.t() @ rescale_mu, biases[3],
    )  # fmt: skip


def _without_autocast(x: Tensor) -> AbstractContextManager[Any]:
    """Autocast would take the vectors to half precision; asking is cheaper than forbidding."""
    kind = x.device.type
    if torch.is_autocast_enabled(kind):
        return torch.autocast(kind, enabled=False)
    return nullcontext()


def _gates(layer: "AdaptiveNorm2d", overrides: dict[str, float]) -> list[slice]:
    """Which of the four λ are the sigmoid of what is learned."""
    if not overrides and layer.rescale_gate == "sigmoid":
        return [slice(0, 4)]
    return [
        slice(at, at + 1)
        for at, name in enumerate(LAMBDAS)
        if name not in overrides and layer.is_gated(name)
    ]


def _blocks(x: Tensor) -> Iterator[slice]:
    size = max(1, _BLOCK // x[0].numel()) if x.device.type == "cpu" else len(x)
    return (slice(at, at + size) for at in range(0, len(x), size))


def _spread(values: Tensor) -> Tensor:
    """(n, C) to what broadcasts against images."""
    return values[..., None, None]


def _of(values: Tensor, block: slice) -> Tensor:
    """Those of a block of images; all alike where there is one for the batch."""
    return values if len(values) == 1 else values[block]


def _of_batch(x: Tensor) -> Moments:
    """(C,), by two passes: exact where |mean| is far above the standard deviation."""
    dtype = _statistics_dtype(x)
    count = x.numel() // x.shape[1]
    mean = x.sum((0, 2, 3), dtype=dtype).div_(count)
    squares = []
    for block in _blocks(x):
        centered = x[block] - _spread(mean)
        squares.append(centered.mul_(centered).sum((0, 2, 3)))
    var = squares[0] if len(squares) == 1 else torch.stack(squares).sum(0)
    return Moments(mean, var.div_(count), count)


def _of_images(x: Tensor) -> Moments:
    """(N, C)."""
    mean, var = x.new_empty((2, *x.shape[:2]), dtype=_statistics_dtype(x)).unbind()
    count = x.shape[2] * x.shape[3]
    for block in _blocks(x):
        images = x[block]
        center = torch.sum(images, (2, 3), dtype=mean.dtype, out=mean[block]).div_(count)
        centered = images - _spread(center)
        torch.sum(centered.mul_(centered), (2, 3), out=var[block])
    return Moments(mean, var.div_(count), count)


def _statistics_dtype(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def _reduce_images(
    grad_y: Tensor, x: Tensor, mu: Tensor, sigma: Tensor, product: Tensor, total: Tensor
) -> None:
    """The sums over each image of grad_y·x̂ and of grad_y, both (N, C)."""
    for block in _blocks(x):
        grad = grad_y[block]
        torch.sum(grad, (2, 3), dtype=total.dtype, out=total[block])
        centered = x[block] - _spread(_of(mu, block))
        torch.sum(centered.mul_(grad), (2, 3), out=product[block])
    product.div_(sigma)


def affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """x·scale + shift, in the dtype of `x`; without a gradient of its own.

    Args:
        x: (N, C, H, W).
        scale: (n, C), of the batch (n = 1) or of each image (n = N).
        shift: As scale.
    """
    scale, shift = _spread(scale), _spread(shift)
    y = torch.empty_like(x, dtype=torch.promote_types(x.dtype, scale.dtype))
    for block in _blocks(x):
        _affine_into(y[block], x[block], _of(scale, block), _of(shift, block))
    return y.to(x.dtype)


def _affine_into(y: Tensor, x: Tensor, scale: Tensor, shift: Tensor) -> None:
    if x.is_contiguous():  # two broadcast operands at once would not be vectorized here
        torch.mul(x, scale, out=y).add_(shift)
    else:
        torch.addcmul(shift, x, scale, out=y)


def _input_gradient(
    x: Tensor, grad_y: Tensor, slope: Tensor, offset: Tensor, scale: Tensor
) -> Tensor:
    """x·slope + offset + grad_y·scale, in the dtype of `x`."""
    grad = torch.empty_like(x, dtype=scale.dtype)
    for block in _blocks(x):
        part = grad[block]
        _affine_into(part, x[block], _of(slope, block), _of(offset, block))
        part.addcmul_(grad_y[block], _of(scale, block))
    return grad.to(x.dtype)


class _Plain(nn.Module):
    """The formula step by step, as the forward pass of a module."""

    def __init__(self, layer: "AdaptiveNorm2d") -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, kept: Tensor | None) -> Tensor:
        return self.layer._steps(x, kept).y


def _plain_gradients(
    ctx: Any, grad_y: Tensor, x: Tensor, kept: Tensor | None, parameters: list[Tensor]
) -> tuple[Tensor | None, ...]:
    """Gradients of x, kept and the parameters that can be differentiated themselves."""
    layer = copy.copy(ctx.layer)
    layer.training, layer.lambda_overrides = ctx.is_training, ctx.overrides
    names = (f"layer.{name}" for name, _ in layer.named_parameters())
    values = dict(zip(names, parameters, strict=True))
    y = torch.func.functional_call(_Plain(layer), values, (x, kept))
    inputs = [tensor for tensor in (x, *parameters) if tensor.requires_grad]
    found = iter(torch.autograd.grad(y, inputs, grad_y, create_graph=True, allow_unused=True))
    grad_x, *rest = [next(found) if tensor.requires_grad else None for tensor in (x, *parameters)]
    return grad_x, None, *rest
