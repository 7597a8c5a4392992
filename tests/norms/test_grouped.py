"""Norms of groups of channels: torch's kernel where it is exact, our own where it is not."""

import pytest
import torch
from torch.testing import assert_close

from afn.norms import GroupNorm2d, InstanceNorm2d, LayerNorm2d

FORMATS = (torch.contiguous_format, torch.channels_last)


def layers():
    return GroupNorm2d(32, num_groups=2), GroupNorm2d(32), InstanceNorm2d(32), LayerNorm2d(32)


@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("mean", [0.0, 1.0, 300.0])
@pytest.mark.parametrize("place", range(4))
def test_groups_are_exact_near_zero_and_far_from_it(mean, place, memory_format, draw):
    layer = layers()[place]
    exact = layers()[place].double()
    x = (mean + draw(3, 32, 9, 9)).to(memory_format=memory_format).requires_grad_()
    wide = x.detach().double().requires_grad_()
    weights = draw(3, 32, 9, 9).to(memory_format=memory_format)
    y, of_wide = layer(x), exact(wide)
    (y * weights).sum().backward()
    (of_wide * weights).sum().backward()
    tolerance = 1e-5 * max(1.0, mean / 3)  # torch in channels_last is 4e-2 off at 300
    assert_close(y, of_wide.float(), rtol=0, atol=tolerance)
    assert_close(x.grad, wide.grad.float(), rtol=0, atol=tolerance)
    sums = 30 * tolerance  # over 243 values each
    assert_close(layer.weight.grad, exact.weight.grad.float(), rtol=1e-5, atol=sums)
    assert_close(layer.bias.grad, exact.bias.grad.float(), rtol=1e-5, atol=sums)


@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("layer", layers())
def test_a_group_of_one_value_everywhere_becomes_the_shift(layer, memory_format):
    with torch.no_grad():
        layer.bias.uniform_(-1, 1)
    x = torch.full((2, 32, 3, 3), 7.3).to(memory_format=memory_format)
    # the rounded mean is 5e-7 off, divided by the square root of eps
    assert_close(layer(x), layer.bias[:, None, None].expand(2, 32, 3, 3), rtol=0, atol=5e-4)


@pytest.mark.parametrize("num_groups", [2, 32])
def test_images_in_half_precision_keep_their_type_and_are_summed_in_single(num_groups, draw):
    layer = GroupNorm2d(32, num_groups=num_groups)
    x = draw(2, 32, 8, 8).to(memory_format=torch.channels_last)
    y = layer(x.half())
    assert y.dtype == torch.float16
    assert_close(y.float(), layer(x), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("place", range(4))
def test_the_steps_and_the_quick_way_agree(place, memory_format, draw):
    layer = layers()[place]
    x = draw(3, 32, 9, 9).to(memory_format=memory_format)
    assert_close(layer.trace(x).y, layer(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layer", layers())
def test_a_share_without_images_goes_forward_and_back(layer):
    x = torch.zeros(0, 32, 4, 4, requires_grad=True)
    layer._normalize(x).sum().backward()
    assert not layer.weight.grad.any()
    assert x.grad.shape == x.shape
