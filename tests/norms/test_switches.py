import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import AFN2d, ASRNorm2d, BatchNorm2d, LayerNorm2d, override_lambdas, set_eval_stats


@pytest.fixture
def model():
    return nn.Sequential(AFN2d(4), nn.Sequential(ASRNorm2d(4)), BatchNorm2d(4))


def test_lambdas_are_forced_on_every_adaptive_layer_and_come_back(model):
    before = [layer.lambdas() for layer in (model[0], model[1][0])]
    with override_lambdas(model, mu=0.5, beta=1):
        for layer, old in zip((model[0], model[1][0]), before, strict=True):
            assert layer.lambdas() == {**old, "mu": 0.5, "beta": 1.0}
    assert [model[0].lambdas(), model[1][0].lambdas()] == before


def test_zero_and_one_are_exact(draw):
    layer, x = AFN2d(4), draw(3, 4, 6, 5)
    off = AFN2d(4, lambda_init=LambdaInit.OFF)
    with override_lambdas(layer, mu=0, sigma=0, gamma=0, beta=0):
        assert_close(layer(x), off(x), rtol=0, atol=0)
    with override_lambdas(layer, mu=1, sigma=1):
        trace = layer.trace(x)
        assert torch.equal(trace.mu_hat, trace.mu_stan)


def test_parameters_are_not_touched_and_get_no_gradient(draw):
    layer = AFN2d(4)
    logit = layer.lambda_mu_logit.item()
    with override_lambdas(layer, mu=0.9):
        layer(draw(3, 4, 6, 5)).square().sum().backward()
        assert layer.lambda_mu_logit.item() == logit
    assert layer.lambda_mu_logit.grad is None
    assert layer.lambda_sigma_logit.grad is not None


def test_blocks_nest(model):
    start = model[0].lambdas()
    with override_lambdas(model, mu=0.2, sigma=0.3):
        with override_lambdas(model, mu=0.8):
            assert model[0].lambdas() == pytest.approx({**start, "mu": 0.8, "sigma": 0.3})
        assert model[0].lambdas() == pytest.approx({**start, "mu": 0.2, "sigma": 0.3})
    assert model[0].lambdas() == start


def test_an_exception_restores_too(model):
    start = model[0].lambdas()
    with pytest.raises(RuntimeError, match="from within"), override_lambdas(model, mu=0.5):
        raise RuntimeError("from within")
    assert model[0].lambdas() == start


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
@pytest.mark.parametrize("name", ["mu", "gamma"])
def test_a_share_out_of_range_changes_nothing(name, value, model):
    start = model[0].lambdas()
    with pytest.raises(ValueError, match=f"λ_{name}"), override_lambdas(model, **{name: value}):
        pass
    assert model[0].lambdas() == start


def test_a_linear_gate_takes_any_finite_value():
    layer = AFN2d(4, lambda_init=LambdaInit.REFERENCE)
    with override_lambdas(layer, gamma=-2):
        assert layer.lambdas()["gamma"] == -2
    with (
        pytest.raises(ValueError, match="λ_gamma must be finite"),
        override_lambdas(layer, gamma=math.inf),
    ):
        pass


def test_a_layer_that_refuses_leaves_those_before_it_as_they_were():
    model = nn.Sequential(AFN2d(4, lambda_init=LambdaInit.REFERENCE), AFN2d(4))
    start = model[0].lambdas()
    with pytest.raises(ValueError, match="λ_gamma"), override_lambdas(model, gamma=-2):
        pass
    assert model[0].lambdas() == start


@pytest.mark.parametrize("model", [BatchNorm2d(4), AFN2d(4, adaptive=False)])
def test_without_networks_there_is_nothing_to_override(model):
    with pytest.raises(ValueError, match="without any"), override_lambdas(model, mu=0.5):
        pass


def test_eval_stats_are_set_where_there_is_a_choice(draw):
    model = nn.Sequential(AFN2d(4), BatchNorm2d(4), LayerNorm2d(4))
    assert set_eval_stats(model, "running") is model
    assert [layer.eval_stats for layer in model] == ["running", "running", None]
    x = draw(3, 4, 6, 5)
    model(x)
    model.eval()
    assert_close(model(x[:1]), model(x)[:1])
    set_eval_stats(model, "batch")
    assert (model(x[:1]) - model(x)[:1]).abs().max() > 0.01


def test_other_eval_stats_are_refused(model):
    with pytest.raises(ValueError, match="eval_stats must be one of batch, running, got 'test'"):
        set_eval_stats(model, "test")


@pytest.mark.parametrize("model", [nn.ReLU(), nn.Sequential(nn.BatchNorm2d(4))])
def test_without_layers_of_ours_there_are_no_statistics_to_choose(model):
    with pytest.raises(ValueError, match=r"got a model without any: use convert_norm"):
        set_eval_stats(model, "batch")


def test_layers_that_measure_each_image_have_nothing_to_choose():
    model = nn.Sequential(LayerNorm2d(4))
    assert set_eval_stats(model, "running") is model
    assert model[0].eval_stats is None


def test_torchs_layers_beside_ours_that_take_other_statistics_are_named():
    without = nn.BatchNorm2d(4, track_running_stats=False)
    model = nn.Sequential(AFN2d(4), nn.BatchNorm2d(4), without)
    with pytest.warns(UserWarning, match=r"^1 of torch's .* not take batch .* \(1\)") as caught:
        set_eval_stats(model, "batch")
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=r"^1 of torch's .* not take running .* \(2\)"):
        set_eval_stats(model, "running")
    assert model[0].eval_stats == "running"
