"""A run as the published code trains: its arithmetic, start of λ, eps and dropout."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.functional import dropout
from torch.testing import assert_close

from afn import LambdaInit, TrainConfig, load_published, train
from afn.engine.building import model_of
from afn.norms import AFN2d, norm_layers
from tests.norms.test_published import checkpoint
from tests.norms.test_reference import published

PUBLISHED = TrainConfig(
    norm="afn", formula="reference", stat_dropout=0.3, norm_eps=1e-6,
    lambda_init=LambdaInit.REFERENCE, widths=(32, 64),
)  # fmt: skip


def network(config):
    return model_of(config, image_size=(8, 8), num_classes=4, mean=(0.5,), std=(0.25,))


def drawn(layer, num_images):
    """Small inputs around σ = 0.001, where eps decides, and every parameter moved."""
    draw = torch.Generator().manual_seed(0)
    layer.double()
    for parameter in layer.parameters():
        noise = torch.randn(parameter.shape, generator=draw, dtype=torch.float64)
        parameter.data += 0.3 * noise
    shape = (num_images, layer.num_features, 3, 3)
    return 1e-3 * torch.randn(shape, generator=draw, dtype=torch.float64)


@pytest.mark.parametrize(("norm", "dims"), [("afn", (0, 2, 3)), ("asrnorm", (2, 3))])
def test_its_layers_compute_what_the_published_code_does(norm, dims):
    """The published ASRNorm has no dropout."""
    share = 0.3 if norm == "afn" else 0.0
    model = network(replace(PUBLISHED, norm=norm, stat_dropout=share))
    for layer in norm_layers(model).values():
        x = drawn(layer, 4)
        state = layer.state_dict()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            trained = layer(x)
            torch.manual_seed(3)
            kept = dropout(torch.ones(2, layer.num_features, dtype=torch.float64), share)
        assert_close(trained, published(state, x, dims, norm == "asrnorm", kept))
        assert_close(layer.eval()(x), published(state, x, dims, norm == "asrnorm"))
        layer.eps = 1e-5
        assert (layer(x) - published(state, x, dims, norm == "asrnorm")).abs().max() > 1e-3


def test_its_layers_start_and_load_as_published():
    model = network(PUBLISHED)
    layer = norm_layers(model)["backbone.blocks.0.norm"]
    theirs = AFN2d(32, eps=1e-6, lambda_init=LambdaInit.REFERENCE, formula="reference")
    assert layer.lambdas() == pytest.approx(
        {"mu": 0.5118, "sigma": 0.5118, "gamma": 0.0067, "beta": 0.0067}, abs=1e-4
    )
    x = drawn(theirs, 4)
    load_published(nn.Sequential(layer.double().eval()), checkpoint(theirs, "0."))
    assert_close(layer(x), theirs.eval()(x), rtol=0, atol=0)


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn", "in", "gn", "ln", "bin"])
def test_eps_reaches_the_layers_of_every_norm(norm):
    for eps, expected in ((None, 1e-5), (1e-3, 1e-3)):
        layers = norm_layers(network(TrainConfig(norm=norm, norm_eps=eps))).values()
        assert {layer.eps for layer in layers} == {expected}
    network(TrainConfig(norm="none", norm_eps=1e-3))


def test_such_a_run_trains(quick):
    config = replace(quick, **{name: getattr(PUBLISHED, name) for name in PUBLISHED.changed()})
    *_, last = [event for event in train(config) if event.kind == "evaluation"]
    assert last.values["accuracy"] > 0.5
