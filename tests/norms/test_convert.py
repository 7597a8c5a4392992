import pytest
import torch
import torchvision
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import NORMS, AFN2d, BatchNorm2d, GroupNorm2d, convert_norm, norm_layers


@pytest.fixture
def bn(draw, scatter):
    """A layer with γ, β and running averages of its own."""
    layer = scatter(nn.BatchNorm2d(4, eps=1e-3, momentum=0.3))
    layer(draw(3, 4, 6, 5))
    return layer


def small_resnet():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return torchvision.models.resnet18(weights=None, num_classes=5)


@pytest.mark.parametrize("is_training", [True, False])
def test_resnet18_with_lambda_off_computes_what_it_did(is_training, draw):
    original = small_resnet()
    original(draw(4, 3, 64, 64))
    converted = small_resnet()
    converted.load_state_dict(original.state_dict())
    assert (
        convert_norm(converted, "afn", lambda_init=LambdaInit.OFF, eval_stats="running")
        is converted
    )
    assert len(norm_layers(converted)) == 20
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in converted.modules())
    x = draw(4, 3, 64, 64)
    # Twenty layers of rounding in float32 lie between the two; in double they are one.
    original.double().train(is_training), converted.double().train(is_training)
    assert_close(converted(x.double()), original(x.double()))


def test_the_root_itself_is_replaced(bn):
    layer = convert_norm(bn, "afn")
    assert isinstance(layer, AFN2d)
    for name in ("weight", "bias", "running_mean", "running_var"):
        assert torch.equal(getattr(layer, name), getattr(bn, name))
    assert (layer.eps, layer.momentum, layer.training) == (1e-3, 0.3, True)


@pytest.mark.parametrize("name", NORMS)
def test_there_and_back_again(name, bn, draw):
    x = draw(3, 4, 6, 5)
    back = convert_norm(convert_norm(bn, name), "bn")
    assert isinstance(back, BatchNorm2d)
    if name != "none":
        assert torch.equal(back.weight, bn.weight)
        assert back.eps == bn.eps
    if name in ("afn", "asrnorm", "bin", "bn"):
        assert_close(back.eval()(x), bn.eval()(x), rtol=0, atol=0)


def test_mode_dtype_and_frozen_parameters_are_kept(bn):
    bn.double().eval()
    bn.weight.requires_grad_(False)
    layer = convert_norm(nn.Sequential(bn), "afn")[0]
    assert not layer.training
    assert not layer.standardize.training
    assert {t.dtype for t in (*layer.parameters(), layer.running_var)} == {torch.float64}
    assert not layer.weight.requires_grad
    assert layer.bias.requires_grad


def test_options_win_over_what_is_inherited(bn):
    layer = convert_norm(bn, "afn", eps=1e-2, lambda_init=LambdaInit.OPEN)
    assert layer.eps == 1e-2
    assert layer.momentum == 0.3
    assert layer.lambdas()["mu"] == 0.5


def test_a_layer_in_two_places_stays_one_layer(bn):
    model = nn.Sequential(bn, nn.ReLU(), bn, nn.Sequential(bn))
    convert_norm(model, "afn")
    assert isinstance(model[0], AFN2d)
    assert model[0] is model[2] is model[3][0]


def test_layers_without_parameters_or_averages_take_fresh_ones():
    layer = convert_norm(nn.BatchNorm2d(4, affine=False, track_running_stats=False), "afn")
    assert torch.equal(layer.weight, torch.ones(4))
    assert torch.equal(layer.running_var, torch.ones(4))


def test_what_is_not_a_norm_is_left_alone():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4))
    children = list(model)
    assert list(convert_norm(model, "afn")) == children


def test_a_norm_without_the_inherited_options_is_fine(bn):
    assert isinstance(convert_norm(bn, "gn", num_groups=2), GroupNorm2d)


def test_a_cumulative_average_is_kept():
    assert convert_norm(nn.BatchNorm2d(4, momentum=None), "afn").momentum is None


def test_unknown_names_and_options():
    with pytest.raises(ValueError, match=r"norm must be one of afn, asrnorm, bn, .*got 'batch'"):
        convert_norm(nn.ReLU(), "batch")
    with pytest.raises(TypeError, match="lambda_init"):
        convert_norm(nn.BatchNorm2d(4), "bn", lambda_init=LambdaInit.OPEN)
