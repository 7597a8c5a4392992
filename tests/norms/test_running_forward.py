"""With running averages and no gradient asked for, AFN is one affine map, never a stale one."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters
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


def fresh(layer):
    """A new layer with the same state and options."""
    other = AFN2d(4, eps=layer.eps, eval_stats="running", lambda_init=LambdaInit.OPEN)
    other.load_state_dict(copy.deepcopy(layer.state_dict()))
    return other.to(layer.weight.dtype).eval()


def assert_is_current(layer, x):
    with torch.no_grad():
        found = layer(x)
    assert_close(found, fresh(layer)._steps(x).y)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_output_is_that_of_the_steps(memory, dtype, layer, x):
    layer, x = layer.to(dtype), x.to(dtype).contiguous(memory_format=memory)
    assert_is_current(layer, x)
    with torch.no_grad():
        assert layer(x).is_contiguous(memory_format=memory)


def step(optimizer, **options):
    """One step that moves every parameter by much, as the optimizer does it."""

    def change(layer):
        for parameter in layer.parameters():
            parameter.grad = torch.ones_like(parameter)
        optimizer(layer.parameters(), lr=0.3, **options).step()

    return change


def assign(layer):
    for parameter in layer.parameters():
        parameter.data = parameter.data + 0.3


def lerp(layer):
    for parameter in layer.parameters():
        parameter.data.lerp_(torch.ones_like(parameter), 0.3)


def from_vector(layer):
    vector_to_parameters(0.5 * parameters_to_vector(layer.parameters()), layer.parameters())


def through_numpy(layer):
    layer.running_mean.numpy()[:] += 1.0


def from_storage(layer):
    layer.weight.untyped_storage().copy_(torch.full((4,), 3.0).untyped_storage())


CHANGES = {
    "in place": lambda layer: layer.lambda_mu_logit.add_(1),
    "a network": lambda layer: layer.rescale.gamma_decoder.weight.mul_(-1),
    "an average": lambda layer: layer.running_var.mul_(2),
    "an average's data": lambda layer: layer.running_var.data.mul_(2),
    "averages through numpy": through_numpy,
    "through the storage": from_storage,
    "another buffer": lambda layer: setattr(layer, "running_mean", layer.running_mean + 1),
    "a batch": lambda layer: (layer.train()(torch.full((1, 4, 1, 2), 9.0)), layer.eval()),
    "other weights": lambda layer: layer.load_state_dict(AFN2d(4).state_dict()),
    "assigned weights": lambda layer: layer.load_state_dict(AFN2d(4).state_dict(), assign=True),
    "data in place": lambda layer: layer.weight.data.mul_(3),
    "data assigned": assign,
    "data interpolated": lerp,
    "from a vector": from_vector,
    "eps": lambda layer: setattr(layer, "eps", 1.0),
    "another parameter": lambda layer: setattr(layer, "bias", nn.Parameter(torch.ones(4))),
} | {
    f"{optimizer.__name__}, {way}": step(optimizer, **{way: True})
    for optimizer in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad)
    for way in ("fused", "foreach")
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@torch.no_grad()
def test_it_follows_every_change(change, layer, x):
    assert_is_current(layer, x)
    before = layer(x)
    change(layer)
    assert (layer(x) - before).abs().max() > 1e-3
    assert_is_current(layer, x)


def test_it_follows_overrides_and_their_end(layer, x):
    with torch.no_grad():
        free = layer(x)
        for share in (0.1, 0.9):
            with override_lambdas(layer, mu=share):
                assert_close(layer(x), layer._steps(x).y)
                assert (layer(x) - free).abs().max() > 1e-3
        assert_close(layer(x), free, rtol=0, atol=0)


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


def test_replicas_read_their_own_averages(layer, x):
    """As data parallelism makes them: the same attributes, parameters and buffers of their own."""
    with torch.no_grad():
        layer(x)
        replica = layer._replicate_for_data_parallel()
        replica._modules = {k: copy.deepcopy(v) for k, v in layer._modules.items()}
        replica._parameters = {k: v.clone() for k, v in layer._parameters.items()}
        replica._buffers = {k: v + 1 for k, v in layer._buffers.items()}
        assert_close(replica(x), replica._steps(x).y)
        assert (replica(x) - layer(x)).abs().max() > 1e-2


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
