"""The norms for context against torch's."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import (
    ASRNorm2d,
    BatchInstanceNorm2d,
    BatchNorm2d,
    GroupNorm2d,
    InstanceNorm2d,
    LayerNorm2d,
    NoNorm2d,
)

PAIRS = {
    "asrnorm off": (
        lambda c: ASRNorm2d(c, lambda_init=LambdaInit.OFF),
        lambda c: nn.InstanceNorm2d(c, affine=True),
    ),
    "asrnorm without networks": (
        lambda c: ASRNorm2d(c, adaptive=False),
        lambda c: nn.InstanceNorm2d(c, affine=True),
    ),
    "in": (InstanceNorm2d, lambda c: nn.InstanceNorm2d(c, affine=True)),
    "gn": (lambda c: GroupNorm2d(c, num_groups=2), lambda c: nn.GroupNorm(2, c)),
    "ln": (LayerNorm2d, lambda c: nn.GroupNorm(1, c)),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("channels", [2, 16, 64])
@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_outputs_and_gradients_are_torchs(name, channels, is_training, dtype, draw, scatter):
    make_ours, make_torchs = PAIRS[name]
    ours, torchs = make_ours(channels).to(dtype), scatter(make_torchs(channels)).to(dtype)
    with torch.no_grad():
        ours.weight.copy_(torchs.weight)
        ours.bias.copy_(torchs.bias)
    x, grad = draw(3, channels, 6, 5, dtype=dtype), draw(3, channels, 6, 5, dtype=dtype)
    results = []
    for layer in (torchs, ours):
        leaf = x.clone().requires_grad_()
        y = layer.train(is_training)(leaf)
        y.backward(grad)
        results.append((y, leaf.grad, layer.weight.grad, layer.bias.grad))
    tolerances = {"rtol": 1e-5, "atol": 2e-5} if dtype == torch.float32 else {}
    assert_close(results[1], results[0], **tolerances)  # sums of 90 values in another order


@pytest.mark.parametrize(("channels", "groups"), [(64, 8), (8, 8), (12, 4), (6, 2), (7, 1), (1, 1)])
def test_gn_takes_the_largest_of_8_4_2_1_groups_that_divides(channels, groups):
    assert GroupNorm2d(channels).num_groups == groups


@pytest.mark.parametrize("layer_class", [InstanceNorm2d, ASRNorm2d])
def test_images_of_one_pixel_train(layer_class, draw):
    layer = layer_class(4)
    x = draw(2, 4, 1, 1).requires_grad_()
    y = layer(x)
    y.square().sum().backward()
    assert y.isfinite().all()
    assert x.grad.isfinite().all()


def test_in_gives_beta_for_images_of_one_pixel(draw, scatter):
    layer = scatter(InstanceNorm2d(4))
    assert_close(layer(draw(2, 4, 1, 1)), layer.bias.expand(2, 4)[..., None, None])


@pytest.mark.parametrize(("rho", "torchs"), [(1.0, nn.BatchNorm2d), (0.0, nn.InstanceNorm2d)])
@pytest.mark.parametrize("is_training", [True, False])
def test_bin_is_batch_or_instance_norm_at_its_ends(rho, torchs, is_training, draw):
    layer, other = BatchInstanceNorm2d(3), torchs(3)
    nn.init.constant_(layer.rho, rho)
    layer(x := draw(4, 3, 6, 5)), other(x)
    x = draw(4, 3, 6, 5)
    assert_close(layer.train(is_training)(x), other.train(is_training)(x))


def test_bin_mixes_by_rho(draw, scatter):
    layer = scatter(BatchInstanceNorm2d(3))
    nn.init.constant_(layer.rho, 0.3)
    x = draw(4, 3, 6, 5)
    mix = 0.3 * BatchNorm2d(3)(x) + 0.7 * InstanceNorm2d(3)(x)
    assert_close(layer(x), mix * layer.weight[:, None, None] + layer.bias[:, None, None])


def test_bin_starts_at_bn_and_clips_rho_but_not_its_gradient(draw):
    layer = BatchInstanceNorm2d(3)
    x = draw(4, 3, 6, 5)
    start = layer(x)
    assert_close(start, BatchNorm2d(3)(x))
    nn.init.constant_(layer.rho, 1.5)
    y = layer(x)
    assert_close(y, start)
    y.pow(3).sum().backward()
    assert (layer.rho.grad != 0).all()


def test_bin_tracks_what_bn_tracks(draw):
    layer, other = BatchInstanceNorm2d(3), BatchNorm2d(3)
    layer(x := draw(4, 3, 6, 5)), other(x)
    assert_close(layer.running_mean, other.running_mean)
    assert_close(layer.running_var, other.running_var)
    before = copy.deepcopy(layer.state_dict())
    layer.eval()(x)
    assert_close(layer.state_dict(), before, rtol=0, atol=0)


def test_none_hands_the_input_on(draw):
    x = draw(2, 3, 4, 4)
    assert NoNorm2d(3)(x) is x
