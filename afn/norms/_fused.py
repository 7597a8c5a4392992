"""The adaptive layers' formula in as few operations as its arithmetic allows, and its gradient.

`AdaptiveNorm._steps` says the same step by step, and is what the tests hold this against.

Here the data, (N, C, H, W), are read to measure, to apply, and twice on the way back: to reduce
the gradient to what each channel gets, and to pass it on. For a batch, torch's batch-norm kernels
do the measuring and reducing; for single images there are none, and sums are taken of a few images
at a time, so that an operation finds in the cache what the one before it left there.

Between these passes lie vectors of one value per channel. On them an operation costs its call, not
its arithmetic, and a view nearly as much: so they are stacked, torch's kernels for the gradients
of ReLU, sigmoid and tanh are called instead of being spelled out, and what a product can add or
scale along with it, the gradient past the networks and each value's share in the mean, has no call
of its own.
"""

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from afn.norms._lean import affine, blocks, moments_of, spread
from afn.norms._moments import Moments
from afn.norms._networks import Rescale, Standardize, bounded
from afn.norms._transforms import is_batched, without_autocast
from afn.settings.lambda_init import LAMBDAS

if TYPE_CHECKING:
    from afn.norms._adaptive import AdaptiveNorm

_relu_backward = torch.ops.aten.threshold_backward.grad_input
_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input
_OWN = ("weight", "bias", *(f"lambda_{name}_logit" for name in LAMBDAS))
_NETWORKS = (
    ("standardize", Standardize, ("encoder", "mu_decoder", "sigma_decoder")),
    ("rescale", Rescale, ("encoder", "gamma_decoder", "beta_decoder")),
)
_measure_batch: Any = torch.batch_norm_update_stats  # torch's stub lacks what it takes
_reduce_batch = torch.ops.aten.native_batch_norm_backward.default
_ALL = slice(None)
_LEAST = 8
"""Pixels of an image's channel from which on torch's kernel reduces it quicker than sums do."""


def fused(
    layer: "AdaptiveNorm", x: Tensor, kept: Tensor | None, parameters: list[Tensor]
) -> Tensor:
    """What ``layer._steps(x, kept, tracks=layer.training).y`` is.

    Frozen networks are given the running averages for every image: they answer the same whatever
    `x` is, and no gradient goes through them to it.

    Args:
        layer: With networks, and the paper's formula; measures statistics of `x`.
        x: (N, C, H, W), of the parameters' dtype or half as wide.
        kept: Mask of the standardization's inputs, (2, n, C), or None.
        parameters: What `fusable_parameters` found.
    """
    _override(layer, parameters)
    with without_autocast(x):
        y: Tensor = _Fused.apply(layer, x, kept, *parameters)
    return y


def fused_by_averages(layer: "AdaptiveNorm", x: Tensor, parameters: list[Tensor]) -> Tensor:
    """What ``layer._steps(x).y`` is with running averages, where no gradient is asked for."""
    _override(layer, parameters)
    with without_autocast(x):
        mean, var = layer._running()
        own = torch.stack((mean, (var + layer.eps).sqrt_(), *parameters[:2]))
        vectors = _Vectors.of(layer, own[:, None], None, parameters)
        return affine(x, spread(vectors.scale), spread(vectors.shift)).to(x.dtype)


def _override(layer: "AdaptiveNorm", parameters: list[Tensor]) -> None:
    for name, value in layer.lambda_overrides.items():
        at = 2 + LAMBDAS.index(name)
        parameters[at] = torch.full_like(parameters[at], value)


def fusable_parameters(layer: "AdaptiveNorm") -> list[Tensor] | None:
    """The layer's parameters in the order of their registration, read past ``__getattr__``.

    None where modules have to be called to get at them, or to be heard: without networks, with
    quantized or wrapped linear layers, with parametrizations, or with hooks on the networks.
    """
    found: list[Any] = [layer._parameters.get(name) for name in _OWN]
    for at, without in enumerate((1, 0)):  # γ_bias and β_bias of a layer that learns none
        if layer._parameters.get(_OWN[at], without) is None:
            found[at] = layer.lambda_mu_logit.new_full((layer.num_features,), without)
    for name, kind, parts in _NETWORKS:
        network = layer._modules.get(name)
        if type(network) is not kind or _has_hooks(network):
            return None
        for part in map(network._modules.get, parts):
            if type(part) is not nn.Linear or _has_hooks(part):
                return None
            found += (part._parameters.get("weight"), part._parameters.get("bias"))
    return found if all(parameter is not None for parameter in found) else None


def _has_hooks(module: nn.Module) -> bool:
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    )


class _Vectors(NamedTuple):
    """What lies between measuring and applying; n is the number of images, or 1 for a batch."""

    statistics: Tensor
    """(2n, C): mu and sigma as the networks take them."""
    stan: Tensor
    """(2n, width): the standardization's hidden values."""
    rescale: Tensor
    """(2n, width): the rescaling's."""
    sigma_stan: Tensor
    gamma_net: Tensor
    beta_net: Tensor
    """(n, C) each."""
    lambdas: Tensor
    """(4, 1, 1)."""
    gates: list[slice]
    reach: Tensor
    """(4, n, C): how far each λ could take what it acts on."""
    mu_hat: Tensor
    sigma_hat: Tensor
    scale: Tensor
    shift: Tensor
    """(n, C) each."""

    @classmethod
    def of(
        cls,
        layer: "AdaptiveNorm",
        own: Tensor,
        kept: Tensor | None,
        parameters: Sequence[Tensor],
        averages: Tensor | None = None,
    ) -> "_Vectors":
        """From mu, sigma, weight and bias, (4, n, C); `averages`, (2, C), for frozen networks."""
        (
            stan_weight, stan_bias, mu_weight, mu_bias, sigma_weight, sigma_bias,
            rescale_weight, rescale_bias, gamma_weight, gamma_bias, beta_weight, beta_bias,
        ) = parameters[6:]  # fmt: skip
        measured = bounded(own[:2])
        statistics = measured.view(-1, own.shape[-1])
        if averages is not None:
            statistics = bounded(averages).repeat_interleave(own.shape[1], 0)
        given = statistics if kept is None else statistics * kept.view_as(statistics)
        stan = linear(given, stan_weight, stan_bias).relu_()
        rescale = linear(statistics, rescale_weight, rescale_bias).relu_()
        num = len(stan) // 2
        mu_stan = linear(stan[:num], mu_weight, mu_bias)
        sigma_stan = linear(stan[num:], sigma_weight, sigma_bias).relu_()
        gamma_net = linear(rescale[num:], gamma_weight, gamma_bias).sigmoid_()
        beta_net = linear(rescale[:num], beta_weight, beta_bias).tanh_()

        # statistics move towards the networks' by λ, weight and bias are added to: own + λ·reach
        lambdas = torch.cat(tuple(parameters[2:6])).view(4, 1, 1)
        gates = _gates(layer)
        for gate in gates:
            _part(lambdas, gate).sigmoid_()
        reach = torch.stack((mu_stan, sigma_stan, gamma_net, beta_net))
        reach[:2].sub_(measured)
        mu_hat, sigma_hat, gamma_hat, beta_hat = torch.addcmul(own, lambdas, reach).unbind()
        sigma_hat.clamp_(min=math.sqrt(layer.eps))
        scale = gamma_hat / sigma_hat
        shift = torch.addcmul(beta_hat, scale, mu_hat, value=-1)
        return cls(
            statistics, stan, rescale, sigma_stan, gamma_net, beta_net, lambdas, gates, reach,
            mu_hat, sigma_hat, scale, shift,
        )  # fmt: skip


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, layer: "AdaptiveNorm", x: Tensor, kept: Tensor | None, *parameters: Tensor
    ) -> Tensor:
        averages = layer._averages_given()  # before this batch moves them
        # (4, n, C): mu, sigma, weight, bias; n images of their own, or one batch
        weight, bias = parameters[:2]
        mean, var = _of_images(layer, x) if layer.is_per_image else _of_batch(layer, x)
        sigma = (var + layer.eps).sqrt_()
        if layer.is_per_image:
            weight, bias = weight.expand_as(mean), bias.expand_as(mean)
        own = torch.stack((mean, sigma, weight, bias)).view(4, -1, x.shape[1])
        of = _Vectors.of(layer, own, kept, parameters, averages)

        # What the way back needs of the layer as it is now: it may be changed until then.
        ctx.layer, ctx.is_training, ctx.overrides = layer, layer.training, layer.lambda_overrides
        ctx.eps, ctx.gates, ctx.averages = layer.eps, of.gates, averages
        ctx.save_for_backward(
            x, kept, mean, sigma, of.statistics, of.stan, of.rescale, of.sigma_stan, of.gamma_net,
            of.beta_net, of.lambdas, of.reach, of.mu_hat, of.sigma_hat, of.scale, *parameters,
        )  # fmt: skip
        return affine(x, spread(of.scale), spread(of.shift)).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
        with without_autocast(grad_y):
            # Someone wants the gradient of this gradient, or many gradients at once.
            if torch.is_grad_enabled() or is_batched(grad_y):
                return _plain_gradients(ctx, grad_y)
            return _gradients(ctx, grad_y)


def _gradients(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
    (
        x, kept, mu, sigma, statistics, stan, rescale, sigma_stan, gamma_net, beta_net, lambdas,
        reach, mu_hat, sigma_hat, scale, *parameters,
    ) = ctx.saved_tensors  # fmt: skip
    (
        stan_weight, mu_weight, sigma_weight, rescale_weight, gamma_weight, beta_weight
    ) = parameters[6::2]  # fmt: skip

    # the output to hat
    if ctx.layer.is_per_image:
        product, total = _reduce_images(grad_y, x, mu_hat, sigma_hat)
    else:
        _, product, total = _reduce_batch(
            grad_y, x, None, None, None, mu_hat.view(-1), sigma_hat.view(-1).reciprocal(),
            True, ctx.eps, (False, True, True),
        )  # fmt: skip
    grad = torch.stack((total, product, product, total)).view_as(reach)
    grad_statistics = grad[:2].mul_(-scale)
    grad_sigma = grad_statistics[1]
    _relu_backward(grad_sigma, sigma_hat, math.sqrt(ctx.eps), grad_input=grad_sigma)

    # hat to λ and to what the networks say
    grad_logits = (grad * reach).sum((1, 2))
    for gate in ctx.gates:
        learned = _part(grad_logits, gate)
        _sigmoid_backward(learned, _part(lambdas, gate).view_as(learned), grad_input=learned)
    inner = grad * lambdas
    inner_mu, inner_sigma, inner_gamma, inner_beta = inner.unbind()
    past_networks = grad_statistics.sub_(inner[:2]).view_as(statistics)
    _relu_backward(inner_sigma, sigma_stan, 0, grad_input=inner_sigma)
    _sigmoid_backward(inner_gamma, gamma_net, grad_input=inner_gamma)
    _tanh_backward(inner_beta, beta_net, grad_input=inner_beta)

    # through the decoders, (2n, width)
    grad_stan = torch.cat((torch.mm(inner_mu, mu_weight), torch.mm(inner_sigma, sigma_weight)))
    grad_rescale = torch.cat(
        (torch.mm(inner_beta, beta_weight), torch.mm(inner_gamma, gamma_weight))
    )
    _relu_backward(grad_stan, stan, 0, grad_input=grad_stan)
    _relu_backward(grad_rescale, rescale, 0, grad_input=grad_rescale)
    given = statistics if kept is None else statistics * kept.view_as(statistics)

    grad_x = None
    if ctx.needs_input_grad[1]:
        share = scale.numel() / x.numel()  # of a value in the mean
        if ctx.averages is not None:
            grad_statistics = past_networks * share
        else:  # through the encoders
            if kept is None:
                past_networks = torch.addmm(past_networks, grad_stan, stan_weight)
            else:
                through = torch.mm(grad_stan, stan_weight)
                past_networks.addcmul_(through, kept.view_as(through))
            grad_statistics = torch.addmm(
                past_networks, grad_rescale, rescale_weight, beta=share, alpha=share
            )
        offset, slope = grad_statistics.chunk(2)
        slope = slope / sigma
        offset = torch.addcmul(offset, slope, mu, value=-1)
        grad_x = affine(x, spread(slope), spread(offset))
        grad_x = grad_x.addcmul_(grad_y, spread(scale)).to(x.dtype)
    num = len(stan) // 2
    if ctx.layer.is_per_image:
        product, total, inner = product.sum(0), total.sum(0), inner.sum(1)
    mu_bias, sigma_bias, gamma_bias, beta_bias = inner.view(4, -1).unbind()
    return (
        None, grad_x, None, product, total, *grad_logits.view(4, 1).unbind(),
        torch.mm(grad_stan.t(), given), grad_stan.sum(0),
        torch.mm(inner_mu.t(), stan[:num]), mu_bias,
        torch.mm(inner_sigma.t(), stan[num:]), sigma_bias,
        torch.mm(grad_rescale.t(), statistics), grad_rescale.sum(0),
        torch.mm(inner_gamma.t(), rescale[num:]), gamma_bias,
        torch.mm(inner_beta.t(), rescale[:num]), beta_bias,
    )  # fmt: skip


def _gates(layer: "AdaptiveNorm") -> list[slice]:
    """Which of the four λ are the sigmoid of what is learned."""
    overrides = layer.lambda_overrides
    if not overrides and layer.rescale_gate == "sigmoid":
        return [_ALL]
    return [
        slice(at, at + 1)
        for at, name in enumerate(LAMBDAS)
        if name not in overrides and layer.is_gated(name)
    ]


def _part(values: Tensor, gate: slice) -> Tensor:
    return values if gate is _ALL else values[gate]


def _of_batch(layer: "AdaptiveNorm", x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance, (C,), as exact as torch's batch norm; tracked in training."""
    is_single = x.numel() == x.shape[1]  # of a single value torch would track NaN
    if layer._tracks and not is_single:
        mean, var = _measure_batch(x, *layer._running(), layer._weight_of_next_batch())
        return mean, var
    scratch = layer.lambda_mu_logit.new_zeros(2, x.shape[1])  # its dtype is that of the measures
    mean, var = _measure_batch(x, *scratch.unbind(), 0.0)
    layer._track(Moments(mean, var, 1))
    return mean, var


def _of_images(layer: "AdaptiveNorm", x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance, (N, C); those of the batch are tracked in training."""
    mean, var = moments_of(x)
    if layer._tracks:
        moments = Moments(mean, var, x.shape[2] * x.shape[3])
        layer._track(layer._of_batch(x, moments), moments)
    return mean, var


def _reduce_images(grad_y: Tensor, x: Tensor, mu: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """The sums over each image of grad_y·x̂ and of grad_y, both (N, C)."""
    if x.shape[2] * x.shape[3] >= _LEAST and x.is_contiguous() and grad_y.is_contiguous():
        # the channels of all images as those of one, which torch's kernel knows
        form = (1, mu.numel(), *x.shape[2:])
        _, product, total = _reduce_batch(
            grad_y.view(form), x.view(form), None, None, None, mu.view(-1),
            sigma.view(-1).reciprocal(), True, 0.0, (False, True, True),
        )  # fmt: skip
        return product.view_as(mu), total.view_as(mu)
    product, total = torch.empty_like(sigma), torch.empty_like(sigma)
    for images, grad, center, products, totals in blocks(x, grad_y, mu, product, total):
        torch.sum(grad, (2, 3), dtype=total.dtype, out=totals)
        centered = images - spread(center)
        torch.sum(centered.mul_(grad), (2, 3), out=products)
    return product.div_(sigma), total


class _Plain(nn.Module):
    """The formula step by step, as the forward pass of a module."""

    def __init__(self, layer: "AdaptiveNorm") -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, kept: Tensor | None, averages: Tensor | None) -> Tensor:
        return self.layer._steps(x, kept, averages).y


def _plain_gradients(ctx: Any, grad_y: Tensor) -> tuple[Tensor | None, ...]:
    """The same gradients by autograd, so that they can be differentiated or batched themselves."""
    x, kept, *_ = ctx.saved_tensors
    parameters = ctx.saved_tensors[15:]
    layer = copy.copy(ctx.layer)
    layer.training, layer.lambda_overrides, layer.eps = ctx.is_training, ctx.overrides, ctx.eps
    layer.frozen_networks = ctx.averages is not None
    names = [*_OWN, *(
        f"{network}.{part}.{name}"
        for network, _, parts in _NETWORKS for part in parts for name in ("weight", "bias")
    )]  # fmt: skip
    values = {f"layer.{name}": value for name, value in zip(names, parameters, strict=True)}
    is_differentiated = torch.is_grad_enabled()
    with torch.enable_grad():
        y = torch.func.functional_call(_Plain(layer), values, (x, kept, ctx.averages))
    wanted = [t if t.requires_grad else None for t in (x, *parameters)]
    inputs = [t for t in wanted if t is not None]
    gradients = torch.autograd.grad(
        y, inputs, grad_y, create_graph=is_differentiated, allow_unused=True
    )
    found = iter(gradients)
    grad_x, *rest = [None if t is None else next(found) for t in wanted]
    return None, grad_x, None, *rest
