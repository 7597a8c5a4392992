"""Batch normalization and AFN with λ = 0 are torch's batch normalization."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import AFN2d, BatchNorm2d, set_eval_stats

LAYERS = {
    "bn": lambda c: BatchNorm2d(c),
    "afn off": lambda c: AFN2d(c, lambda_init=LambdaInit.OFF, eval_stats="running"),
    "afn without networks": lambda c: AFN2d(c, adaptive=False, eval_stats="running"),
}
CHANNELS = (1, 2, 7, 15, 16, 17, 64, 512)


def pair(name, channels, scatter, dtype=torch.float32):
    """Torch's layer and ours with the same γ, β."""
    torchs = scatter(nn.BatchNorm2d(channels)).to(dtype)
    ours = LAYERS[name](channels).to(dtype)
    with torch.no_grad():
        ours.weight.copy_(torchs.weight)
        ours.bias.copy_(torchs.bias)
    return torchs, ours


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("channels", CHANNELS)
def test_outputs_and_buffers_are_torchs_in_training_and_after(name, channels, draw, scatter):
    torchs, ours = pair(name, channels, scatter)
    for _ in range(3):
        x = draw(4, channels, 6, 5)
        assert_close(ours(x), torchs(x))
    assert_close(ours.running_mean, torchs.running_mean)
    assert_close(ours.running_var, torchs.running_var)
    x = draw(4, channels, 6, 5)
    assert_close(ours.eval()(x), torchs.eval()(x))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_torchs(name, is_training, dtype, draw, scatter):
    torchs, ours = pair(name, 5, scatter, dtype)
    x, grad = draw(4, 5, 6, 5, dtype=dtype), draw(4, 5, 6, 5, dtype=dtype)
    gradients = []
    for layer in (torchs, ours):
        leaf = x.clone().requires_grad_()
        layer.train(is_training)(leaf).backward(grad)
        gradients.append((leaf.grad, layer.weight.grad, layer.bias.grad))
    # In float32 a sum of 120 products of either sign depends on the last digit of the mean.
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == torch.float32 else {}
    assert_close(gradients[1], gradients[0], **tolerance)


@pytest.mark.parametrize("name", LAYERS)
def test_eval_with_batch_statistics_is_training_without_tracking(name, draw, scatter):
    torchs, ours = pair(name, 3, scatter)
    x = draw(4, 3, 6, 5)
    set_eval_stats(ours.eval(), "batch")
    before = copy.deepcopy(ours.state_dict())
    assert_close(ours(x), torchs.train()(x))
    assert_close(ours.state_dict(), before, rtol=0, atol=0)


@pytest.mark.parametrize("momentum", [0.01, 0.5, 1.0])
def test_momentum_is_the_weight_of_the_new_value(momentum, draw):
    torchs = nn.BatchNorm2d(3, momentum=momentum)
    ours = AFN2d(3, momentum=momentum)
    x = draw(4, 3, 6, 5)
    torchs(x), ours(x)
    assert_close(ours.running_mean, torchs.running_mean)
    assert_close(ours.running_var, torchs.running_var)


def test_statistics_stay_exact_far_from_zero(draw):
    x = 1000 + draw(4, 3, 6, 5)
    layer = AFN2d(3, lambda_init=LambdaInit.OFF)
    with torch.no_grad():
        exact = nn.BatchNorm2d(3).double()(x.double()).float()
    # Input, mean and scale · mean are rounded to float32 each, and 1000 · 2⁻²⁴ is 6e-5.
    assert_close(layer(x), exact, rtol=0, atol=2e-4)


def test_bn_counts_batches_as_torch_does(draw):
    layer = BatchNorm2d(3)
    layer(draw(4, 3, 6, 5))
    layer.eval()(draw(4, 3, 6, 5))
    assert layer.num_batches_tracked == 1


@pytest.mark.parametrize("mode", ["train", "eval by batch"])
def test_bn_says_what_a_single_value_per_channel_lacks(mode):
    layer = BatchNorm2d(3, eval_stats="batch").train(mode == "train")
    with pytest.raises(ValueError, match=r"more than one value per channel.*\(1, 3, 1, 1\).*use"):
        layer(torch.zeros(1, 3, 1, 1))


def test_bn_by_running_averages_takes_a_single_value():
    assert_close(BatchNorm2d(3).eval()(torch.zeros(1, 3, 1, 1)), torch.zeros(1, 3, 1, 1))
