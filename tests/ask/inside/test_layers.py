"""Steps of torch's own norms, and of others', are what an independent formula gives."""

import pytest
import torch
from torch import nn
from torch.nn.functional import batch_norm, group_norm, instance_norm, layer_norm

from afn.ask.inside.layers import at_work, layers_of
from afn.ask.inside.look import SHOWN_NORMS
from afn.ask.inside.steps import MOST_SIDE, steps_of
from afn.norms import NORMS, GroupNorm2d, InstanceNorm2d, LayerNorm2d

N, C, H, W = 5, 12, 7, 9
IMAGE, CHANNEL, ROW, COLUMN = 2, 5, 3, 4


class Permuted(nn.LayerNorm):
    """As ConvNeXt has it: over the channels of images (N, C, H, W)."""

    def forward(self, input):
        y = layer_norm(
            input.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps
        )
        return y.permute(0, 3, 1, 2)


class ChannelsNorm(nn.Module):
    """One that is of no class of torch's."""

    def __init__(self, channels, eps=1e-6):
        super().__init__()
        self.weight, self.bias = (
            nn.Parameter(torch.ones(channels)),
            nn.Parameter(torch.zeros(channels)),
        )
        self.eps = eps

    def forward(self, x):
        mu = x.mean(1, keepdim=True)
        var = (x - mu).pow(2).mean(1, keepdim=True)
        return (
            self.weight[:, None, None] * (x - mu) / (var + self.eps).sqrt()
            + self.bias[:, None, None]
        )


class Odd(nn.LayerNorm):
    def forward(self, input):
        return input.tanh()


def drawn(layer):
    """With γ, β and running averages of no use to anybody."""
    torch.manual_seed(0)
    for name, values in [*layer.named_parameters(), *layer.named_buffers()]:
        if values.is_floating_point():
            values.data.copy_(torch.rand(values.shape) + (0.5 if "bias" not in name else -0.5))
    return layer.eval()


def moments(x, axes):
    """By hand, in float64."""
    x = x.double()
    mu = x.mean(axes, keepdim=True)
    return mu, (x - mu).pow(2).mean(axes, keepdim=True)


LAYERS = {
    "bn, running": (nn.BatchNorm2d(C), "running averages", None, 1),
    "bn, batch": (nn.BatchNorm2d(C, track_running_stats=False), "test batch", (0, 2, 3), 1),
    "in": (nn.InstanceNorm2d(C, affine=True), "each image", (2, 3), C),
    "in, bare": (nn.InstanceNorm2d(C), "each image", (2, 3), C),
    "in, running": (nn.InstanceNorm2d(C, track_running_stats=True), "running averages", None, 1),
    "gn": (nn.GroupNorm(4, C), "each group", (2, 3, 4), 4),
    "gn of one": (nn.GroupNorm(1, C), "whole image", (1, 2, 3), 1),
    "gn of all": (nn.GroupNorm(C, C), "each image", (2, 3), C),
    "ln of images": (nn.LayerNorm((C, H, W)), "whole image", (1, 2, 3), 1),
    "ln of maps": (nn.LayerNorm((H, W)), "each image", (2, 3), C),
    "ln, permuted": (Permuted(C), "each place", (1,), 1),
    "ln, foreign": (ChannelsNorm(C), "each place", (1,), 1),
    "ours gn": (GroupNorm2d(C, num_groups=4), "each group", (2, 3, 4), 4),
    "ours ln": (LayerNorm2d(C), "whole image", (1, 2, 3), 1),
    "ours in": (InstanceNorm2d(C), "each image", (2, 3), C),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYERS)
def test_steps_are_the_formulas(case):
    layer, over, axes, groups = LAYERS[case]
    layer = drawn(layer)
    x = 3 * torch.randn(N, C, H, W, generator=torch.Generator().manual_seed(1)) + 2
    with torch.inference_mode():
        y = layer(x)
        work = at_work(layer, x, y)
        seen = steps_of(work, channel=CHANNEL, image=IMAGE, pixel=(ROW, COLUMN))
    assert seen["statistics"] == over
    if axes is None:
        mean, var = layer.running_mean, layer.running_var
        mu, var = (it.double().view(1, C, 1, 1).expand_as(x) for it in (mean, var))
    elif over == "each group":
        found = moments(x.unflatten(1, (groups, C // groups)), axes)
        mu, var = (it.expand(N, groups, C // groups, H, W).flatten(1, 2) for it in found)
    else:
        mu, var = (it.expand_as(x) for it in moments(x, axes))
    sigma = (var + layer.eps).sqrt()
    place = IMAGE, slice(None), ROW, COLUMN
    channels = {name: torch.tensor(values).double() for name, values in seen["channels"].items()}
    for name, expected in (("mu", mu), ("sigma", sigma), ("mu_hat", mu), ("sigma_hat", sigma)):
        torch.testing.assert_close(channels[name], expected[place], rtol=1e-5, atol=1e-5)
    x_hat = (x.double() - mu) / sigma
    made = channels["gamma_hat"] * x_hat[place] + channels["beta_hat"]
    torch.testing.assert_close(made, y.double()[place], rtol=1e-5, atol=1e-5)
    at = IMAGE, CHANNEL, ROW, COLUMN
    for name, values in (("x", x), ("x_hat", x_hat), ("y", y)):
        assert seen["pixel"][name] == pytest.approx(float(values[at]), rel=1e-5, abs=1e-5)
    assert seen["count"] == {
        "each image": H * W, "each group": H * W * C // groups, "whole image": C * H * W,
        "each place": C,
    }.get(over, N * H * W)  # fmt: skip


def product(norm, channels, x_hat):
    """What the told numbers come to at the followed place, channel by channel."""
    c = channels
    if norm == "sn":
        names = ("in", "ln", "bn")
        mu = sum(c[f"share_mu_{each}"] * c[f"mu_{each}"] for each in names)
        var = sum(c[f"share_sigma_{each}"] * c[f"sigma_{each}"] ** 2 for each in names)
        x_hat = (x_hat - mu) / var.sqrt()
    elif norm == "bin":
        batch, own = ((x_hat - c[f"mu_{each}"]) / c[f"sigma_{each}"] for each in ("bn", "in"))
        x_hat = c["rho"] * batch + (1 - c["rho"]) * own
    elif norm == "frn":
        x_hat = x_hat / c["sigma"]
    elif norm == "evos0":
        x_hat = x_hat * torch.sigmoid(c["v"] * x_hat) / c["sigma"]
    elif norm == "evob0":
        x_hat = x_hat / torch.maximum(c["sigma"], c["v"] * x_hat + c["sigma_image"])
    elif norm == "dyt":
        x_hat = torch.tanh(c["alpha"] * x_hat)
    else:
        x_hat = (x_hat - c["mu_hat"]) / c["sigma_hat"]
    y = c["gamma_hat"] * x_hat + c["beta_hat"]
    return torch.maximum(y, c["tau"]) if norm == "frn" else y


@pytest.mark.parametrize(
    ("norm", "over"),
    [
        ("bin", "each image"), ("sn", "mixed"), ("frn", "each image"), ("evos0", "each group"),
        ("evob0", "each image"), ("dyt", "each value"), ("brn", "running averages"),
        ("wsgn", "each group"), ("gbn", "running averages"),
    ],
)  # fmt: skip
def test_the_steps_of_the_zoo_come_to_its_output(norm, over):
    layer = drawn(NORMS[norm](C))
    x = 3 * torch.randn(N, C, H, W, generator=torch.Generator().manual_seed(1)) + 2
    with torch.inference_mode():
        y = layer(x)
        work = at_work(layer, x, y)
        seen = steps_of(work, channel=CHANNEL, image=IMAGE, pixel=(ROW, COLUMN))
    assert seen["statistics"] == over
    place = IMAGE, slice(None), ROW, COLUMN
    channels = {name: torch.tensor(values).double() for name, values in seen["channels"].items()}
    made = product(norm, channels, x.double()[place])
    torch.testing.assert_close(made, y.double()[place], rtol=1e-5, atol=1e-5)
    assert seen["pixel"]["y"] == pytest.approx(float(y[place][CHANNEL]), rel=1e-5)
    hat = float(work.x_hat[place][CHANNEL])
    assert seen["pixel"]["x_hat"] == pytest.approx(hat, rel=1e-5)


def test_what_is_averaged_is_told_channel_by_channel():
    x = torch.randn(N, C, H, W, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        group, place = (
            steps_of(at_work(each, x, each(x)), channel=0, image=IMAGE, pixel=(ROW, COLUMN))
            for each in (nn.GroupNorm(3, C).eval(), Permuted(C).eval())
        )
    torch.testing.assert_close(torch.tensor(group["members"]["mu"]), x[IMAGE].mean((1, 2)))
    of_group = torch.tensor(group["members"]["mu"]).view(3, 4).mean(1)
    torch.testing.assert_close(torch.tensor(group["channels"]["mu"]).view(3, 4)[:, 0], of_group)
    torch.testing.assert_close(torch.tensor(place["members"]["mu"]), x[IMAGE, :, ROW, COLUMN])


@pytest.mark.parametrize("case", ["gn", "ln, permuted", "in"])
def test_other_arithmetic_beside_it_is_torchs(case):
    layer = drawn(LAYERS[case][0])
    x = torch.randn(N, C, H, W, generator=torch.Generator().manual_seed(1)) + 1
    with torch.inference_mode():
        y = layer(x)
        seen = steps_of(at_work(layer, x, y), channel=CHANNEL, image=IMAGE)
        w, b = layer.weight, layer.bias
        others = {
            "bn_batch": batch_norm(x, None, None, w, b, training=True, eps=layer.eps),
            "in": instance_norm(x, weight=w, bias=b, eps=layer.eps),
            "ln": group_norm(x, 1, w, b, layer.eps),
        }
    assert set(seen["beside"]) == others.keys() - ({"in"} if case == "in" else set())
    for name, found in seen["beside"].items():
        expected = float((others[name] - y).abs().max())
        assert found["difference"] == pytest.approx(expected, rel=1e-4)


def test_tokens_and_channels_last_are_laid_out_as_images():
    tokens = torch.randn(3, 16, C)
    last = torch.randn(3, H, W, C)
    layer = drawn(nn.LayerNorm(C))
    with torch.inference_mode():
        of_tokens, of_images = (at_work(layer, x, layer(x)) for x in (tokens, last))
    assert of_tokens.x.shape == (3, C, 4, 4)
    torch.testing.assert_close(of_images.x, last.permute(0, 3, 1, 2))
    torch.testing.assert_close(of_images.y, layer(last).permute(0, 3, 1, 2))
    seventeen = torch.randn(3, 17, C)
    assert at_work(layer, seventeen, layer(seventeen)).x.shape == (3, C, 1, 17)


def test_of_large_maps_a_part_is_shown_and_its_numbers_are_the_layers():
    layer = nn.GroupNorm(2, 4).eval()
    x = torch.randn(2, 4, 150, 200)
    with torch.inference_mode():
        y = layer(x)
        seen = steps_of(at_work(layer, x, y), channel=1, image=1, pixel=(3, 49))
    every = seen["every"]
    assert every == 4
    assert (seen["maps"]["x"]["height"], seen["maps"]["x"]["width"]) == (37, 50)
    assert max(seen["maps"]["y"]["width"], seen["maps"]["y"]["height"]) <= MOST_SIDE
    at = 1, 1, every // 2 + 3 * every, every // 2 + 49 * every
    assert seen["pixel"]["x"] == pytest.approx(float(x[at]), rel=1e-5)
    assert seen["pixel"]["y"] == pytest.approx(float(y[at]), rel=1e-5)
    assert sum(seen["histograms"]["x"]["counts"]) == x[:, 1].numel()  # of all values


def test_what_computes_something_else_is_refused_in_a_line():
    x = torch.randn(2, C, H, W)
    ours = [make(C) for name, make in NORMS.items() if name not in SHOWN_NORMS]
    assert ours
    for layer in (Odd(C), *ours):
        layer.eval()
        with pytest.raises(ValueError, match="its steps are not shown"):
            at_work(layer, x, layer(x))


def test_all_norms_of_a_model_are_found_but_what_is_none():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), NORMS["none"](8), Permuted(8))
    assert list(layers_of(model)) == ["1", "3"]
