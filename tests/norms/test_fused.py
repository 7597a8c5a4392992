"""The fused form against the formula step by step: outputs, buffers, every gradient."""

import copy

import pytest
import torch
from torch.autograd import gradgradcheck
from torch.func import functional_call
from torch.testing import assert_close
from torch.utils.checkpoint import checkpoint

from afn import LambdaInit
from afn.norms import AFN2d, ASRNorm2d, _lean, override_lambdas

BOTH = pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
FORMATS = pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
INITS = pytest.mark.parametrize("init", ["paper", "reference", "open", "off"])


def plain(layer, x):
    return layer._steps(x, layer._kept(x), tracks=layer.training).y


def results(layer, call, x, grad_y):
    """Output, buffers and gradients of a copy of the layer; the same dropout for every call."""
    layer = copy.deepcopy(layer)
    x = x.detach().requires_grad_()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        y = call(layer, x)
    y.backward(grad_y)
    gradients = {name: parameter.grad for name, parameter in layer.named_parameters()}
    return y, dict(layer.named_buffers()), x.grad, gradients


def is_fused(y):
    return type(y.grad_fn).__name__ == "_FusedBackward"


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of two images and one left over, instead of all images in one."""
    monkeypatch.setattr(_lean, "BLOCK", 2 * 6 * 4 * 3)


@BOTH
@FORMATS
@INITS
@pytest.mark.parametrize("mode", ["train", "eval by batch", "with dropout"])
@pytest.mark.usefixtures("small_blocks")
def test_all_results_are_those_of_the_steps(layer_class, memory, init, mode, draw, scatter):
    layer = layer_class(
        6,
        lambda_init=LambdaInit.PRESETS[init],
        stat_dropout=0.5 if mode == "with dropout" else 0,
        rescale_width=3,
    )
    layer = scatter(layer).double().train(mode != "eval by batch")
    x = draw(5, 6, 4, 3, dtype=torch.float64).contiguous(memory_format=memory)
    grad_y = draw(5, 6, 4, 3, dtype=torch.float64).contiguous(memory_format=memory)
    found, expected = (results(layer, call, x, grad_y) for call in (layer_class.__call__, plain))
    assert is_fused(found[0])
    assert not is_fused(expected[0])
    assert_close(found, expected)


@BOTH
@FORMATS
def test_float32_and_several_blocks(layer_class, memory, draw, scatter):
    layer = scatter(layer_class(16, lambda_init=LambdaInit.PAPER))
    x, grad_y = (draw(40, 16, 32, 32).contiguous(memory_format=memory) for _ in range(2))
    y, buffers, grad, gradients = results(layer, layer_class.__call__, x, grad_y)
    exact = results(layer.double(), plain, x.double(), grad_y.double())
    # AFN sums 40,960 values by torch's batch-norm kernels: as exact as those, and no more.
    assert_close(y.double(), exact[0], rtol=1e-4, atol=1e-4)
    assert buffers.pop("num_batches_tracked") == exact[1].pop("num_batches_tracked") == 1
    buffers = {name: buffer.double() for name, buffer in buffers.items()}
    assert_close(buffers, exact[1], rtol=1e-5, atol=1e-5)
    assert_close(grad.double(), exact[2], rtol=1e-4, atol=1e-4)
    for name, gradient in gradients.items():
        size = max(1.0, float(exact[3][name].abs().max()))
        assert_close(gradient.double(), exact[3][name], rtol=1e-3, atol=1e-3 * size)


@BOTH
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (4, 3, 1, 1), (1, 3, 1, 1)])
def test_few_values(layer_class, shape, draw, scatter):
    layer = scatter(layer_class(3)).double()
    x, grad_y = draw(*shape, dtype=torch.float64), draw(*shape, dtype=torch.float64)
    found, expected = (results(layer, call, x, grad_y) for call in (layer_class.__call__, plain))
    assert_close(found, expected)


@BOTH
@pytest.mark.parametrize("given", [{"mu": 1.0, "sigma": 1.0}, {"sigma": 0.3, "beta": 0.0}])
def test_overridden_lambdas_act_and_do_not_learn(layer_class, given, draw, scatter):
    layer = scatter(layer_class(4, lambda_init=LambdaInit.OPEN)).double()
    x, grad_y = draw(3, 4, 2, 5, dtype=torch.float64), draw(3, 4, 2, 5, dtype=torch.float64)

    def overridden(call):
        def called(layer, x):
            with override_lambdas(layer, **given):
                return call(layer, x)

        return called

    calls = overridden(layer_class.__call__), overridden(plain)
    found, expected = (results(layer, call, x, grad_y) for call in calls)
    assert_close(found[:3], expected[:3])
    for name, gradient in found[3].items():
        if name.removeprefix("lambda_").removesuffix("_logit") in given:
            assert gradient is None or not gradient.any()
        else:
            assert_close(gradient, expected[3][name])


@BOTH
def test_images_that_lie_scattered_in_memory(layer_class, draw, scatter):
    layer = scatter(layer_class(4)).double()
    x = draw(6, 8, 4, 10, dtype=torch.float64)[::2, 1:5, :, ::2]
    grad_y = draw(5, 4, 4, 3, dtype=torch.float64).permute(3, 1, 2, 0)
    found, expected = (results(layer, call, x, grad_y) for call in (layer_class.__call__, plain))
    assert_close(found, expected)


@BOTH
@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpointing_and_using_a_layer_twice(layer_class, use_reentrant, draw, scatter):
    layer = scatter(layer_class(4)).double()
    x, grad_y = draw(3, 4, 2, 5, dtype=torch.float64), draw(3, 4, 2, 5, dtype=torch.float64)

    def twice(layer, x):
        return checkpoint(layer, layer(x), use_reentrant=use_reentrant)

    found = results(layer, twice, x, grad_y)
    expected = results(layer, lambda layer, x: plain(layer, plain(layer, x)), x, grad_y)
    assert_close((found[0], *found[2:]), (expected[0], *expected[2:]))


@BOTH
def test_backward_twice_adds_the_gradient_twice(layer_class, draw):
    layer, x = layer_class(4), draw(3, 4, 2, 5).requires_grad_()
    y = layer(x).square().sum()
    y.backward(retain_graph=True)
    once = x.grad.clone(), layer.weight.grad.clone(), layer.lambda_mu_logit.grad.clone()
    y.backward()
    assert_close(
        (x.grad, layer.weight.grad, layer.lambda_mu_logit.grad), tuple(2 * g for g in once)
    )


@BOTH
@pytest.mark.parametrize("stat_dropout", [0.0, 0.5])
def test_the_gradient_has_a_gradient(layer_class, stat_dropout, draw, scatter):
    layer = layer_class(3, lambda_init=LambdaInit.OPEN, stat_dropout=stat_dropout)
    layer = scatter(layer.double())
    names, values = zip(*layer.named_parameters(), strict=True)
    x = draw(2, 3, 2, 2, dtype=torch.float64).requires_grad_()

    def call(x, *parameters):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    assert gradgradcheck(call, (x, *values))


@BOTH
def test_the_gradient_of_a_gradient_remembers_overrides(layer_class, draw, scatter):
    layer = scatter(layer_class(3, lambda_init=LambdaInit.OPEN).double())
    x = draw(2, 3, 2, 2, dtype=torch.float64).requires_grad_()
    penalties = []
    for call in (layer_class.__call__, plain):
        with override_lambdas(layer, sigma=0.9):
            y = call(layer, x)
        (gradient,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        penalties.append(torch.autograd.grad(gradient.square().sum(), x)[0])
    assert_close(*penalties)


@BOTH
def test_backward_under_autocast_keeps_full_precision(layer_class, draw):
    layer, x = layer_class(4), draw(3, 4, 2, 5)
    expected = results(layer, layer_class.__call__, x, torch.ones_like(x))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = results(layer, layer_class.__call__, x, torch.ones_like(x))
    assert_close(found, expected, rtol=0, atol=0)


@BOTH
def test_frozen_parameters_and_data_without_gradient(layer_class, draw):
    layer = layer_class(4)
    layer(draw(3, 4, 2, 5)).sum().backward()
    assert layer.weight.grad is not None
    layer.requires_grad_(False)
    x = draw(3, 4, 2, 5).requires_grad_()
    layer(x).square().sum().backward()
    assert x.grad.isfinite().all()


@BOTH
def test_functorch_differentiates_the_steps(layer_class, draw, scatter):
    layer = scatter(layer_class(4)).double().eval()  # in training it would track, which it cannot
    x = draw(3, 4, 2, 5, dtype=torch.float64)
    parameters = dict(layer.named_parameters())

    def energy(parameters):
        return functional_call(layer, parameters, (x,)).square().sum()

    found = torch.func.grad(energy)(parameters)
    layer(x).square().sum().backward()
    assert_close(found, {name: parameter.grad for name, parameter in parameters.items()})


@BOTH
@pytest.mark.parametrize("is_training", [True, False])
def test_export_takes_the_steps(layer_class, is_training, draw, scatter):
    layer, x = scatter(layer_class(4)).train(is_training), draw(3, 4, 2, 5)
    exported = torch.export.export(copy.deepcopy(layer), (x,)).module()
    assert_close(exported(x), layer(x))


@pytest.mark.parametrize("options", [{"formula": "reference"}, {"adaptive": False}])
def test_other_formulas_are_left_to_the_steps(options, draw):
    assert not is_fused(AFN2d(4, **options)(draw(3, 4, 2, 5)))
