"""Half precision, memory format and device."""

import pytest
import torch
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import NORMS, AFN2d, ASRNorm2d, make_norm
from tests.norms.devices import DEVICES

EVERY_NORM = pytest.mark.parametrize("name", NORMS)


@EVERY_NORM
@DEVICES
def test_bfloat16_input_is_normalized_by_float32_statistics(name, device, draw):
    layer = make_norm(name)(8).to(device)
    x = (100 + draw(4, 8, 6, 5)).bfloat16().to(device)
    with torch.autocast(device, dtype=torch.bfloat16):
        y = layer(x)
        trace = layer.trace(x)
    assert y.dtype == torch.bfloat16
    if name != "none":
        assert {trace.mu.dtype, trace.sigma.dtype, trace.mu_hat.dtype} == {torch.float32}
        assert_close(y, layer(x.float()).bfloat16())


@pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
def test_autocast_leaves_float32_input_in_float32(layer_class, draw):
    layer = layer_class(8, lambda_init=LambdaInit.OPEN)
    x = draw(4, 8, 6, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert_close(layer(x), layer(x).float(), rtol=0, atol=0)
        y = layer(x)
    assert_close(y, layer(x), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["afn", "asrnorm"])
def test_a_layer_in_bfloat16_runs(name, draw):
    layer = make_norm(name)(8).bfloat16()
    y = layer(draw(4, 8, 6, 5).bfloat16())
    y.float().square().sum().backward()
    assert y.dtype == torch.bfloat16
    assert layer.standardize.encoder.weight.grad.isfinite().all()


@EVERY_NORM
@pytest.mark.parametrize("is_training", [True, False])
@DEVICES
def test_channels_last_stays_channels_last(name, is_training, device, draw):
    layer = make_norm(name)(8).to(device).train(is_training)
    x = draw(4, 8, 6, 5).to(device)
    last = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    y = layer(last)
    y.square().sum().backward()
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert last.grad.is_contiguous(memory_format=torch.channels_last)
    assert_close(y, layer(x))
