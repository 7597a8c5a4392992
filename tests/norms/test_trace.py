import copy
from dataclasses import FrozenInstanceError, fields

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import NORMS, AFN2d, ASRNorm2d, BatchNorm2d, make_norm, norm_layers

OPTIONS = {
    "afn by batch": ("afn", {"lambda_init": LambdaInit.OPEN, "eval_stats": "batch"}),
    "afn by running": ("afn", {"lambda_init": LambdaInit.OPEN, "eval_stats": "running"}),
    "afn without networks": ("afn", {"adaptive": False}),
    "afn reference": ("afn", {"lambda_init": LambdaInit.REFERENCE, "formula": "reference"}),
    "bn by batch": ("bn", {"eval_stats": "batch"}),
    **{name: (name, {}) for name in NORMS},
}
PER_IMAGE = {"asrnorm", "in", "gn", "ln", "frn", "evos0", "wsgn", "gbn"}


@pytest.fixture(params=OPTIONS)
def layer(request, scatter, draw):
    name, options = OPTIONS[request.param]
    layer = scatter(make_norm(name, **options)(8))
    layer(draw(4, 8, 6, 5))
    return layer


@pytest.mark.parametrize("is_training", [True, False])
def test_trace_ends_in_the_output_of_the_forward_pass(layer, is_training, draw):
    layer.train(is_training)
    x = draw(4, 8, 6, 5)
    trace = layer.trace(x)
    y = layer(x)
    assert_close(trace.y, y)
    rescaled = trace.gamma_hat[..., None, None] * trace.x_hat + trace.beta_hat[..., None, None]
    if trace.least is not None:
        rescaled = torch.maximum(rescaled, trace.least[:, None, None])
    assert_close(rescaled, y)


@pytest.mark.parametrize("is_training", [True, False])
def test_trace_changes_nothing(layer, is_training, draw):
    layer.train(is_training)
    before, rng = copy.deepcopy(layer.state_dict()), torch.get_rng_state()
    layer.trace(draw(4, 8, 6, 5))
    assert_close(layer.state_dict(), before, rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), rng)
    assert layer.training is is_training


def test_trace_drops_nothing(draw):
    layer = AFN2d(8, lambda_init=LambdaInit.OPEN, stat_dropout=0.9)
    x, rng = draw(4, 8, 6, 5), torch.get_rng_state()
    trace = layer.trace(x)
    assert torch.equal(torch.get_rng_state(), rng)
    assert_close(trace.y, layer.eval()(x))


def test_trace_is_a_snapshot_without_gradient(layer, draw):
    trace = layer.eval().trace(draw(4, 8, 6, 5).requires_grad_())
    values = [getattr(trace, field.name) for field in fields(trace)]
    assert not any(value.requires_grad for value in values if value is not None)
    kept = trace.y
    with torch.no_grad():
        for tensor in (*layer.parameters(), *layer.buffers()):
            tensor.fill_(3)
    assert_close(trace.y, kept, rtol=0, atol=0)
    with pytest.raises(FrozenInstanceError):
        trace.mu = kept


@pytest.mark.parametrize("name", NORMS)
def test_statistics_are_per_channel_or_per_image_and_channel(name, draw):
    trace = make_norm(name)(8).trace(draw(4, 8, 6, 5))
    shape = (4, 8) if name in PER_IMAGE else (8,)
    assert trace.mu.shape == trace.sigma.shape == shape
    if name not in ("afn", "asrnorm"):
        assert trace.gamma_hat.shape == trace.beta_hat.shape == (8,)
        assert trace.mu_stan is trace.sigma_stan is trace.gamma_net is trace.beta_net is None


@pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
def test_steps_follow_from_one_another(layer_class, draw, scatter):
    layer = scatter(layer_class(8, lambda_init=LambdaInit.OPEN))
    trace, share = layer.trace(draw(4, 8, 6, 5)), layer.lambdas()
    assert_close(trace.mu_hat, share["mu"] * trace.mu_stan + (1 - share["mu"]) * trace.mu)
    assert_close(trace.gamma_hat, share["gamma"] * trace.gamma_net + layer.weight.detach())
    assert_close(trace.beta_hat, share["beta"] * trace.beta_net + layer.bias.detach())
    assert (trace.sigma_stan >= 0).all()
    assert ((trace.gamma_net > 0) & (trace.gamma_net < 1)).all()
    assert (trace.beta_net.abs() < 1).all()


def test_only_adaptive_layers_have_lambdas():
    assert {name for name in NORMS if make_norm(name)(4).lambdas()} == {"afn", "asrnorm"}


def test_norm_layers_are_found_by_name_in_order():
    model = nn.Sequential(AFN2d(2), nn.ReLU(), nn.Sequential(BatchNorm2d(2), nn.BatchNorm2d(2)))
    assert norm_layers(model) == {"0": model[0], "2.0": model[2][0]}
    assert norm_layers(model[0]) == {"": model[0]}
