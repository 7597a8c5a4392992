import pytest
import torch
import torchvision
from torch import nn
from torch.nn.functional import instance_norm
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import (
    NORMS,
    AFN2d,
    BatchNorm2d,
    GroupNorm2d,
    LayerNorm2d,
    convert_norm,
    norm_layers,
)

OFF = {"afn": {"lambda_init": LambdaInit.OFF}, "asrnorm": {"lambda_init": LambdaInit.OFF}}
"""Options that leave networks without effect."""


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
        assert back.eps == (1e-5 if name == "dyt" else bn.eps)  # DyT has none
    if name in ("afn", "asrnorm", "bin", "bn", "sn", "evob0", "brn", "gbn"):
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


@pytest.mark.parametrize("name", ["afn", "bn", "bin"])
def test_a_layer_without_averages_stays_with_the_test_batch(name, draw):
    bn = nn.BatchNorm2d(4, track_running_stats=False).eval()
    x = 3 * draw(3, 4, 6, 5) + 2
    layer = convert_norm(bn, name, **OFF.get(name, {}))
    assert_close(layer(x), bn(x))
    assert layer.running_mean is None


@pytest.mark.parametrize("name", ["afn", "asrnorm", "bn", "bin", "gn", "in", "ln"])
def test_a_layer_without_scale_and_shift_learns_none(name, draw):
    x = draw(3, 4, 6, 5)
    layer = convert_norm(nn.BatchNorm2d(4, affine=False), name, **OFF.get(name, {}))
    assert layer.weight is layer.bias is None
    if name in ("afn", "bn", "bin"):
        assert_close(layer(x), nn.BatchNorm2d(4)(x))
    again = convert_norm(layer, "bn")
    assert not list(again.parameters())
    assert_close(again(x), nn.BatchNorm2d(4)(x))


def test_a_layer_with_a_scale_alone_gets_no_shift():
    layer = convert_norm(nn.BatchNorm2d(4, bias=False), "afn")
    assert layer.weight is not None
    assert layer.bias is None


@pytest.mark.parametrize("name", ["afn", "bn"])
def test_averages_that_are_used_but_no_longer_tracked(name, bn, draw):
    bn.track_running_stats = False
    x, mean = draw(3, 4, 6, 5), bn.running_mean.clone()
    layer = convert_norm(bn, name, eval_stats="running", **OFF.get(name, {}))
    assert_close(layer(x), bn(x))
    assert torch.equal(layer.running_mean, mean)
    assert_close(layer.eval()(x), bn.eval()(x))


@pytest.mark.parametrize("name", ["afn", "bn", "bin"])
def test_averages_taken_away_are_not_given_back(name, bn, draw):
    bn.running_mean = bn.running_var = bn.num_batches_tracked = None  # as test-time adaptation does
    x = draw(3, 4, 6, 5)
    expected = bn.eval()(x)
    assert_close(convert_norm(bn, name, **OFF.get(name, {}))(x), expected)


def test_instance_statistics_are_not_averages_of_batches(bn, draw):
    """Theirs is another use of the same names: neither takes the other's."""
    x = draw(3, 4, 6, 5)
    layer = convert_norm(nn.Sequential(bn), "in")[0].eval()
    assert_close(layer(x), instance_norm(x, weight=bn.weight, bias=bn.bias, eps=bn.eps))
    back = convert_norm(layer, "bn")
    assert torch.equal(back.running_mean, torch.zeros(4))


def test_what_is_given_wins_over_what_a_layer_goes_without(bn):
    plain = nn.BatchNorm2d(4, affine=False, track_running_stats=False)
    layer = convert_norm(plain, "afn", affine=True, track_running_stats=True)
    assert torch.equal(layer.weight, torch.ones(4))
    assert torch.equal(layer.running_var, torch.ones(4))
    layer = convert_norm(bn, "afn", affine=False, track_running_stats=False)
    assert layer.weight is layer.bias is layer.running_mean is layer.running_var is None


def test_layers_of_one_kind_keep_their_options():
    start = LambdaInit.REFERENCE
    afn = AFN2d(4, stat_dropout=0.3, formula="reference", eval_stats="running", lambda_init=start)
    layer = convert_norm(afn, "asrnorm")
    assert (layer.stat_dropout, layer.formula, layer.eval_stats) == (0.3, "reference", "running")
    assert layer.lambdas() == pytest.approx(afn.lambdas())
    assert convert_norm(AFN2d(4, adaptive=False), "afn").adaptive is False
    assert convert_norm(GroupNorm2d(4, num_groups=4), "gn").num_groups == 4
    assert convert_norm(LayerNorm2d(8), "gn").num_groups == 8
    assert convert_norm(BatchNorm2d(4, eval_stats="batch"), "bn").eval_stats == "batch"


def test_pruned_channels_are_counted_by_the_tensors(bn, draw):
    for name in ("weight", "bias"):
        setattr(bn, name, nn.Parameter(getattr(bn, name)[:3].detach()))
    bn.running_mean, bn.running_var = bn.running_mean[:3], bn.running_var[:3]
    x = draw(3, 3, 6, 5)
    expected = bn.eval()(x)
    assert_close(convert_norm(nn.Sequential(bn), "bn")(x), expected, rtol=0, atol=0)


def test_what_fails_in_one_layer_changes_none():
    model = nn.Sequential(nn.BatchNorm2d(4), nn.BatchNorm2d(5))
    layers = list(model)
    with pytest.raises(ValueError, match=r"^1: num_groups must divide num_features, got 2"):
        convert_norm(model, "gn", num_groups=2)
    assert list(model) == layers


def test_a_norm_without_the_inherited_options_is_fine(bn):
    assert isinstance(convert_norm(bn, "gn", num_groups=2), GroupNorm2d)


def test_a_cumulative_average_is_kept():
    assert convert_norm(nn.BatchNorm2d(4, momentum=None), "afn").momentum is None


def test_unknown_names_and_options():
    with pytest.raises(ValueError, match=r"norm must be one of afn, asrnorm, bn, .*got 'batch'"):
        convert_norm(nn.ReLU(), "batch")
    with pytest.raises(TypeError, match="lambda_init"):
        convert_norm(nn.BatchNorm2d(4), "bn", lambda_init=LambdaInit.OPEN)
