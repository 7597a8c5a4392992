import pytest
import torch
from torch.autograd import gradcheck
from torch.func import functional_call

from afn import LambdaInit
from afn.norms import NORMS, AFN2d, ASRNorm2d, make_norm


def check(layer, x):
    names, values = zip(
        *((n, p) for n, p in layer.named_parameters() if p.requires_grad), strict=True
    )

    def call(x, *parameters):
        return functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    assert gradcheck(call, (x.requires_grad_(), *values))


@pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
@pytest.mark.parametrize("formula", ["paper", "reference"])
@pytest.mark.parametrize("init", ["paper", "reference", "open", "off"])
def test_gradients_of_input_and_parameters(layer_class, formula, init, draw, scatter):
    layer = layer_class(3, lambda_init=LambdaInit.PRESETS[init], formula=formula)
    check(scatter(layer.double()), draw(2, 3, 2, 3, dtype=torch.float64))


def test_gradients_by_running_averages(draw, scatter):
    layer = AFN2d(3, lambda_init=LambdaInit.OPEN, eval_stats="running").double().eval()
    check(scatter(layer), draw(2, 3, 2, 3, dtype=torch.float64))


@pytest.mark.parametrize("name", sorted(NORMS.keys() - {"afn", "asrnorm", "none", "bin", "brn"}))
def test_gradients_of_the_other_norms(name, draw, scatter):
    check(scatter(make_norm(name)(4).double()), draw(2, 4, 2, 3, dtype=torch.float64))


def test_gradients_of_bin_within_the_bounds_of_rho(draw, scatter):
    layer = scatter(make_norm("bin")(3).double())
    torch.nn.init.constant_(layer.rho, 0.4)
    check(layer, draw(2, 3, 2, 3, dtype=torch.float64))
