"""What theory says of gains and gradients, against autograd."""

import math

import pytest
import torch

from afn import AFN2d, LambdaInit
from afn.backbones import ResNet
from afn.norms import BatchNorm2d
from afn.stats.gain import gain_limit, logit_slope, stacked_limit

OFF = -math.inf


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def layer(start, seed=0):
    torch.manual_seed(seed)
    start_at = LambdaInit(mu=start, sigma=start)
    return AFN2d(6, eps=1e-12, lambda_init=start_at, dtype=torch.float64)  # no floor in the way


def images(seed=0, n=4):
    scale = torch.tensor([0.1, 0.5, 1.0, 2.0, 5.0, 0.02], dtype=torch.float64).view(1, -1, 1, 1)
    drawn = torch.randn(n, 6, 5, 5, generator=seeded(seed), dtype=torch.float64)
    return scale * drawn + 3 * scale


@pytest.mark.parametrize("start", [-3.0, 0.0, 3.0])
@pytest.mark.parametrize("name", ["mu", "sigma"])
def test_networks_learn_with_lambda_and_logits_with_its_slope(name, start):
    norm, x = layer(start), images()
    steps = norm._steps(x)
    wanted = torch.randn(x.shape, generator=seeded(1), dtype=torch.float64)
    loss = (steps.y * wanted).sum()
    hat, stan, own = (getattr(steps, f"{name}{end}") for end in ("_hat", "_stan", ""))
    bias = getattr(norm.standardize, f"{name}_decoder").bias
    logit = getattr(norm, f"lambda_{name}_logit")
    at_hat, at_bias, at_logit = torch.autograd.grad(loss, [hat, bias, logit])
    lam = norm.lambdas()[name]
    passes = (stan > 0).double() if name == "sigma" else torch.ones_like(stan)
    torch.testing.assert_close(at_bias, lam * at_hat * passes, rtol=1e-6, atol=1e-9)
    expected = logit_slope(lam) * ((stan - own) * at_hat).sum()
    torch.testing.assert_close(at_logit, expected.view(1), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("start", [-3.0, 0.0, 3.0])
def test_no_channel_gets_louder_than_the_limit_which_a_silent_relu_reaches(start):
    norm = layer(start)
    limit = gain_limit(norm.lambdas()["sigma"])
    for seed in range(5):
        steps = norm.trace(images(seed))
        assert float((steps.sigma / steps.sigma_hat).max()) <= limit * (1 + 1e-6)
    with torch.no_grad():
        norm.standardize.sigma_decoder.bias.fill_(-1e3)
    steps = norm.trace(images())
    torch.testing.assert_close(
        steps.sigma / steps.sigma_hat, torch.full((6,), limit, dtype=torch.float64), rtol=1e-6,
        atol=0.0,
    )  # fmt: skip


@pytest.mark.parametrize("start", [0.0, 3.0])
def test_the_gain_counts_once_however_many_layers(start):
    """Kernels of a network of seven norms: a times BN's gradient, where the product is a to the 7.

    The same error at the logits, every ReLU of the standardization silent, all other λ at 0.
    """
    only_sigma = LambdaInit(mu=OFF, sigma=start, gamma=OFF, beta=OFF)
    norms = {
        "bn": lambda num: BatchNorm2d(num, eps=1e-12),
        "afn": lambda num: AFN2d(num, eps=1e-12, lambda_init=only_sigma),
    }
    x = torch.rand(4, 3, 8, 8, generator=seeded(2), dtype=torch.float64)
    error = torch.randn(4, 10, generator=seeded(3), dtype=torch.float64)
    gradients = {}
    for name, norm in norms.items():
        torch.manual_seed(0)
        model = ResNet(3, 10, (8, 8), norm, num_blocks=1).double()
        torch.manual_seed(1)
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.reset_parameters()
            if isinstance(module, AFN2d):
                torch.nn.init.constant_(module.standardize.sigma_decoder.bias, -1e3)
        with torch.no_grad():
            model.classifier.weight.copy_(
                torch.randn(10, 64, generator=seeded(4), dtype=torch.float64)
            )
        (model(x) * error).sum().backward()
        gradients[name] = [
            module.weight.grad for module in model.modules() if isinstance(module, torch.nn.Conv2d)
        ]
    once = gain_limit(1 / (1 + math.exp(-start)))
    assert len(gradients["bn"]) == 7
    for ours, theirs in zip(gradients["afn"], gradients["bn"], strict=True):
        torch.testing.assert_close(ours, once * theirs, rtol=1e-5, atol=1e-8)
    assert stacked_limit([1 / (1 + math.exp(-start))] * 7) == pytest.approx(once**7)


def test_a_lambda_that_no_sigmoid_gives_is_refused():
    for value in (1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match=r"must be in \[0, 1\)"):
            gain_limit(value)
