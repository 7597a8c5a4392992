"""What normalized each image by itself becomes another norm: what is kept, what is said."""

import numpy as np
import pytest
import torch
import torchvision
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import (
    AFN1d,
    AFN2d,
    AFN3d,
    GroupNorm2d,
    InstanceNorm2d,
    LayerNorm2d,
    conversion_report,
    convert_norm,
)


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def behind_conv(layer, dims=2):
    conv = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[dims]
    return nn.Sequential(conv(3, 6, 3, padding=1), layer)


def normalized(x, axes, eps, gamma, beta):
    """By numpy: zero mean and variance 1 over the axes, then γ and β, (C,), of each channel."""
    x = x.detach().double().numpy()
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    shape = (1, -1, *[1] * (x.ndim - 2))
    gamma, beta = (each.detach().double().numpy().reshape(shape) for each in (gamma, beta))
    return torch.from_numpy((gamma * (x - mean) / np.sqrt(var + eps) + beta).astype(np.float32))


PER_IMAGE = [
    (lambda: nn.InstanceNorm2d(6, eps=1e-3, affine=True), 2, AFN2d),
    (lambda: nn.InstanceNorm1d(6, eps=1e-3, affine=True), 1, AFN1d),
    (lambda: nn.InstanceNorm3d(6, eps=1e-3, affine=True), 3, AFN3d),
    (lambda: nn.GroupNorm(2, 6, eps=1e-3), 2, AFN2d),
    (lambda: nn.GroupNorm(2, 6, eps=1e-3), 1, AFN1d),
    (lambda: nn.GroupNorm(2, 6, eps=1e-3), 3, AFN3d),
    (lambda: InstanceNorm2d(6, eps=1e-3), 2, AFN2d),
    (lambda: GroupNorm2d(6, eps=1e-3), 2, AFN2d),
    (lambda: LayerNorm2d(6, eps=1e-3), 2, AFN2d),
    (lambda: torchvision.models.convnext.LayerNorm2d(6, eps=1e-3), 2, AFN2d),
]


@pytest.mark.parametrize(("make", "dims", "becomes"), PER_IMAGE)
def test_with_lambda_at_zero_the_batch_is_normalized_and_rescaled_as_before(
    make, dims, becomes, scatter
):
    model = scatter(behind_conv(make(), dims))
    old = model[1]
    x = drawn(4, 3, *[5] * dims)
    converted = convert_norm(model, "afn", lambda_init=LambdaInit.OFF)
    new = converted[1]
    assert type(new) is becomes
    assert new.weight is old.weight
    assert new.bias is old.bias
    inner = converted[0](x)
    axes = (0, *range(2, dims + 2))
    assert_close(new(inner), normalized(inner, axes, 1e-3, old.weight, old.bias))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("name", ["afn", "asrnorm"])
def test_with_lambda_at_zero_it_is_instance_norm_again(name, dims, scatter):
    """ASRNorm for every batch, AFN for one of one image."""
    layer = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)[dims - 1](6, affine=True)
    model = scatter(behind_conv(layer, dims)).eval()
    x = drawn(1 if name == "afn" else 4, 3, *[5] * dims)
    inner = model[0](x)
    axes = tuple(range(2, dims + 2))
    expected = normalized(inner, axes, 1e-5, layer.weight, layer.bias)
    assert_close(model(x), expected)
    assert_close(convert_norm(model, name, lambda_init=LambdaInit.OFF)(x), expected)


def test_a_layer_norm_over_everything_hands_on_its_means_over_the_places():
    model = behind_conv(nn.LayerNorm((6, 5, 4)))
    old = model[1]
    with torch.no_grad():
        old.weight.copy_(drawn(6, 5, 4))
        old.bias.copy_(drawn(6, 1, 1).expand(6, 5, 4))
    old.weight.requires_grad_(False)
    conversion = conversion_report(model, "afn", drawn(4, 3, 5, 4), lambda_init=LambdaInit.OFF)
    new = conversion.model[1]
    assert_close(new.weight, old.weight.mean((1, 2)))
    assert_close(new.bias, old.bias[:, 0, 0])
    assert not new.weight.requires_grad
    assert new.bias.requires_grad
    (layer,) = conversion.layers
    assert layer.carried == ("β",)
    assert "γ is its mean over all places" in layer.lost


@pytest.mark.parametrize(
    ("make", "name", "same"),
    [
        (lambda: nn.GroupNorm(3, 6), "gn", True),
        (lambda: nn.InstanceNorm2d(6, affine=True), "in", True),
        (lambda: nn.InstanceNorm2d(6, affine=True, track_running_stats=True), "in", True),
        (lambda: InstanceNorm2d(6, track_running_stats=True), "in", True),
        (lambda: nn.LayerNorm((6, 5, 5)), "ln", True),
        (lambda: nn.GroupNorm(3, 6), "ln", False),
    ],
)
def test_as_the_norm_that_it_is_it_computes_the_same(make, name, same, scatter):
    model = behind_conv(make())
    if not isinstance(model[1], nn.LayerNorm):
        scatter(model)
    model(drawn(4, 3, 5, 5))  # moves running averages
    for is_training in (True, False):
        model.train(is_training)
        conversion = conversion_report(model, name, drawn(4, 3, 5, 5))
        is_close = max(it.relative for it in conversion.differences) < 1e-12
        assert is_close is same
        if same:
            assert not [it for it in conversion.layers if it.lost]


def test_the_report_says_what_was_carried_and_what_was_not():
    model = nn.Sequential(
        nn.Conv2d(3, 6, 1), nn.GroupNorm(2, 6), nn.Conv2d(6, 4, 1),
        nn.InstanceNorm2d(4), nn.BatchNorm2d(4), nn.Flatten(1), nn.LayerNorm(100),
    )  # fmt: skip
    conversion = conversion_report(model, "bn", drawn(4, 3, 5, 5))
    group, instance, batch, tokens = conversion.layers
    alone = "no longer each image by itself"
    anew = "running averages start anew: recalibrate(model, loader)"
    assert (group.carried, group.lost) == (("γ", "β"), (alone, anew))
    assert (instance.carried, instance.lost) == ((), (alone, anew))
    assert (batch.carried, batch.lost) == (("γ", "β", "running averages"), ())
    assert tokens.became is None
    assert "token by token" in tokens.reason
    said = "\n".join(conversion.summary())
    assert f"1 GroupNorm: γ and β carried over, {alone}; {anew}" in said
    assert "bn is another function" in said
    assert conversion.record()["layers"][0]["lost"] == (alone, anew)
    assert "without its β" in conversion_report(model[:2], "afn", bias=False).layers[0].lost


def test_recalibration_measures_what_the_report_said_was_missing():
    from afn import recalibrate

    model = convert_norm(behind_conv(nn.GroupNorm(2, 6)), "bn").eval()
    x = drawn(64, 3, 5, 5)
    recalibrate(model, [x])
    assert_close(model[1].running_mean, model[0](x).mean((0, 2, 3)))


def test_tokens_alone_are_an_error_of_one_line():
    model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU(), nn.LayerNorm(8))
    with pytest.raises(ValueError, match=r"^nothing to convert in this Sequential: LayerNorm is "
                       r"over the last axis, token by token: .* \(1, 3\)$"):  # fmt: skip
        convert_norm(model, "afn")


def test_a_group_norm_of_unknown_axes_stays():
    with pytest.raises(ValueError, match="GroupNorm takes inputs of any number of axes, and no"):
        convert_norm(nn.Sequential(nn.GroupNorm(2, 6)), "afn")
