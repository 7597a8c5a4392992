"""A folded model computes what its original does with running statistics, and has no norms."""

import copy
import warnings

import pytest
import torch
import torchvision
from torch import nn
from torch.nn.functional import conv2d
from torch.nn.utils.parametrizations import weight_norm
from torch.testing import assert_close

from afn import fold_norms
from afn.backbones import build_model, initialize
from afn.norms import (
    NORMS,
    AFN2d,
    BatchNorm2d,
    ChannelAffine2d,
    NoNorm2d,
    convert_norm,
    norm_layers,
    override_lambdas,
    set_eval_stats,
)


def on_averages(model):
    """The model, so that what is folded is what it computes at test time."""
    for layer in norm_layers(model).values():
        if layer.eval_stats is not None:
            layer.eval_stats = "running"
    return model


def assert_folds(model, x, *, num_affine=0, rtol=1e-5, atol=1e-5):
    """The copy equals the original, has no norm left, and has that many affine layers."""
    with torch.no_grad():
        expected = on_averages(copy.deepcopy(model).eval())(x)
    folded = fold_norms(on_averages(model))
    with torch.no_grad():
        assert_close(folded(x), expected, rtol=rtol, atol=atol)
    assert expected.std() > 0.01
    assert not norm_layers(folded)
    assert not any(type(layer) is nn.BatchNorm2d for layer in folded.modules())
    assert not any(layer.training for layer in folded.modules())
    assert sum(isinstance(layer, ChannelAffine2d) for layer in folded.modules()) == num_affine
    return folded


def backbone(name, norm):
    model = build_model(
        name, norm, in_channels=3, num_classes=10, image_size=(16, 16),
        mean=[0.4, 0.5, 0.6], std=[0.2, 0.3, 0.25],
    )  # fmt: skip
    return initialize(model, 0)


# -- whole networks ------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["afn", "bn", "none"])
@pytest.mark.parametrize("name", ["convnet", "resnet8", "resnet20"])
def test_backbones(name, norm, draw, season):
    model = season(backbone(name, norm), 16, 3, 16, 16)
    x = draw(4, 3, 16, 16)
    assert_folds(model, x)
    # In double only the order of the operations lies between the two.
    assert_folds(model.double(), x.double(), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("norm", ["afn", None])
def test_resnet18_with_our_layers_and_with_torchs(norm, draw, season):
    model = torchvision.models.resnet18(num_classes=5)
    if norm:
        convert_norm(model, norm)
    assert_folds(season(model, 8, 3, 32, 32), draw(2, 3, 32, 32))


@pytest.mark.parametrize("norm", ["afn", "bn"])
def test_depthwise_convolutions(norm, draw, season):
    model = convert_norm(torchvision.models.mobilenet_v2(width_mult=0.25, num_classes=5), norm)
    assert_folds(season(model, 8, 3, 64, 64), draw(2, 3, 64, 64))


@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("conv_class", [nn.Conv2d, nn.ConvTranspose2d])
def test_convolutions_of_all_kinds(conv_class, groups, has_bias, draw, season):
    conv = conv_class(4, 6, 3, stride=2, padding=1, groups=groups, bias=has_bias)
    model = season(nn.Sequential(conv, AFN2d(6), nn.ReLU()), 8, 4, 7, 7)
    folded = assert_folds(model, draw(2, 4, 7, 7))
    assert [type(layer) for layer in folded] == [conv_class, nn.Identity, nn.ReLU]


# -- norms that no convolution can take ----------------------------------------------------------


def test_norms_before_their_convolutions_become_affine(draw, season):
    model = nn.Sequential(
        AFN2d(3), nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), AFN2d(4), nn.Conv2d(4, 4, 1), BatchNorm2d(4),
        AFN2d(4), NoNorm2d(4),
    )  # fmt: skip
    folded = assert_folds(season(model, 8, 3, 9, 9), draw(2, 3, 9, 9), num_affine=3)
    assert isinstance(folded[-1], nn.Identity)


@pytest.mark.parametrize("norm", [AFN2d(4), BatchNorm2d(4), nn.BatchNorm2d(4, affine=False)])
def test_a_norm_alone(norm, draw, season):
    layer = assert_folds(season(copy.deepcopy(norm), 8, 4, 3, 3), draw(2, 4, 3, 3), num_affine=1)
    assert isinstance(layer, ChannelAffine2d)
    x = draw(2, 4, 3, 3).to(memory_format=torch.channels_last)
    assert layer(x).is_contiguous(memory_format=torch.channels_last)
    assert set(layer.state_dict()) == {"weight", "bias"}


class Net(nn.Module):
    """A convolution and a norm of four channels, connected by a function."""

    def __init__(self, connect, conv=None):
        super().__init__()
        self.conv = conv or nn.Conv2d(4, 4, 3, padding=1)
        self.norm = AFN2d(4)
        self.connect = connect

    def forward(self, x):
        return self.connect(self, x)


@pytest.mark.parametrize(
    "connect",
    [
        lambda net, x: net.norm(net.conv(net.norm(net.conv(x)))),
        lambda net, x: net.norm(net.conv(x)) + net.norm(x),
        lambda net, x: net.norm(net.conv(x)) + net.conv(x.relu()),
        lambda net, x: (y := net.conv(x)) + net.norm(y),
        lambda net, x: net.norm(net.conv(x).relu()),
        lambda net, x: net.norm(net.conv(x)) + conv2d(x, net.conv.weight, padding=1),
    ],
    ids=[
        "both twice", "norm twice", "convolution twice", "output used twice", "something between",
        "weight used by itself",
    ],
)  # fmt: skip
def test_what_is_used_elsewhere_is_left_alone(connect, draw, season):
    model = season(Net(connect), 8, 4, 6, 6)
    folded = assert_folds(model, draw(2, 4, 6, 6), num_affine=1)
    assert_close(folded.conv.weight, model.conv.weight, rtol=0, atol=0)


def test_a_convolution_that_makes_its_weight_is_left_alone(draw, season):
    conv = weight_norm(nn.Conv2d(4, 4, 3))
    assert_folds(season(nn.Sequential(conv, AFN2d(4)), 8, 4, 6, 6), draw(2, 4, 6, 6), num_affine=1)


def test_a_hooked_convolution_is_left_alone(draw, season):
    conv = nn.Conv2d(4, 4, 3)
    conv.register_forward_hook(lambda module, args, output: output.relu())
    assert_folds(season(nn.Sequential(conv, AFN2d(4)), 8, 4, 6, 6), draw(2, 4, 6, 6), num_affine=1)


def test_convolutions_that_share_a_weight_are_parted(draw, season):
    model = nn.Sequential(nn.Conv2d(4, 4, 3), AFN2d(4), nn.Conv2d(4, 4, 3), AFN2d(4))
    model[2].weight = model[0].weight
    assert_folds(season(model, 8, 4, 6, 6), draw(2, 4, 6, 6))


def test_a_model_that_branches_on_its_input_is_not_merged_and_says_so(draw, season):
    model = season(
        Net(lambda net, x: net.norm(net.conv(x if x.sum() > 0 else -x))), 8, 4, 6, 6
    )  # fmt: skip
    with pytest.warns(UserWarning, match=r"none was merged .* tracing Net failed") as caught:
        folded = fold_norms(on_averages(model))
    assert caught[0].filename == __file__
    assert "\n" not in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for sign in (1, -1):
            assert_folds(model, sign * draw(2, 4, 6, 6), num_affine=1)
    assert isinstance(folded.norm, ChannelAffine2d)


# -- what is kept, what is refused ---------------------------------------------------------------


@pytest.mark.parametrize("is_training", [True, False])
def test_the_model_is_not_touched(is_training, season):
    model = on_averages(season(backbone("resnet8", "afn"), 4, 3, 16, 16)).train(is_training)
    before, structure = copy.deepcopy(model.state_dict()), str(model)
    folded = fold_norms(model)
    assert_close(dict(model.state_dict()), dict(before), rtol=0, atol=0)
    assert str(model) == structure
    assert all(layer.training == is_training for layer in model.modules())
    assert {p.data_ptr() for p in model.parameters()}.isdisjoint(
        p.data_ptr() for p in folded.parameters()
    )


@pytest.mark.parametrize("eval_stats", ["batch", "running"])
def test_mode_and_statistics_make_no_difference(eval_stats, draw, season):
    model = season(nn.Sequential(nn.Conv2d(3, 4, 3), AFN2d(4)), 8, 3, 6, 6)
    x = draw(2, 3, 6, 6)
    expected = fold_norms(on_averages(model))(x)
    set_eval_stats(model.eval(), eval_stats)
    if eval_stats == "batch":
        with pytest.warns(UserWarning, match=r"but 1 are set to those of the test batch") as caught:
            folded = fold_norms(model)
        assert caught[0].filename == __file__
        assert (folded(x) - model(x)).abs().max() > 0.01
    else:
        folded = fold_norms(model)
        assert_close(folded(x), model(x), rtol=1e-5, atol=1e-5)
    assert torch.equal(folded(x), expected)
    assert model[1].eval_stats == eval_stats


def test_training_mode_changes_a_folded_model_no_more(draw, season):
    model = season(nn.Sequential(AFN2d(3), nn.Conv2d(3, 4, 3)), 8, 3, 6, 6)
    folded = fold_norms(on_averages(model))
    x = draw(2, 3, 6, 6)
    expected = folded(x)
    assert torch.equal(folded.train()(x), expected)
    assert torch.equal(folded.eval()(x), expected)


def test_overridden_lambdas_stay(draw, season):
    model = season(nn.Sequential(nn.Conv2d(3, 4, 3), AFN2d(4, eval_stats="running")), 8, 3, 6, 6)
    x = draw(2, 3, 6, 6)
    with override_lambdas(model, mu=0.9, gamma=0.1):
        folded = assert_folds(model, x)
    assert (folded(x) - model.eval()(x)).abs().max() > 0.01


def test_memory_format_dtype_and_frozen_weights_are_kept(draw, season):
    model = season(nn.Sequential(nn.Conv2d(3, 4, 3), AFN2d(4), AFN2d(4)), 8, 3, 6, 6)
    model.to(memory_format=torch.channels_last, dtype=torch.bfloat16)
    model[0].weight.requires_grad_(False)
    model[2].requires_grad_(False)
    folded = fold_norms(on_averages(model))
    conv, _, affine = folded
    assert conv.weight.is_contiguous(memory_format=torch.channels_last)
    assert not conv.weight.is_contiguous()
    parameters = [*conv.parameters(), *affine.parameters()]
    assert {parameter.dtype for parameter in parameters} == {torch.bfloat16}
    assert not any(parameter.requires_grad for parameter in parameters)
    assert folded(draw(2, 3, 6, 6, dtype=torch.bfloat16)).dtype == torch.bfloat16
    for parameter in on_averages(model).parameters():
        parameter.requires_grad_()
    assert all(parameter.requires_grad for parameter in fold_norms(model).parameters())


@pytest.mark.parametrize("norm", [AFN2d, BatchNorm2d, nn.BatchNorm2d])
def test_norms_called_by_keyword(norm, draw, season):
    class ByName(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm, self.after = nn.Conv2d(4, 4, 1), norm(4), norm(4)

        def forward(self, x):
            return self.after(input=self.norm(input=self.conv(x)).relu())

    assert_folds(season(ByName(), 8, 4, 6, 6), draw(2, 4, 6, 6), num_affine=1)


@pytest.mark.parametrize("norm", [AFN2d, BatchNorm2d, nn.BatchNorm2d])
def test_a_subclass_with_a_forward_of_its_own_is_left_alone(norm, draw, season):
    class Bounded(norm):
        def forward(self, input):
            return super().forward(input).relu()

    model = season(nn.Sequential(nn.Conv2d(3, 4, 3), Bounded(4)), 8, 3, 6, 6)
    folded = fold_norms(on_averages(model))
    x = draw(2, 3, 6, 6)
    assert_close(folded(x), model.eval()(x))
    assert isinstance(folded[1], Bounded)


@pytest.mark.parametrize("norm", [AFN2d, nn.BatchNorm2d])
@pytest.mark.parametrize("kind", ["register_forward_hook", "register_forward_pre_hook"])
def test_hooked_norms_are_refused_by_name(norm, kind):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), norm(4))
    getattr(model[1], kind)(lambda *_: None)
    with pytest.raises(ValueError, match=r"^cannot fold 1: its hooks would be lost"):
        fold_norms(on_averages(model))


def test_a_model_without_norms_is_copied():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4))
    folded = fold_norms(model)
    assert str(folded) == str(model)
    assert folded[0] is not model[0]


@pytest.mark.parametrize("norm", sorted(NORMS.keys() - {"afn", "bn", "none", "brn", "gbn"}))
def test_norms_that_measure_each_image_are_refused_by_name(norm):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), BatchNorm2d(4), nn.Sequential(NORMS[norm](4)))
    on_averages(model)
    layer = type(model[2][0]).__name__
    with pytest.raises(
        ValueError, match=rf"^cannot fold 2\.0: {layer} (takes statistics|bends) .*$"
    ):
        fold_norms(model)


def test_torchs_layer_without_averages_is_refused():
    with pytest.raises(ValueError, match=r"cannot fold the model: .* track_running_stats=True$"):
        fold_norms(nn.BatchNorm2d(4, track_running_stats=False))
