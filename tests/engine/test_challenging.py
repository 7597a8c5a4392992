"""Representation self-challenging, by hand, by a second way to compute it, and in training."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import TrainConfig, train
from afn.backbones import BACKBONES, build_model
from afn.engine.challenging import challenged, kept, most_fallen
from afn.engine.training import Training
from afn.norms import norm_layers
from tests.engine.test_training import Scripted, of_kind, without_times

pytestmark = pytest.mark.slow

SPATIAL, CHANNEL = 0, 1


class Coin(torch.Generator):
    """Seeded so that its first toss falls as wanted."""

    def __new__(cls, side):
        generator = super().__new__(cls)
        for seed in range(100):
            generator.manual_seed(seed)
            if torch.randint(2, (), generator=generator) == side:
                return generator.manual_seed(seed)
        raise AssertionError


def pooled(weights):
    """A classifier of pooled features, (classes, C) without bias."""
    matrix = torch.tensor(weights)
    return lambda z: z.mean((2, 3)) @ matrix.T


@pytest.mark.parametrize(
    ("scores", "share", "stays"),
    [
        ([1.0, 5, 3, 4, 2, 0], 1 / 3, [1, 0, 1, 0, 1, 1]),  # the two largest of six
        ([1.0, 5, 3, 4, 2, 0, -1], 1 / 3, [1, 0, 0, 0, 1, 1, 1]),  # ⌈7/3⌉ = 3
        ([-1.0, -5, -3], 1 / 3, [0, 1, 1]),  # by sign, not by size
        ([1.0, 5, 4, 4, 2, 0], 1 / 3, [1, 0, 1, 1, 1, 1]),  # equal at the threshold: both stay
        ([1.0, 5, 5, 4, 2, 0], 1 / 3, [1, 0, 0, 1, 1, 1]),  # equal above it: both go
        ([2.0, 2, 2], 1 / 3, [1, 1, 1]),
        ([1.0, 2, 3], 0.9, [1, 0, 0]),  # at least one stays
        ([7.0], 0.9, [1]),
        (list(range(10)), 0.7, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]),  # 0.7 * 10 is not 8
        (list(range(100)), 0.07, [1] * 93 + [0] * 7),  # nor is 0.07 * 100, which rounds upwards
    ],
)
def test_the_share_with_the_largest_scores_goes(scores, share, stays):
    rows = torch.tensor([scores, scores[::-1]], dtype=torch.float32)
    assert kept(rows, share).int().tolist() == [stays, stays[::-1]]


@pytest.mark.parametrize(
    ("fall", "is_challenged"),
    [
        ([0.1, 0.5, 0.3, 0.4, 0.2, 0.0], [0, 1, 0, 1, 0, 0]),
        ([-0.1, -0.5, -0.3], [0, 0, 0]),  # confidence that grows is no challenge
        ([0.00005, 0.0, 0.0], [0, 0, 0]),
        ([0.0002, 0.0, 0.0], [1, 0, 0]),
        ([0.5, 0.5, 0.5], [0, 0, 0]),
        ([0.2, 0.3], [0, 1]),  # a third of two, rounded
        ([0.2], [0]),
        ([0.1, 0.2, 0.3, 0.4, 0.5], [0, 0, 0, 1, 1]),
    ],
)
def test_a_third_of_the_batch_is_challenged_where_confidence_falls_most(fall, is_challenged):
    assert most_fallen(torch.tensor(fall)).int().tolist() == is_challenged


def test_the_channel_with_the_largest_gradient_is_muted_by_hand():
    # Three channels; class 0 relies on channel 1, class 1 on channel 2.
    classify = pooled([[0.1, 2.0, -1.0], [0.3, -1.0, 1.5]])
    z = torch.ones(3, 3, 2, 2)
    z[2] *= 0.01  # its confidence hardly falls
    found = challenged(z, torch.tensor([0, 1, 0]), classify, 1 / 3, Coin(CHANNEL))
    # A third of three images: softmax falls by 0.52 in the first (logits 1.1, 0.8 → -0.9, 1.8),
    # and by 0.13 in the second (1.1, 0.8 → 2.1, -0.7 falls by 0.37).
    first, second = (
        1 / (1 + math.exp(0.8 - 1.1)) - 1 / (1 + math.exp(1.8 + 0.9)),
        1 / (1 + math.exp(1.1 - 0.8)) - 1 / (1 + math.exp(2.1 + 0.7)),
    )
    assert first > second
    expected = z.clone()
    expected[0, 1] = 0
    assert_close(found, expected, rtol=0, atol=0)


def test_the_place_that_speaks_most_for_the_label_is_muted_by_hand():
    classify = pooled([[1.0, -1.0], [-1.0, 1.0]])
    z = torch.zeros(3, 2, 1, 3)
    z[:, 0, 0] = torch.tensor([1.0, 3.0, 2.0])  # what speaks for class 0
    z[:, 1, 0] = torch.tensor([0.0, 2.5, 0.0])  # and against it: places score 1, 0.5 and 2
    labels = torch.tensor([0, 1, 1])  # to class 1 the scores are -1, -0.5 and -2
    found = challenged(z, labels, classify, 1 / 3, Coin(SPATIAL))
    expected = z.clone()
    expected[0, :, 0, 2] = 0
    assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("side", [SPATIAL, CHANNEL])
def test_as_the_published_code_computes_it(side):
    """Written a second time, image by image, with a classifier that has a hidden layer."""
    draw = torch.Generator().manual_seed(8)
    classify = nn.Sequential(nn.Flatten(), nn.Linear(7 * 9, 8), nn.ReLU(), nn.Linear(8, 4))
    for parameter in classify.parameters():
        parameter.data = 0.3 * torch.randn(parameter.shape, generator=draw)
    z = torch.randn(9, 7, 3, 3, generator=draw)
    labels = classify(z).argmax(1)
    masks, falls = [], []
    for image, label in zip(z, labels, strict=True):
        image = image[None].clone().requires_grad_()
        classify(image)[0, label].backward()
        channels = [image.grad[0, c].mean().item() for c in range(7)]
        if side == CHANNEL:
            scores = channels
        else:
            scores = [
                sum(channels[c] * image[0, c, i, j].item() for c in range(7))
                for i in range(3)
                for j in range(3)
            ]
        largest = sorted(range(len(scores)), key=lambda i: -scores[i])
        mask = torch.ones(len(scores))
        mask[largest[: math.ceil(len(scores) / 3)]] = 0
        mask = mask.view(7, 1, 1) if side == CHANNEL else mask.view(1, 3, 3)
        before = classify(image).softmax(1)[0, label].item()
        falls.append(before - classify(image * mask).softmax(1)[0, label].item())
        masks.append(mask)
    hardest = sorted(range(9), key=lambda i: -falls[i])[:3]
    assert min(falls[i] for i in hardest) > 1e-3  # all of them are challenged
    expected = torch.stack([x * masks[i] if i in hardest else x for i, x in enumerate(z)])
    assert_close(challenged(z, labels, classify, 1 / 3, Coin(side)), expected)


def test_both_ways_come_up_about_as_often():
    classify, z = pooled([[1.0, 0.5], [0.0, 0.0]]), torch.rand(4, 2, 2, 2)
    draw = torch.Generator().manual_seed(0)
    labels = torch.zeros(4, dtype=torch.long)
    ways = [
        bool((challenged(z, labels, classify, 0.5, draw) == 0).flatten(2).all(2).any())
        for _ in range(100)
    ]
    assert 30 < sum(ways) < 70  # a whole channel is muted


def test_the_gradient_passes_where_features_stay_and_nowhere_else():
    layer, head = nn.Conv2d(1, 3, 1), nn.Linear(3, 2)
    layer.weight.data.fill_(1.0)
    head.weight.data = torch.tensor([[1.0, 3.0, 2.0], [0.0, 0.0, 0.0]])  # relies on the second
    x, labels = torch.rand(6, 1, 2, 2) + 1, torch.zeros(6, dtype=torch.long)
    z = layer(x)
    z.retain_grad()
    muted = challenged(z, labels, lambda z: head(z.mean((2, 3))), 1 / 3, Coin(CHANNEL))
    assert all(p.grad is None for p in [*layer.parameters(), *head.parameters()])
    muted.sum().backward()
    is_muted = muted == 0
    assert is_muted[:, 1].all((1, 2)).sum() == is_muted.sum() / 4 == 2  # of six images, two
    assert_close(z.grad, (~is_muted).float(), rtol=0, atol=0)
    assert head.weight.grad is None  # the mask is a constant


@pytest.mark.parametrize("backbone", BACKBONES)
def test_no_norm_stands_behind_the_features(backbone):
    """Scoring calls the classifier three times: it is to track nothing."""
    model = build_model(
        backbone, "afn", in_channels=3, num_classes=4, image_size=(32, 32),
        mean=[0.5] * 3, std=[0.2] * 3,
    ).backbone  # fmt: skip
    called = []
    for layer in norm_layers(model).values():
        layer.register_forward_hook(lambda *_: called.append(1))
    features = model.features(torch.rand(2, 3, 32, 32))
    assert features.dim() == 4
    assert len(called) == len(norm_layers(model))
    model.classify(features)
    assert len(called) == len(norm_layers(model))


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn", "in", "gn", "ln", "bin", "none"])
def test_with_every_norm_the_same_events_bit_for_bit_and_others_than_without(quick, norm):
    config = replace(quick, norm=norm, lr=0.01, rsc=1 / 3, max_steps=4)
    torch.manual_seed(1)
    first = without_times(train(config))
    torch.manual_seed(2)
    assert without_times(train(config)) == first
    plain = without_times(of_kind(train(replace(config, rsc=0)), "step"))
    challenged_steps = [each for each in first if each["kind"] == "step"]
    assert [each["loss"] for each in challenged_steps] != [each["loss"] for each in plain]


@pytest.mark.parametrize("changes", [{"backbone": "resnet8"}, {"stat_dropout": 0.3}])
def test_resumed_equals_uninterrupted_bit_for_bit(changes, quick, tmp_path):
    config = replace(quick, rsc=1 / 3, augment="crop_flip", train_images=640, **changes)
    whole = without_times(of_kind(train(config), "step"))
    before = list(Training(config, tmp_path).events(Scripted({6: [{"command": "stop"}]})))
    second = Training(config, tmp_path)
    second.restore(max(tmp_path.glob("*.safetensors")))
    assert without_times(of_kind([*before, *second.events()], "step")) == whole


def test_a_batch_of_one_is_refused_before_and_while_training(quick):
    with pytest.raises(ValueError, match=r"^rsc challenges a third of each batch, which of one"):
        TrainConfig(batch_size=1, rsc=1 / 3)
    script = Scripted({1: [{"command": "set", "batch_size": 1}]})
    events = list(Training(replace(quick, rsc=1 / 3, max_steps=3)).events(script))
    assert "batch_size of 2 or more" in of_kind(events, "command")[0].values["error"]
