"""The norms beyond those of the paper, each against its published formula spelled in numpy."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d
from torch.testing import assert_close

from afn.backbones import build_model
from afn.norms import (
    NORMS,
    BatchNorm2d,
    BatchRenorm2d,
    DynamicTanh2d,
    EvoNormB0,
    EvoNormS0,
    FilterResponseNorm2d,
    GhostBatchNorm2d,
    SwitchNorm2d,
    convert_norm,
    norm_layers,
    standardize_weights,
)

ZOO = ("sn", "frn", "evos0", "evob0", "dyt", "brn", "wsgn", "gbn")


@pytest.fixture
def images(draw):
    return draw(5, 6, 4, 3, dtype=torch.float64)


def ready(layer, scatter):
    return scatter(layer.double())


def numbers(tensor):
    return tensor.detach().numpy()


def over(x, axes):
    return x.mean(axes, keepdims=True), x.var(axes, keepdims=True)


def rescaled(layer, x_hat):
    return torch.from_numpy(
        numbers(layer.weight)[:, None, None] * x_hat + numbers(layer.bias)[:, None, None]
    )


def softmax(logits):
    return np.exp(numbers(logits)) / np.exp(numbers(logits)).sum()


def test_switch_norm_mixes_the_statistics_of_three(images, scatter):
    layer, x = ready(SwitchNorm2d(6, eps=1e-3), scatter), images.numpy()
    parts = [over(x, (2, 3)), over(x, (1, 2, 3)), over(x, (0, 2, 3))]
    mean = sum(w * mean for w, (mean, _) in zip(softmax(layer.mean_logits), parts, strict=True))
    var = sum(w * var for w, (_, var) in zip(softmax(layer.var_logits), parts, strict=True))
    assert_close(layer(images), rescaled(layer, (x - mean) / np.sqrt(var + 1e-3)))
    assert_close(layer.running_mean, 0.1 * images.mean((0, 2, 3)))
    layer.eval()
    running = [numbers(layer.running_mean), numbers(layer.running_var)]
    parts[2] = [each[:, None, None] for each in running]
    mean = sum(w * mean for w, (mean, _) in zip(softmax(layer.mean_logits), parts, strict=True))
    var = sum(w * var for w, (_, var) in zip(softmax(layer.var_logits), parts, strict=True))
    assert_close(layer(images), rescaled(layer, (x - mean) / np.sqrt(var + 1e-3)))


def test_switch_norm_with_all_weight_on_one_is_that_one(images):
    layer = SwitchNorm2d(6).double()
    for place, other in enumerate(("in", "ln", "bn")):
        with torch.no_grad():
            for logits in (layer.mean_logits, layer.var_logits):
                logits.fill_(-100)[place] = 100
        assert_close(layer(images), NORMS[other](6).double()(images))


def test_filter_response_norm_divides_by_the_size_alone_and_bounds(images, scatter):
    layer, x = ready(FilterResponseNorm2d(6), scatter), images.numpy()
    size = np.sqrt((x**2).mean((2, 3), keepdims=True) + 1e-6)
    tau = numbers(layer.tau)[:, None, None]
    expected = np.maximum(rescaled(layer, x / size).numpy(), tau)
    assert_close(layer(images), torch.from_numpy(expected))
    assert (expected == tau).any()
    assert (expected > tau).any()


def test_evonorm_s0(images, scatter):
    layer, x = ready(EvoNormS0(6, num_groups=2), scatter), images.numpy()
    var = x.reshape(5, 2, -1).var(2).repeat(3, 1)[..., None, None]
    gate = 1 / (1 + np.exp(-numbers(layer.v)[:, None, None] * x))
    assert_close(layer(images), rescaled(layer, x * gate / np.sqrt(var + 1e-5)))


def test_evonorm_b0(images, scatter):
    layer, x = ready(EvoNormB0(6), scatter), images.numpy()
    v = numbers(layer.v)[:, None, None]
    own = v * x + np.sqrt(x.var((2, 3), keepdims=True) + 1e-5)
    spread = np.sqrt(x.var((0, 2, 3), keepdims=True) + 1e-5)
    assert (own > spread).any()
    assert (own < spread).any()
    assert_close(layer(images), rescaled(layer, x / np.maximum(spread, own)))
    running = np.sqrt(numbers(layer.running_var)[:, None, None] + 1e-5)
    assert_close(layer.eval()(images), rescaled(layer, x / np.maximum(running, own)))


@pytest.mark.parametrize("layer_class", [FilterResponseNorm2d, EvoNormS0, EvoNormB0])
@pytest.mark.parametrize("options", [{}, {"affine": False}, {"bias": False}])
@pytest.mark.parametrize("is_training", [True, False])
def test_the_quick_form_is_the_steps(layer_class, options, is_training, draw, scatter):
    layer = ready(layer_class(6, **options), scatter).train(is_training)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    found = []
    for form in (torch.contiguous_format, torch.channels_last):
        x, grad = draw(5, 6, 4, 3, dtype=torch.float64), draw(5, 6, 4, 3, dtype=torch.float64)
        x = x.contiguous(memory_format=form).requires_grad_()
        for forward in (layer, lambda x: layer._steps(x).y):
            layer.load_state_dict(before)
            y = forward(x)
            found.append((y, *torch.autograd.grad(y, (x, *layer.parameters()), grad)))
    for quick, steps in (found[:2], found[2:]):
        assert_close(quick, steps)


@pytest.mark.parametrize("layer_class", [FilterResponseNorm2d, EvoNormS0, EvoNormB0])
def test_the_quick_form_reduces_half_precision_in_single(layer_class, draw):
    layer = layer_class(6)
    x, grad = draw(8, 6, 9, 9).bfloat16(), draw(8, 6, 9, 9).bfloat16()
    x.requires_grad_()
    found = torch.autograd.grad(layer(x), (x, *layer.parameters()), grad)
    single = x.detach().float().requires_grad_()
    steps = layer._steps(single).y
    expected = torch.autograd.grad(steps, (single, *layer.parameters()), grad.float())
    assert_close(found[0].float(), expected[0], atol=0.01, rtol=0.01)  # rounded once, at the end
    assert_close(found[1:], expected[1:])


@pytest.mark.parametrize("layer_class", [FilterResponseNorm2d, EvoNormS0, EvoNormB0])
def test_what_is_kept_for_the_way_back_serves_twice(layer_class, draw):
    layer, x = layer_class(4), draw(3, 4, 2, 5).requires_grad_()
    y = layer(x)
    with torch.no_grad():
        assert_close(layer(x), y, rtol=0, atol=0)
    once, twice = (
        torch.autograd.grad(y.sum(), (x, *layer.parameters()), retain_graph=True) for _ in range(2)
    )
    assert_close(twice, once, rtol=0, atol=0)


def test_dynamic_tanh(images, scatter):
    layer = ready(DynamicTanh2d(6), scatter)
    assert layer.alpha.item() != 0.5
    expected = rescaled(layer, np.tanh(layer.alpha.item() * images.numpy()))
    assert_close(layer(images), expected)
    with pytest.raises(ValueError, match="alpha must not be 0"):
        DynamicTanh2d(6, alpha=0)


@pytest.mark.parametrize(("seen", "bounds"), [(9, (1, 0)), (30, (2, 2.5)), (999, (3, 5))])
def test_batch_renorm_opens_its_bounds_by_the_batches_it_has_seen(seen, bounds, images, scatter):
    layer, x = ready(BatchRenorm2d(6, warmup=10), scatter), images.numpy()
    layer.running_mean.uniform_(-1, 1)
    layer.running_var.uniform_(0.01, 4)
    layer.num_batches_tracked.fill_(seen)
    assert [float(each) for each in layer.bounds] == pytest.approx(bounds)
    mean, var = over(x, (0, 2, 3))
    spread = np.sqrt(numbers(layer.running_var)[:, None, None] + 1e-5)
    sigma = np.sqrt(var + 1e-5)
    r = np.clip(sigma / spread, 1 / bounds[0], bounds[0])
    moved = (mean - numbers(layer.running_mean)[:, None, None]) / spread
    d = np.clip(moved, -bounds[1], bounds[1])
    assert_close(layer(images), rescaled(layer, (x - mean) / sigma * r + d))
    assert layer.num_batches_tracked == seen + 1


def test_no_gradient_goes_through_batch_renorms_corrections(images, scatter):
    layer = ready(BatchRenorm2d(6, warmup=0), scatter)
    layer.running_mean.uniform_(-1, 1)
    x = images.clone().requires_grad_()
    layer(x).square().sum().backward()
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
    sigma, spread = (var + 1e-5).sqrt(), torch.ones(6, 1, 1).double().add(1e-5).sqrt()
    twin = ready(BatchRenorm2d(6, warmup=0), lambda same: same)
    twin.running_mean.copy_((layer.running_mean - 0.1 * mean.flatten()) / 0.9)
    r = (sigma / spread).clamp(1 / 3, 3).detach()
    d = ((mean - twin.running_mean[:, None, None]) / spread).clamp(-5, 5).detach()
    y = layer.weight[:, None, None] * ((x - mean) / sigma * r + d) + layer.bias[:, None, None]
    (expected,) = torch.autograd.grad(y.square().sum(), x)
    assert_close(x.grad, expected)


def test_ghost_batches_are_normalized_one_by_one(images, scatter):
    layer = ready(GhostBatchNorm2d(6, ghost_size=2), scatter)
    bn = BatchNorm2d(6).double()
    bn.load_state_dict(layer.state_dict())
    parts = images.split(2)
    assert [len(part) for part in parts] == [2, 2, 1]
    y = layer(images)
    assert_close(y, torch.cat([bn(part) for part in parts]))
    means = torch.stack([part.mean((0, 2, 3)) for part in parts])
    vars_ = torch.stack([part.var((0, 2, 3)) for part in parts])
    weights = torch.tensor([2, 2, 1]).double()[:, None] / 5
    assert_close(layer.running_mean, 0.1 * (weights * means).sum(0))
    assert_close(layer.running_var, 0.9 + 0.1 * (weights * vars_).sum(0))
    assert not torch.allclose(layer(images), BatchNorm2d(6).double()(images))


def test_kernels_are_standardized_before_each_use(images):
    conv = nn.Conv2d(6, 4, 3, bias=False).double()
    kept = conv.weight
    model = standardize_weights(nn.Sequential(conv))
    w = kept.detach().numpy()
    axes = {"axis": (1, 2, 3), "keepdims": True}
    used = (w - w.mean(**axes)) / (w.std(ddof=1, **axes) + 1e-5)
    assert_close(model(images), conv2d(images, torch.from_numpy(used)))
    assert model[0].weight is kept
    point = standardize_weights(nn.Conv2d(1, 4, 1))  # of a single number there is no spread
    assert torch.equal(point.standardized(), point.weight)


@pytest.mark.parametrize("name", ["bn", *ZOO])
@pytest.mark.parametrize("backbone", ["convnet", "resnet8"])
def test_a_network_of_it_learns_and_has_no_relu_behind_an_activation(name, backbone, draw):
    model = build_model(
        backbone, name, in_channels=1, num_classes=3, image_size=(8, 8), mean=(0.1,), std=(0.3,)
    )
    layers = list(norm_layers(model).values())
    activates = name in ("frn", "evos0", "evob0")
    assert {layer.activates for layer in layers} == {activates}
    kinds = [type(module).__name__ for module in model.modules()]
    assert ("StandardizedConv2d" in kinds) == (name == "wsgn")
    if backbone == "convnet":
        assert (kinds.count("Identity") == len(layers)) == activates
    x, y = draw(24, 1, 8, 8), torch.arange(24) % 3
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("shape", [(1, 1, 4, 4), (1, 3, 1, 1), (2, 8, 1, 1), (1, 2, 5, 1)])
@pytest.mark.parametrize("is_training", [True, False])
def test_small_and_constant_inputs_are_finite(name, shape, is_training, draw):
    layer = NORMS[name](shape[1]).train(is_training)
    for x in (draw(*shape), torch.full(shape, 3.0), torch.zeros(shape)):
        x.requires_grad_()
        y = layer(x)
        y.sum().backward()
        assert y.isfinite().all()
        assert x.grad.isfinite().all()
        assert all(p.grad.isfinite().all() for p in layer.parameters())


@pytest.mark.parametrize("name", ZOO)
def test_batch_norm_becomes_it_and_keeps_what_it_learned(name, draw):
    bn = nn.BatchNorm2d(4)
    bn(draw(6, 4, 5, 5))
    layer = convert_norm(nn.Sequential(bn), name)[0]
    assert layer.weight is bn.weight
    if name in ("brn", "gbn"):  # which test as batch norm does
        x = draw(2, 4, 5, 5)
        assert_close(layer.eval()(x), bn.eval()(x))
