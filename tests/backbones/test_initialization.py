import math

import pytest
import torch
from torch import nn

from afn.backbones import build_model, initialize
from afn.norms import NORMS


def started(norm, seed):
    model = build_model(
        "resnet8", norm, in_channels=1, num_classes=10, image_size=(28, 28), mean=[0.1], std=[0.3]
    )
    return initialize(model, seed)


def start(norm, seed):
    return {
        name: parameter
        for name, parameter in started(norm, seed).named_parameters()
        if "norm" not in name
    }


@pytest.mark.parametrize("norm", NORMS)
def test_the_start_outside_the_norms_is_the_same_for_every_norm(norm):
    ours, theirs = start(norm, 7), start("bn", 7)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_networks_of_norms_start_by_seed_too():
    one, two, other = (started("afn", seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    name = "backbone.norm.standardize.encoder.weight"
    assert not torch.equal(one[name], other[name])


def test_every_parameter_has_draws_of_its_own():
    model = initialize(nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9)), 0)
    assert not torch.equal(model[0].weight, model[1].weight)


def test_scale_and_shape_of_the_draws():
    conv, linear = initialize(nn.Sequential(nn.Conv2d(16, 64, 3), nn.Linear(400, 100)), 0)
    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.05)
    assert conv.bias.abs().max() <= 1 / 12
    assert linear.weight.std().item() == pytest.approx(1 / 20 / math.sqrt(3), rel=0.05)
    assert linear.weight.abs().max() <= 1 / 20
    assert linear.bias.abs().max() <= 1 / 20


def test_the_draws_do_not_depend_on_the_memory_format():
    plain = initialize(nn.Conv2d(4, 8, 3), 0)
    last = initialize(nn.Conv2d(4, 8, 3).to(memory_format=torch.channels_last), 0)
    assert torch.equal(plain.weight, last.weight)


def test_the_draws_are_the_same_in_every_process():
    """A hash that is salted per process would change this."""
    layer = initialize(nn.Sequential(nn.Linear(2, 1)), 0)
    torch.testing.assert_close(layer[0].weight.data, torch.tensor([[0.14697112, -0.09902183]]))


def test_the_global_generator_is_left_alone():
    model, before = nn.Linear(3, 3), torch.get_rng_state()
    initialize(model, 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_norms_keep_their_constants():
    state = started("afn", 0).state_dict()
    assert torch.equal(state["backbone.norm.weight"], torch.ones(16))
    assert state["backbone.norm.lambda_mu_logit"] == -3
