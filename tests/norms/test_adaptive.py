"""The exact limits of the equations, and where they must stay finite."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import AFN2d, ASRNorm2d, override_lambdas, set_eval_stats

BOTH = pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
CHANNELS = (1, 2, 7, 15, 16, 17, 64, 512)
STATE = {
    "weight",
    "bias",
    "lambda_mu_logit",
    "lambda_sigma_logit",
    "lambda_gamma_logit",
    "lambda_beta_logit",
    "running_mean",
    "running_var",
    "num_batches_tracked",
}
NETWORKS = {
    f"{part}.{kind}"
    for part in (
        "standardize.encoder",
        "standardize.mu_decoder",
        "standardize.sigma_decoder",
        "rescale.encoder",
        "rescale.gamma_decoder",
        "rescale.beta_decoder",
    )
    for kind in ("weight", "bias")
}


def by_hand(layer, x):
    """The paper's equations, written out once more."""
    dims = (0, 2, 3) if isinstance(layer, AFN2d) else (2, 3)
    var, mu = torch.var_mean(x, dims, correction=0)
    sigma = torch.sqrt(var + layer.eps)
    s, r = layer.standardize, layer.rescale
    mu_stan = s.mu_decoder(torch.relu(s.encoder(mu)))
    sigma_stan = torch.relu(s.sigma_decoder(torch.relu(s.encoder(sigma))))
    share = layer.lambdas()
    mu_hat = share["mu"] * mu_stan + (1 - share["mu"]) * mu
    sigma_hat = share["sigma"] * sigma_stan + (1 - share["sigma"]) * sigma
    sigma_hat = sigma_hat.clamp(min=math.sqrt(layer.eps))
    gamma = share["gamma"] * torch.sigmoid(r.gamma_decoder(torch.relu(r.encoder(sigma))))
    beta = share["beta"] * torch.tanh(r.beta_decoder(torch.relu(r.encoder(mu))))
    gamma, beta = gamma + layer.weight, beta + layer.bias
    mu_hat, sigma_hat, gamma, beta = (t[..., None, None] for t in (mu_hat, sigma_hat, gamma, beta))
    return gamma * (x - mu_hat) / sigma_hat + beta


@BOTH
@pytest.mark.parametrize("channels", CHANNELS)
def test_output_is_that_of_the_equations(layer_class, channels, draw, scatter):
    layer = scatter(layer_class(channels, lambda_init=LambdaInit.OPEN)).double()
    x = draw(3, channels, 6, 5, dtype=torch.float64)
    assert_close(layer(x), by_hand(layer, x))
    assert_close(layer.eval()(x), by_hand(layer, x))


@BOTH
def test_lambda_one_uses_only_the_networks_statistics(layer_class, draw):
    layer = layer_class(4, lambda_init=LambdaInit.OFF)
    for decoder, value in (
        (layer.standardize.mu_decoder, 0.25),
        (layer.standardize.sigma_decoder, 2),
    ):
        nn.init.zeros_(decoder.weight)
        nn.init.constant_(decoder.bias, value)
    x = draw(3, 4, 6, 5)
    with override_lambdas(layer, mu=1, sigma=1):
        assert_close(layer(x), (x - 0.25) / 2)


def test_afn_by_running_averages_sends_them_through_the_networks(draw, scatter):
    layer = scatter(AFN2d(4, lambda_init=LambdaInit.OPEN, momentum=1.0))
    x = draw(3, 4, 6, 5)
    layer(x)
    set_eval_stats(layer.eval(), "running")
    # With momentum 1 the averages are the batch's, but for the estimator of the variance.
    layer.running_var.mul_(1 - 1 / (3 * 6 * 5))
    assert_close(layer(x), by_hand(layer, x))
    assert_close(layer(x[:1]), by_hand(layer, x)[:1])


def test_asrnorm_normalizes_every_image_by_itself(draw, scatter):
    layer = scatter(ASRNorm2d(4, lambda_init=LambdaInit.OPEN))
    x = draw(3, 4, 6, 5)
    for eval_stats in ("batch", "running"):
        set_eval_stats(layer.eval(), eval_stats)
        assert_close(layer(x), torch.cat([layer(image) for image in x.split(1)]))


def test_asrnorm_tracks_the_batch_too(draw):
    layer, other = ASRNorm2d(4), nn.BatchNorm2d(4)
    layer(x := draw(3, 4, 6, 5)), other(x)
    assert_close(layer.running_mean, other.running_mean)
    assert_close(layer.running_var, other.running_var)


@BOTH
@pytest.mark.parametrize("shape", [(1, 4, 6, 5), (2, 4, 1, 1), (1, 4, 1, 1)])
@pytest.mark.parametrize("value", [None, 0.0, 3.0])
@pytest.mark.parametrize("relu_is_dead", [False, True])
def test_finite_however_little_the_input_says(layer_class, shape, value, relu_is_dead, draw):
    layer = layer_class(4, lambda_init=LambdaInit.OPEN)
    if relu_is_dead:
        nn.init.zeros_(layer.standardize.sigma_decoder.weight)
        nn.init.constant_(layer.standardize.sigma_decoder.bias, -1.0)
    x = draw(*shape) if value is None else torch.full(shape, value)
    x.requires_grad_()
    for share in (None, 1.0):
        with override_lambdas(layer, sigma=share):
            y = layer(x)
            y.pow(3).sum().backward()
            assert y.isfinite().all()
    assert x.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in layer.parameters())
    assert all(buffer.isfinite().all() for buffer in layer.buffers())


def test_sigma_hat_never_falls_below_the_root_of_eps(draw):
    layer = AFN2d(4, eps=1e-4)
    nn.init.zeros_(layer.standardize.sigma_decoder.weight)
    nn.init.constant_(layer.standardize.sigma_decoder.bias, -1.0)
    with override_lambdas(layer, sigma=1):
        assert_close(layer.trace(draw(2, 4, 3, 3)).sigma_hat, torch.full((4,), 1e-2))


@BOTH
def test_state_dict_has_the_published_names(layer_class):
    state = STATE | ({"running_sigma"} if layer_class is ASRNorm2d else set())
    assert layer_class(4).state_dict().keys() == state | NETWORKS
    assert layer_class(4, adaptive=False).state_dict().keys() == state
    assert layer_class(4).lambda_mu_logit.shape == (1,)


@BOTH
def test_state_dict_round_trip(layer_class, draw, scatter):
    layer, other = scatter(layer_class(4)), layer_class(4)
    layer(x := draw(3, 4, 6, 5))
    other.load_state_dict(layer.state_dict())
    assert_close(other.eval()(x), layer.eval()(x), rtol=0, atol=0)


@BOTH
def test_checkpoints_with_scalar_lambdas_load(layer_class, scatter):
    layer, other = scatter(layer_class(4)), layer_class(4)
    state = layer.state_dict()
    for name in ("mu", "sigma", "gamma", "beta"):
        state[f"lambda_{name}_logit"] = state[f"lambda_{name}_logit"].squeeze()
    other.load_state_dict(state)
    assert other.lambdas() == layer.lambdas()
    assert other.lambda_mu_logit.shape == (1,)


@BOTH
@pytest.mark.parametrize("eval_stats", ["batch", "running"])
def test_eval_leaves_the_state_alone(layer_class, eval_stats, draw):
    layer = layer_class(4, eval_stats=eval_stats).eval()
    before = copy.deepcopy(layer.state_dict())
    layer(draw(3, 4, 6, 5))
    assert_close(layer.state_dict(), before, rtol=0, atol=0)


def test_hidden_widths_are_a_half_and_a_sixteenth_and_at_least_one():
    layer = AFN2d(64)
    assert layer.standardize.encoder.out_features == 32
    assert layer.rescale.encoder.out_features == 4
    narrow = AFN2d(1)
    assert narrow.standardize.encoder.out_features == 1
    assert narrow.rescale.encoder.out_features == 1
    chosen = AFN2d(8, stan_width=3, rescale_width=5)
    assert chosen.standardize.encoder.out_features == 3
    assert chosen.rescale.encoder.out_features == 5


def test_lambdas_start_where_lambda_init_says():
    sigmoid = 1 / (1 + math.exp(3))
    assert AFN2d(4).lambdas() == pytest.approx(
        {"mu": sigmoid, "sigma": sigmoid, "gamma": 0.0066929, "beta": 0.0066929}, rel=1e-4
    )
    assert AFN2d(4, lambda_init=LambdaInit.REFERENCE).lambdas() == pytest.approx(
        {"mu": 0.51185, "sigma": 0.51185, "gamma": 0.0066929, "beta": 0.0066929}, rel=1e-4
    )
    assert set(AFN2d(4, lambda_init=LambdaInit.OPEN).lambdas().values()) == {0.5}


def test_whole_numbers_are_logits_as_well():
    whole, same = LambdaInit(mu=0, sigma=-3), LambdaInit(mu=0.0, sigma=-3.0)
    assert AFN2d(4, lambda_init=whole).lambdas() == AFN2d(4, lambda_init=same).lambdas()
    assert (whole, repr(whole)) == (same, repr(same))


@pytest.mark.parametrize("gate", ["sigmoid", "linear"])
def test_lambda_off_is_zero_and_frozen_under_both_gates(gate):
    off = dict.fromkeys(("mu", "sigma", "gamma", "beta"), -math.inf)
    layer = AFN2d(4, lambda_init=LambdaInit(**off, rescale_gate=gate))
    assert set(layer.lambdas().values()) == {0.0}
    logits = [p for name, p in layer.named_parameters() if name.endswith("_logit")]
    assert len(logits) == 4
    assert not any(p.requires_grad for p in logits)


def test_without_networks_lambdas_are_kept_but_frozen():
    layer = AFN2d(4, adaptive=False)
    assert layer.lambdas() == AFN2d(4).lambdas()
    assert not layer.lambda_mu_logit.requires_grad
    assert layer.weight.requires_grad


def test_a_linear_gate_may_turn_negative(draw):
    layer = AFN2d(4, lambda_init=LambdaInit(gamma=-2.0, beta=0.0, rescale_gate="linear"))
    trace = layer.trace(draw(2, 4, 3, 3))
    assert_close(trace.gamma_hat, 1 - 2 * trace.gamma_net)


@BOTH
def test_dropout_acts_in_training_only(layer_class, draw):
    layer = layer_class(16, lambda_init=LambdaInit.OPEN, stat_dropout=0.5)
    x = draw(3, 16, 6, 5)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))


def test_dropout_masks_mu_and_sigma_apart_and_spares_the_rescaling(draw):
    layer = AFN2d(16, lambda_init=LambdaInit.OPEN, stat_dropout=0.5)
    seen = []
    layer.standardize.encoder.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    layer.rescale.encoder.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer._steps(draw(3, 16, 6, 5), layer._kept(draw(3, 16, 6, 5)))
    dropped = [values == 0 for values in seen]
    assert dropped[0].any()
    assert dropped[1].any()
    assert not torch.equal(dropped[0], dropped[1])
    assert not dropped[2].any()
    assert not dropped[3].any()


@BOTH
def test_a_layer_used_twice_in_one_graph(layer_class, draw):
    layer = layer_class(4, lambda_init=LambdaInit.OPEN)
    x = draw(3, 4, 6, 5).requires_grad_()
    layer(layer(x)).square().sum().backward()
    assert x.grad.isfinite().all()
    assert layer.lambda_mu_logit.grad is not None
