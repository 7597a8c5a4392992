"""Ways to adapt, each against an independent spelling of its formula."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import batch_norm
from torch.testing import assert_close

from afn import Adapter, AFN2d, BatchNorm2d, as_tested, convert_norm, load_pretrained


def small(norm=nn.BatchNorm2d):
    """A network whose one norm has tracked other data than it will see."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3), norm(4), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
            nn.Linear(16, 3),
        )  # fmt: skip
        for _ in range(5):
            model(torch.rand(16, 1, 8, 8))
        with torch.no_grad():
            model[1].weight.uniform_(0.5, 1.5)
            model[1].bias.normal_()
    return model.eval()


def batches(count=3, size=6):
    generator = torch.Generator().manual_seed(1)
    return [0.3 + 0.4 * torch.rand(size, 1, 8, 8, generator=generator) for _ in range(count)]


def by_hand(model, x, mean, var):
    """The network with these statistics."""
    inner, norm = model[0](x), model[1]
    normed = (inner - mean[:, None, None]) / (var[:, None, None] + norm.eps).sqrt()
    return model[2:](normed * norm.weight[:, None, None] + norm.bias[:, None, None])


def moments(inner):
    """Of (N, C, H, W), biased."""
    mean = inner.mean((0, 2, 3))
    return mean, ((inner - mean[:, None, None]) ** 2).mean((0, 2, 3))


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, BatchNorm2d])
@pytest.mark.parametrize(
    ("method", "weight"),
    [("running", 0), ("mix=0.3", 0.3), ("prior=18", 6 / 24), ("batch", 1), ("mix=1", 1)],
)
@torch.no_grad()
def test_the_mix_by_hand(norm, method, weight):
    model = small(norm)
    adapter = Adapter(model, method)
    for x in batches():
        mean, var = moments(model[0](x))
        mixed = [
            (1 - weight) * old + weight * new
            for old, new in ((model[1].running_mean, mean), (model[1].running_var, var))
        ]
        assert_close(adapter(x), by_hand(model, x, *mixed))
        sigma = (model[1].running_var + 1e-5).sqrt()
        moved = float(((mixed[0] - model[1].running_mean).abs() / sigma).mean())
        assert adapter.movement().moved == pytest.approx(moved, abs=1e-6)


@torch.no_grad()
def test_moving_averages_by_hand():
    model = small()
    adapter = Adapter(model, "moving=0.2")
    mean, var = model[1].running_mean.clone(), model[1].running_var.clone()
    for x in batches():
        new = moments(model[0](x))
        mean, var = 0.8 * mean + 0.2 * new[0], 0.8 * var + 0.2 * new[1]
        assert_close(adapter(x), by_hand(model, x, mean, var))


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, BatchNorm2d])
def test_tent_by_hand(norm):
    """Entropy by sums of p log p, its gradient by autograd, Adam's step spelled out."""
    model, rate = small(norm), 0.01
    adapter = Adapter(model, f"tent={rate}")
    learned = [model[1].weight.detach().clone(), model[1].bias.detach().clone()]
    first, second = ([torch.zeros(4), torch.zeros(4)] for _ in range(2))
    for step, x in enumerate(batches(4), start=1):
        gamma, beta = (each.clone().requires_grad_() for each in learned)
        inner = batch_norm(model[0](x), None, None, gamma, beta, training=True, eps=model[1].eps)
        logits = model[2:](inner)
        assert_close(adapter(x), logits.detach())  # from before the step
        p = logits.exp() / logits.exp().sum(1, keepdim=True)
        grads = torch.autograd.grad(-(p * p.log()).sum() / len(x), (gamma, beta))
        for i, grad in enumerate(grads):
            first[i] = 0.9 * first[i] + 0.1 * grad
            second[i] = 0.999 * second[i] + 0.001 * grad**2
            m, v = first[i] / (1 - 0.9**step), second[i] / (1 - 0.999**step)
            learned[i] = learned[i] - rate * m / (v.sqrt() + 1e-8)
    assert_close(adapter.model[1].weight.detach(), learned[0])
    assert_close(adapter.model[1].bias.detach(), learned[1])
    squares = torch.stack(learned) - torch.stack([model[1].weight, model[1].bias]).detach()
    rescaled = float(squares.square().mean().sqrt())
    assert adapter.movement().rescaled == pytest.approx(rescaled, rel=1e-4)


@pytest.mark.parametrize("method", ["running", "batch", "mix", "prior", "moving", "tent=0.1"])
def test_the_model_stays_and_a_reset_begins_anew(method):
    model = small().train()
    before = copy.deepcopy(model.state_dict())
    adapter = Adapter(model, method)
    first = [adapter(x) for x in batches()]
    adapter.reset()
    with torch.inference_mode():
        again = [adapter(x) for x in batches()]
    assert_close(again, first, rtol=0, atol=0)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert not model[1]._forward_pre_hooks


@torch.no_grad()
def test_afn_by_the_batch_is_afn_as_it_is_and_frozen_is_as_tested():
    model = load_pretrained("mnist5k-afn")
    x = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    assert_close(Adapter(model, "batch")(x), model(x))
    frozen = as_tested(model, "batch", networks="frozen")(x)
    assert not torch.allclose(frozen, model(x))
    assert_close(Adapter(model, "frozen")(x), frozen)
    assert_close(Adapter(model, "running")(x), as_tested(model, "running")(x))


@torch.no_grad()
def test_what_the_batch_does_to_scale_and_shift_of_afn():
    model = load_pretrained("mnist5k-afn")
    x = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    adapter = Adapter(model, "batch")
    adapter(x)
    movement = adapter.movement()
    layers = [block.norm for block in model.backbone.blocks]
    assert movement.lambdas == {
        name: pytest.approx(sum(each.lambdas()[name] for each in layers) / 2)
        for name in ("mu", "sigma", "gamma", "beta")
    }
    # What the networks are given decides: frozen, they answer as to the averages.
    frozen = Adapter(model, "frozen")
    frozen(x)
    assert frozen.movement().rescaled == pytest.approx(0, abs=1e-7)
    assert movement.rescaled > 0


def test_other_layers_stay_and_vectors_have_statistics_too():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.LayerNorm(4), nn.Dropout())
    x = torch.arange(40.0).view(8, 5)
    with torch.no_grad():
        inner = model[0](x)
        expected = model[2]((inner - inner.mean(0)) / (inner.var(0, correction=0) + 1e-5).sqrt())
        assert_close(Adapter(model)(x), expected)


@pytest.mark.parametrize(
    ("model", "method", "clue"),
    [
        (nn.Sequential(nn.Linear(2, 2)), "batch", "got a model without any"),
        (nn.BatchNorm2d(2), "frozen", "frozen is about AFN's networks"),
        (nn.BatchNorm2d(2, affine=False), "tent", "TENT learns γ and β"),
        (nn.BatchNorm2d(2), "fly", "unknown way to adapt 'fly'; known: running, batch"),
        (nn.BatchNorm2d(2), "mix=2", "α of mix must be at least 0 and at most 1, got 2"),
        (nn.BatchNorm2d(2), "tent=0", "learning rate of tent must be above 0 and at most 1"),
        (nn.BatchNorm2d(2), "tent=fast", "expected a number behind tent=, got 'fast'"),
        (nn.BatchNorm2d(2), "prior=nan", "N of prior must be at least 0, got nan"),
        (nn.BatchNorm2d(2), "batch=1", "batch takes no number, got 1"),
    ],
)
def test_bad_input_is_one_line(model, method, clue):
    with pytest.raises(ValueError, match=clue) as caught:
        Adapter(model, method)
    assert "\n" not in str(caught.value)


def test_one_value_a_channel_has_no_statistics_of_its_own_but_can_be_mixed():
    layer = nn.BatchNorm2d(2)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        Adapter(layer)(torch.rand(1, 2, 1, 1))
    with torch.no_grad():
        assert Adapter(layer, "mix")(torch.rand(1, 2, 1, 1)).isfinite().all()


def test_a_converted_model_adapts_its_afn_layers():
    model = convert_norm(small(), "afn")
    assert isinstance(model[1], AFN2d)
    x = batches()[0]
    tent = Adapter(model, "tent=0.1")
    first = tent(x)
    assert not torch.equal(tent(x), first)
    movement = tent.movement()
    assert movement.rescaled > 0.05
