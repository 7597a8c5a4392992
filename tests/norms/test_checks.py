"""Every mistake of a caller is one clear line."""

import math
import re

import pytest
import torch

from afn.norms import NORMS, AFN2d, ASRNorm2d, BatchNorm2d, GroupNorm2d, make_norm

EVERY_NORM = pytest.mark.parametrize("name", NORMS)


@EVERY_NORM
@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 4, 5), (2, 4, 5, 5, 5), (2, 3, 5, 5)])
def test_other_shapes(name, shape):
    layer = make_norm(name)(4)
    for call in (layer, layer.trace):
        with pytest.raises(ValueError, match=r"shape \(N, 4, H, W\), got \(.*channels on axis 1"):
            call(torch.zeros(shape))


@EVERY_NORM
@pytest.mark.parametrize("shape", [(0, 4, 5, 5), (2, 4, 0, 5)])
def test_nothing_to_trace(name, shape):
    with pytest.raises(ValueError, match="at least one image of at least one pixel"):
        make_norm(name)(4).trace(torch.zeros(shape))


@EVERY_NORM
def test_no_channels(name):
    with pytest.raises(ValueError, match="num_features must be at least 1, got 0"):
        make_norm(name)(0)


@pytest.mark.parametrize("name", sorted(NORMS.keys() - {"none", "dyt"}))
@pytest.mark.parametrize("eps", [0.0, -1e-5, math.nan])
def test_eps(name, eps):
    with pytest.raises(ValueError, match="eps must be positive"):
        make_norm(name, eps=eps)(4)


@pytest.mark.parametrize("name", ["afn", "asrnorm", "bn", "bin"])
@pytest.mark.parametrize("momentum", [-0.1, 1.1, math.nan])
def test_momentum(name, momentum):
    with pytest.raises(ValueError, match=r"must be in \[0, 1\], or None for .*, got"):
        make_norm(name, momentum=momentum)(4)


@pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("stan_width", 0, "stan_width must be at least 1, got 0"),
        ("rescale_width", -1, "rescale_width must be at least 1, got -1"),
        ("stat_dropout", 1.0, r"stat_dropout must be in \[0, 1\), got 1.0"),
        ("stat_dropout", -0.1, r"stat_dropout must be in \[0, 1\), got -0.1"),
        ("formula", "code", "formula must be one of paper, reference, got 'code'"),
        ("eval_stats", "test", "eval_stats must be one of batch, running, got 'test'"),
    ],
)
def test_options_of_the_adaptive_norms(layer_class, option, value, message):
    with pytest.raises(ValueError, match=message):
        layer_class(4, **{option: value})


def test_options_of_bn():
    with pytest.raises(ValueError, match="eval_stats must be one of"):
        BatchNorm2d(4, eval_stats="test")


@pytest.mark.parametrize(("groups", "message"), [(3, "must divide"), (0, "at least 1")])
def test_options_of_gn(groups, message):
    with pytest.raises(ValueError, match=message):
        GroupNorm2d(4, num_groups=groups)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match=r"norm must be one of afn, .*, none.*, got 'BN'"):
        make_norm("BN")


@EVERY_NORM
def test_unknown_options(name):
    with pytest.raises(TypeError, match="colour"):
        make_norm(name, colour="red")(4)


@EVERY_NORM
def test_layers_describe_themselves(name):
    assert re.match(rf"{NORMS[name].__name__}\(\s*4\b", repr(make_norm(name)(4)))
