"""With running averages, and no gradient asked for, AFN is one affine map, computed once."""

import copy

import pytest
import torch
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import AFN2d, override_lambdas


@pytest.fixture
def layer(scatter, draw):
    layer = scatter(AFN2d(4, lambda_init=LambdaInit.OPEN, eval_stats="running"))
    layer(draw(6, 4, 5, 5))
    return layer.eval()


@pytest.fixture
def x(draw):
    return draw(3, 4, 5, 5)


def assert_is_current(layer, x):
    with torch.no_grad():
        found = layer(x)
    assert_close(found, layer._steps(x).y)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_output_is_that_of_the_steps(memory, dtype, layer, x):
    layer, x = layer.to(dtype), x.to(dtype).contiguous(memory_format=memory)
    assert_is_current(layer, x)
    with torch.no_grad():
        assert layer(x).is_contiguous(memory_format=memory)


def test_it_is_computed_once(layer, x, monkeypatch):
    calls = []
    compute = AFN2d.running_affine
    monkeypatch.setattr(AFN2d, "running_affine", lambda layer: calls.append(1) or compute(layer))
    with torch.no_grad():
        for _ in range(3):
            layer(x)
    assert calls == [1]


CHANGES = {
    "a step": lambda layer: layer.lambda_mu_logit.add_(1),
    "a network": lambda layer: layer.rescale.gamma_decoder.weight.mul_(-1),
    "an average": lambda layer: layer.running_var.mul_(2),
    "a batch": lambda layer: (layer.train()(torch.full((1, 4, 1, 2), 9.0)), layer.eval()),
    "other weights": lambda layer: layer.load_state_dict(AFN2d(4).state_dict()),
    "assigned weights": lambda layer: layer.load_state_dict(AFN2d(4).state_dict(), assign=True),
    "behind torch's back": lambda layer: (layer.weight.data.mul_(3), layer.eval()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@torch.no_grad()
def test_it_follows_every_change(change, layer, x):
    assert_is_current(layer, x)
    change(layer)
    assert_is_current(layer, x)


def test_it_follows_overrides_and_their_end(layer, x):
    assert_is_current(layer, x)
    for share in (0.1, 0.9):
        with override_lambdas(layer, mu=share):
            assert_is_current(layer, x)
    assert_is_current(layer, x)


def test_it_follows_to_another_dtype(layer, x):
    assert_is_current(layer, x)
    assert_is_current(layer.double(), x.double())


def test_copies_go_their_own_way(layer, x):
    assert_is_current(layer, x)
    other = copy.deepcopy(layer)
    with torch.no_grad():
        other.weight.mul_(2)
    assert_is_current(other, x)
    assert_is_current(layer, x)


def test_inference_mode_and_layers_made_in_it(x):
    with torch.inference_mode():
        layer = AFN2d(4, lambda_init=LambdaInit.OPEN, eval_stats="running").eval()
        before = layer(x)
        layer.weight.mul_(2)
        assert not torch.equal(layer(x), before)


def test_in_inference_first_then_with_gradients(layer, x):
    with torch.inference_mode():
        layer(x)
    assert_is_current(layer, x)
    y = layer(x.requires_grad_())
    y.sum().backward()
    assert_close(y, layer._steps(x).y)
    assert x.grad.isfinite().all()
