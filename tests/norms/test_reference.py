"""``formula="reference"`` against the published arithmetic, written anew from the notes."""

import math

import pytest
import torch
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import AFN2d, ASRNorm2d

EPS = 1e-6


def relu(values):
    return values.clamp(min=0)


def sigmoid(values):
    return 1 / (1 + torch.exp(-values))


def published(state, x, dims, eps_is_inside, kept=(1, 1)):
    """Points 1, 2 and 5: gates, ungated rescaling, unbiased variance and the place of eps.

    And point 4: what dropout multiplies the means and the deviations with.
    """

    def network(name, values):
        return values @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    n = math.prod(x.shape[d] for d in dims)
    mu = x.sum(dims) / n
    shape = (1, -1, 1, 1) if 0 in dims else (*mu.shape, 1, 1)
    var = ((x - mu.reshape(shape)) ** 2).sum(dims) / (n - 1)
    sigma = torch.sqrt(var + EPS) if eps_is_inside else torch.sqrt(var) + EPS
    hidden_mu = relu(network("standardize.encoder", mu * kept[0]))
    hidden_sigma = relu(network("standardize.encoder", sigma * kept[1]))
    mu_stan = network("standardize.mu_decoder", hidden_mu)
    sigma_stan = relu(network("standardize.sigma_decoder", hidden_sigma))
    lambda_mu, lambda_sigma = (
        sigmoid(state["lambda_mu_logit"]),
        sigmoid(state["lambda_sigma_logit"]),
    )
    mu_hat = lambda_mu * mu_stan + (1 - lambda_mu) * mu
    sigma_hat = lambda_sigma * sigma_stan + (1 - lambda_sigma) * sigma
    gamma_net = sigmoid(network("rescale.gamma_decoder", relu(network("rescale.encoder", sigma))))
    beta_net = torch.tanh(network("rescale.beta_decoder", relu(network("rescale.encoder", mu))))
    gamma = state["lambda_gamma_logit"] * gamma_net + state["weight"]
    beta = state["lambda_beta_logit"] * beta_net + state["bias"]
    x_hat = (x - mu_hat.reshape(shape)) / sigma_hat.reshape(shape)
    return x_hat * gamma.reshape(shape) + beta.reshape(shape)


@pytest.mark.parametrize(
    ("layer_class", "dims", "eps_is_inside"), [(AFN2d, (0, 2, 3), False), (ASRNorm2d, (2, 3), True)]
)
@pytest.mark.parametrize("channels", [1, 7, 16, 32])
def test_output_is_that_of_the_published_arithmetic(
    layer_class, dims, eps_is_inside, channels, draw, scatter
):
    layer = layer_class(channels, eps=EPS, lambda_init=LambdaInit.REFERENCE, formula="reference")
    scatter(layer).double()
    x = draw(3, channels, 4, 5, dtype=torch.float64)
    expected = published(layer.state_dict(), x, dims, eps_is_inside)
    assert_close(layer(x), expected)
    assert_close(layer.eval()(x), expected)


def test_the_formulas_differ(draw):
    """A few values per channel, so that the estimators are far apart."""
    paper, reference = AFN2d(2), AFN2d(2, formula="reference")
    reference.load_state_dict(paper.state_dict())
    x = draw(2, 2, 2, 1)
    assert (paper(x) - reference(x)).abs().max() > 0.05


@pytest.mark.parametrize(
    ("layer_class", "shape"), [(AFN2d, (1, 2, 1, 1)), (ASRNorm2d, (3, 2, 1, 1))]
)
def test_one_value_per_statistic_has_no_unbiased_variance(layer_class, shape):
    with pytest.raises(ValueError, match="more than one value per statistic, got input of shape"):
        layer_class(2, formula="reference")(torch.zeros(shape))
