"""Frozen networks: given the running averages, they answer constants."""

import copy

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from afn import AFN2d, ASRNorm2d, LambdaInit, convert_norm, freeze_networks, recalibrate
from afn.norms import AdaptiveNorm, BatchNorm2d, override_lambdas
from afn.settings.lambda_init import LAMBDAS

BOTH = pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
FIELDS = ("mu_stan", "sigma_stan", "gamma_net", "beta_net")


@pytest.fixture
def trained(draw, scatter):
    """A layer whose networks say something, after three batches."""

    def trained(layer_class, **options):
        options.setdefault("lambda_init", LambdaInit.OPEN)
        layer = scatter(layer_class(6, rescale_width=3, **options)).double()
        for _ in range(3):
            layer(draw(5, 6, 4, 3, dtype=torch.float64))
        return layer

    return trained


def by_hand(layer, x):
    """The equations with the averages in the networks' inputs, spelled out."""
    dims = (2, 3) if layer.is_per_image else (0, 2, 3)
    mu = x.mean(dims, keepdim=True)
    sigma = (x.var(dims, correction=0, keepdim=True) + layer.eps).sqrt()
    average = layer.running_mean
    spread = layer.running_sigma if layer.is_per_image else (layer.running_var + layer.eps).sqrt()
    mu_stan, sigma_stan = layer.standardize(average, spread)
    gamma_net, beta_net = layer.rescale(average, spread)
    shares = [layer._lambda(name) for name in LAMBDAS]
    one = {
        name: values.view(1, -1, 1, 1)
        for name, values in zip(FIELDS, (mu_stan, sigma_stan, gamma_net, beta_net), strict=True)
    }
    mu_hat = shares[0] * one["mu_stan"] + (1 - shares[0]) * mu
    sigma_hat = (shares[1] * one["sigma_stan"] + (1 - shares[1]) * sigma).clamp(min=layer.eps**0.5)
    gamma_hat = shares[2] * one["gamma_net"] + layer.weight.view(1, -1, 1, 1)
    beta_hat = shares[3] * one["beta_net"] + layer.bias.view(1, -1, 1, 1)
    return gamma_hat * (x - mu_hat) / sigma_hat + beta_hat


@BOTH
def test_a_trained_layer_answers_by_the_equations_with_averages(layer_class, trained, draw):
    layer, x = trained(layer_class).eval(), draw(4, 6, 5, 5, dtype=torch.float64)
    adaptive = layer(x)
    with freeze_networks(layer):
        assert_close(layer(x), by_hand(layer, x))
        assert_close(layer.trace(x).y, by_hand(layer, x))
        one, other = layer.trace(x), layer.trace(7 * x - 1)
    for name in FIELDS:
        assert_close(getattr(one, name), getattr(other, name), rtol=0, atol=0)
    assert not torch.allclose(adaptive, by_hand(layer, x), atol=1e-3)
    assert torch.equal(layer(x), adaptive)


@BOTH
def test_in_training_the_averages_are_those_from_before_the_batch(layer_class, trained, draw):
    layer = trained(layer_class, frozen_networks=True)
    x = draw(4, 6, 5, 5, dtype=torch.float64)
    expected = by_hand(layer, x).detach()
    before = copy.deepcopy(layer)
    assert_close(layer(x), expected)
    assert not torch.equal(layer.running_mean, before.running_mean)
    assert_close(before._steps(x, tracks=True).y, expected)
    assert_close(dict(before.named_buffers()), dict(layer.named_buffers()))


@BOTH
def test_gradients_are_those_of_the_equations_and_pass_the_networks_by(layer_class, trained, draw):
    layer = trained(layer_class, frozen_networks=True, stat_dropout=0.5).eval()
    x = draw(3, 6, 2, 2, dtype=torch.float64).requires_grad_()
    assert gradcheck(layer, x)
    assert gradgradcheck(layer, x)
    inputs = [x, *layer.parameters()]
    grad_y = draw(3, 6, 2, 2, dtype=torch.float64)
    fused = torch.autograd.grad(layer(x), inputs, grad_y)
    assert_close(fused, torch.autograd.grad(by_hand(layer, x), inputs, grad_y))
    assert all(gradient.any() for gradient in fused)  # the networks learn all the same
    assert layer.train()._kept(x) is None  # no dropout where networks answer constants


@pytest.mark.parametrize("formula", ["paper", "reference"])
def test_asrnorm_tracks_the_mean_of_sigma_over_images(formula, draw):
    layer = ASRNorm2d(3, formula=formula, momentum=None)
    batches = [draw(4, 3, 6, 6) for _ in range(3)]
    for batch in batches:
        layer(batch)
    correction = 0 if formula == "paper" else 1
    var = torch.cat(batches).var((2, 3), correction=correction)
    assert_close(layer.running_sigma, (var + layer.eps).sqrt().mean(0))
    layer.reset_running_stats()
    assert_close(layer.running_sigma, torch.ones(3))


def test_weights_of_before_sigma_was_tracked_are_told_and_recalibrated(draw):
    old = ASRNorm2d(3).state_dict()
    del old["running_sigma"]
    layer = ASRNorm2d(3).eval()
    layer.load_state_dict(dict(old))
    with pytest.raises(ValueError, match=r"came without: recalibrate\(model, loader\)"):
        freeze_networks(layer).__enter__()
    images = draw(8, 3, 6, 6)
    recalibrate(layer, [images])
    with freeze_networks(layer):
        layer(images)
    assert_close(layer.running_sigma, (images.var((2, 3), correction=0) + 1e-5).sqrt().mean(0))
    resumed = ASRNorm2d(3)
    resumed.load_state_dict(dict(old))
    resumed(images)  # what is not known begins with the first batch
    assert_close(resumed.running_sigma, layer.running_sigma)


def test_converted_layers_know_sigma_only_where_it_was_measured(draw):
    kept = convert_norm(nn.Sequential(ASRNorm2d(3)), "asrnorm")
    assert not kept[0].running_sigma.isnan().any()
    unknown = convert_norm(nn.Sequential(nn.BatchNorm2d(3)), "asrnorm")
    with pytest.raises(ValueError, match="came without"), freeze_networks(unknown):
        pass
    assert torch.isfinite(unknown(draw(2, 3, 4, 4))).all()


def test_without_networks_or_averages_there_is_nothing_to_freeze():
    with pytest.raises(ValueError, match="got a model without any"):
        freeze_networks(BatchNorm2d(3)).__enter__()
    with pytest.raises(ValueError, match="without running averages"):
        freeze_networks(AFN2d(3, track_running_stats=False)).__enter__()
    with pytest.raises(ValueError, match="track_running_stats=False: leave it on"):
        AFN2d(3, track_running_stats=False, frozen_networks=True)


@BOTH
def test_what_was_comes_back_and_lambda_zero_needs_no_networks(layer_class, trained, draw):
    layer, x = trained(layer_class).eval(), draw(4, 6, 5, 5, dtype=torch.float64)
    zero = {"mu": 0.0, "sigma": 0.0, "gamma": 0.0, "beta": 0.0}
    with override_lambdas(layer, **zero), freeze_networks(layer):
        frozen = layer(x)
    with override_lambdas(layer, **zero):
        assert_close(frozen, layer(x))
    assert isinstance(layer, AdaptiveNorm)
    assert not layer.frozen_networks


def test_running_averages_make_freezing_a_thing_of_nothing(trained, draw):
    layer, x = trained(AFN2d, eval_stats="running").eval(), draw(4, 6, 5, 5, dtype=torch.float64)
    tracked = layer(x)
    with freeze_networks(layer):
        assert_close(layer(x), tracked)
