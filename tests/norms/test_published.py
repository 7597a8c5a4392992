"""Checkpoints under the published names compute what the published code does."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import AFN2d, ASRNorm2d, load_published, recalibrate
from tests.norms.test_reference import EPS, published

REFERENCE = {"eps": EPS, "lambda_init": LambdaInit.REFERENCE, "formula": "reference"}
PUBLISHED = {
    "bias_gamma": "weight",
    "bias_beta": "bias",
    "lambda_mu": "lambda_mu_logit",
    "lambda_sigma": "lambda_sigma_logit",
    "lambda_gamma": "lambda_gamma_logit",
    "lambda_beta": "lambda_beta_logit",
    "standard_encoder.weight": "standardize.encoder.weight",
    "standard_encoder.bias": "standardize.encoder.bias",
    "standard_mean_decoder.1.weight": "standardize.mu_decoder.weight",
    "standard_mean_decoder.1.bias": "standardize.mu_decoder.bias",
    "standard_std_decoder.1.weight": "standardize.sigma_decoder.weight",
    "standard_std_decoder.1.bias": "standardize.sigma_decoder.bias",
    "rescale_encoder.weight": "rescale.encoder.weight",
    "rescale_encoder.bias": "rescale.encoder.bias",
    "rescale_beta_decoder.1.weight": "rescale.beta_decoder.weight",
    "rescale_beta_decoder.1.bias": "rescale.beta_decoder.bias",
    "rescale_gamma_decoder.1.weight": "rescale.gamma_decoder.weight",
    "rescale_gamma_decoder.1.bias": "rescale.gamma_decoder.bias",
}
BOTH = pytest.mark.parametrize(
    ("layer_class", "dims", "eps_is_inside"), [(AFN2d, (0, 2, 3), False), (ASRNorm2d, (2, 3), True)]
)


def checkpoint(layer, prefix=""):
    """The layer's parameters as the published code would save them."""
    state = layer.state_dict()
    return {f"{prefix}{theirs}": state[ours] for theirs, ours in PUBLISHED.items()}


@BOTH
def test_a_layer(layer_class, dims, eps_is_inside, draw, scatter):
    trained = scatter(layer_class(32, **REFERENCE)).double()
    layer = layer_class(32, **REFERENCE).double()
    assert load_published(layer, checkpoint(trained)) is layer
    x = draw(3, 32, 4, 5, dtype=torch.float64)
    assert_close(layer.eval()(x), published(trained.state_dict(), x, dims, eps_is_inside))


def model_of(layer_class, **options):
    return nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.Sequential(layer_class(32, **REFERENCE, **options)), nn.Flatten()
    )


@BOTH
def test_a_model(layer_class, dims, eps_is_inside, draw, scatter):
    trained, model = scatter(model_of(layer_class)), model_of(layer_class)
    model(draw(2, 3, 4, 5))  # averages of before do not stay
    state = {"0.weight": trained[0].weight, "0.bias": trained[0].bias}
    load_published(model, state | checkpoint(trained[1][0], "1.0."))
    x = draw(2, 3, 4, 5)
    assert_close(model(x), trained(x))
    fresh = layer_class(32)
    load_published(model, state | checkpoint(trained[1][0], "1.0."))
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        assert torch.equal(model[1][0].get_buffer(name), fresh.get_buffer(name))
    recalibrate(model, [x])
    assert_close(model[1][0].running_mean, trained[0](x).mean((0, 2, 3)))


def test_shares_that_had_no_gate(draw, scatter):
    trained = scatter(AFN2d(32, **REFERENCE))
    state = checkpoint(trained)
    state |= {"lambda_mu": torch.tensor([0.3]), "lambda_sigma": torch.tensor([0.6])}
    layer = load_published(AFN2d(32, **REFERENCE), state, is_gated=False)
    assert layer.lambdas()["mu"] == pytest.approx(0.3)
    assert layer.lambdas()["sigma"] == pytest.approx(0.6)
    assert layer.lambdas()["gamma"] == trained.lambdas()["gamma"]
    state["lambda_sigma"] = torch.tensor([1.5])
    with pytest.raises(ValueError, match=r"lambda_sigma is no share .*\[1.5\].*is_gated=True"):
        load_published(layer, state, is_gated=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("1.0.standard_encoder.bias"), r"lacks 1\.0\.standard_encoder\.bias$"),
        (lambda s: s.pop("0.bias"), r"lacks 0\.bias$"),
        (lambda s: s.update({"1.0.bias_3": s["0.bias"]}), r"has no place for 1\.0\.bias_3$"),
        (
            lambda s: s.update({"1.0.running_mean": s["0.bias"]}),
            r"has no place for 1\.0\.running_mean$",
        ),
        (
            lambda s: s.update({"1.0.bias_beta": torch.zeros(16)}),
            r"has 1\.0\.bias_beta of shape \(16,\) instead of \(32,\)$",
        ),
        (lambda s: s.clear(), r"lacks 0\.weight, 0\.bias, 1\.0\.bias_gamma and 17 more$"),
    ],
)
def test_what_does_not_fit_is_named_as_published_and_nothing_is_loaded(change, message):
    model = model_of(AFN2d)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    other = model_of(AFN2d)
    state = {"0.weight": other[0].weight, "0.bias": other[0].bias}
    state |= checkpoint(other[1][0], "1.0.")
    change(state)
    with pytest.raises(ValueError, match=message):
        load_published(model, state)
    assert_close(model.state_dict(), before, rtol=0, atol=0)


def test_layers_that_read_lambda_otherwise():
    with pytest.raises(ValueError, match=r"^0 takes λ_γ and λ_β through .*LambdaInit.REFERENCE"):
        load_published(nn.Sequential(AFN2d(32)), {})
    with pytest.raises(ValueError, match="with AFN or ASRNorm layers, got one without any"):
        load_published(nn.Sequential(nn.BatchNorm2d(32)), {})


def test_a_test_by_running_averages_is_warned_of(scatter):
    state = checkpoint(scatter(AFN2d(32, **REFERENCE)))
    with pytest.warns(UserWarning, match=r"published checkpoints lack: recalibrate\(model"):
        load_published(AFN2d(32, eval_stats="running", **REFERENCE), state)
