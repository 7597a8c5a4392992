"""With running statistics a layer is one scale and one shift per channel."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import (
    NORMS,
    AFN2d,
    BatchNorm2d,
    BatchRenorm2d,
    GhostBatchNorm2d,
    NoNorm2d,
    override_lambdas,
    set_eval_stats,
)  # fmt: skip

LAYERS = {
    "afn": lambda: AFN2d(5),
    "afn's published formula": lambda: AFN2d(
        5, formula="reference", lambda_init=LambdaInit.REFERENCE, stat_dropout=0.3
    ),
    "afn without networks": lambda: AFN2d(5, adaptive=False),
    "bn": lambda: BatchNorm2d(5, eps=1e-3),
    "brn": lambda: BatchRenorm2d(5, eps=1e-3),
    "gbn": lambda: GhostBatchNorm2d(5, ghost_size=2),
    "none": lambda: NoNorm2d(5),
}


def test_every_norm_has_it_or_says_why_not():
    for name, factory in NORMS.items():
        if name in ("afn", "bn", "none", "brn", "gbn"):
            factory(4).running_affine()
        else:
            with pytest.raises(
                ValueError, match=r"(takes statistics of each image|bends each value), so that"
            ):
                factory(4).running_affine()


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("eval_stats", ["batch", "running"])
def test_it_is_what_the_layer_applies(name, is_training, eval_stats, draw, season):
    layer = season(LAYERS[name](), 4, 5, 6, 3).double()
    set_eval_stats(layer.train(is_training), eval_stats)
    before = {key: value.clone() for key, value in layer.state_dict().items()}
    scale, shift = layer.running_affine()
    assert scale.shape == shift.shape == (5,)
    assert layer.training == is_training
    assert layer.eval_stats in (eval_stats, None)
    assert_close(dict(layer.state_dict()), before, rtol=0, atol=0)
    x = draw(3, 5, 6, 3, dtype=torch.float64)
    expected = set_eval_stats(layer.eval(), "running")(x)
    assert_close(scale[:, None, None] * x + shift[:, None, None], expected)


def test_overridden_lambdas_are_in_it(season):
    layer = season(AFN2d(5), 4, 5, 6, 3)
    free = layer.running_affine()
    with override_lambdas(layer, mu=0, sigma=0, gamma=0, beta=0):
        scale, shift = layer.running_affine()
    plain = nn.BatchNorm2d(5)
    plain.load_state_dict(layer.state_dict(), strict=False)
    zeros, ones = torch.zeros(1, 5, 1, 1), torch.ones(1, 5, 1, 1)
    assert_close(shift, plain.eval()(zeros).flatten())
    assert_close(scale, (plain(ones) - plain(zeros)).flatten(), rtol=1e-5, atol=1e-6)
    assert (free[0] - scale).abs().min() > 1e-3


def test_gradients_reach_every_parameter(season):
    layer = season(AFN2d(5), 4, 5, 6, 3)
    scale, shift = layer.running_affine()
    (scale.sum() + shift.square().sum()).backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())
