import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from afn.ask.layer_statistics import layer_spread
from afn.ask.spread import Spread
from afn.backbones import build_model
from afn.norms import NORMS, BatchNorm2d, set_eval_stats


def net(norm):
    """A norm between convolutions, with a name; in eval mode."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), norm, nn.Conv2d(4, 2, 1)).eval()


@pytest.fixture
def domains():
    """The same pictures, once 2 brighter."""
    pictures = torch.randn(40, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return {"dark": pictures, "bright": pictures + 2}


def only_layer(spread):
    [layer] = spread.layers
    return layer


def test_batch_statistics_bring_domains_together_and_running_ones_do_not(domains):
    model = net(BatchNorm2d(4, eval_stats="batch"))
    layer = only_layer(layer_spread(model, domains, batch_size=20))
    assert (layer.name, layer.domains) == ("1", ("dark", "bright"))
    assert layer.before.separation > 0.5
    assert layer.before.shift > 0.5
    assert layer.after.separation < 0.01
    assert layer.after.shift < 1e-4
    set_eval_stats(model, "running")
    layer = only_layer(layer_spread(model, domains, batch_size=20))
    # A fixed scale and shift per channel moves all images alike.
    assert layer.after.separation == pytest.approx(layer.before.separation, rel=1e-3)
    assert layer.after.shift == pytest.approx(layer.before.shift, rel=1e-3)


def test_statistics_of_each_image_leave_nothing_to_tell_images_apart():
    noise = torch.randn(60, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    brightness = torch.arange(60.0)[:, None, None, None]
    domains = {"soft": 0.5 * noise[:30] + brightness[:30], "hard": noise[30:] + brightness[30:]}
    for norm in (NORMS["asrnorm"](4, adaptive=False), NORMS["in"](4)):
        layer = only_layer(layer_spread(net(norm), domains, batch_size=7))
        assert layer.before.separation > 1
        assert layer.after.separation == 0
        assert layer.after.separation95 == layer.after.shift95 == (0, 0)
        assert layer.after.explained == (0, 0)
        assert {point for points in layer.after.points for point in points} == {(0, 0)}
        assert layer.after.shift == layer.after.scatter == 0


def flat(*levels):
    """Pictures of one grey each."""
    return torch.tensor(levels).reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4)


def test_the_numbers_by_hand():
    checks = torch.tensor([-1.0, 1.0]).repeat(8).reshape(1, 1, 4, 4)  # mean 0, deviation 1
    domains = {"a": flat(0.0, 2.0) + checks, "b": flat(4.0, 6.0) + checks}
    model = nn.Sequential(BatchNorm2d(1, eps=1e-12)).eval()
    side = only_layer(layer_spread(model, domains)).before
    assert (side.mu, side.sigma) == (((1,), (5,)), ((1,), (1,)))  # sigma is constant
    assert side.shift == 2  # means 1 and 5, each 2 from 3, in deviations of 1
    assert (side.scatter, side.separation) == (1, 4)
    assert side.explained == (1, 0)
    assert side.points == (((-3, 0), (-1, 0)), ((1, 0), (3, 0)))
    assert side.centers == ((-2, 0), (2, 0))


def test_each_channel_counts_in_its_own_unit_and_flat_ones_not_at_all():
    checks = torch.tensor([-1.0, 1.0]).repeat(8).reshape(1, 1, 4, 4)
    one = {"a": flat(0.0, 2.0) + checks, "b": flat(4.0, 6.0) + checks}
    model = nn.Sequential(BatchNorm2d(2)).eval()
    two = {name: torch.cat([images, 100 * images], 1) for name, images in one.items()}
    side = only_layer(layer_spread(model, two)).before
    assert (side.shift, side.separation) == pytest.approx((2, 4))
    dead = {name: torch.cat([images, 0 * images + 3], 1) for name, images in one.items()}
    side = only_layer(layer_spread(model, dead)).before
    assert (side.shift, side.separation) == pytest.approx((2**0.5, 4), rel=1e-3)


def test_the_interval_is_that_of_leaving_out_each_image():
    a, b, checks = [0.0, 1.0, 5.0], [4.0, 7.0, 9.0, 2.0], torch.tensor([-1.0, 1.0]).repeat(8)
    checks = checks.reshape(1, 1, 4, 4)
    model = nn.Sequential(BatchNorm2d(1)).eval()
    side = only_layer(layer_spread(model, {"a": flat(*a) + checks, "b": flat(*b) + checks})).before

    def ratio_and_shift(a, b):
        a, b = (torch.tensor(each, dtype=torch.float64) for each in (a, b))
        both = torch.cat([a, b])
        within = (a - a.mean()).square().sum() + (b - b.mean()).square().sum()
        between = (both - both.mean()).square().sum() - within
        return torch.stack([between / within, (between / len(both)).sqrt()])

    variance = torch.zeros(2)
    for n, left in (
        (3, [ratio_and_shift(a[:i] + a[i + 1 :], b) for i in range(3)]),
        (4, [ratio_and_shift(a, b[:i] + b[i + 1 :]) for i in range(4)]),
    ):
        left = torch.stack(left)
        variance = variance + (n - 1) / n * (left - left.mean(0)).square().sum(0)
    (ratio, shift), half = ratio_and_shift(a, b).tolist(), (1.96 * variance.sqrt()).tolist()
    assert (side.separation, side.shift) == pytest.approx((ratio, shift), rel=1e-3)
    assert side.separation95 == pytest.approx((max(0, ratio - half[0]), ratio + half[0]), rel=1e-3)
    assert side.shift95 == pytest.approx((max(0, shift - half[1]), shift + half[1]), rel=1e-3)


def test_axes_point_the_same_way_whatever_the_order_of_images(domains):
    model = net(BatchNorm2d(4))
    flipped = {name: images.flip(0) for name, images in domains.items()}
    one, other = (only_layer(layer_spread(model, each)) for each in (domains, flipped))
    assert [tuple(reversed(points)) for points in one.before.points] == list(other.before.points)


def test_only_some_points_are_kept_but_all_images_count(domains):
    many = {name: images.repeat(5, 1, 1, 1) for name, images in domains.items()}
    model = net(BatchNorm2d(4))
    few, all_of_them = layer_spread(model, domains), layer_spread(model, many, batch_size=40)
    assert all_of_them.num_images == (200, 200)
    assert [len(points) for points in only_layer(all_of_them).before.points] == [64, 64]
    assert only_layer(all_of_them).before.separation == only_layer(few).before.separation


def test_layers_come_in_their_order_and_running_averages_stay():
    model = build_model(
        "resnet8", "bn", in_channels=3, num_classes=10,
        image_size=(16, 16), mean=(0.5,) * 3, std=(0.5,) * 3,
    ).eval()  # fmt: skip
    before = {name: value.clone() for name, value in model.state_dict().items()}
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    spread = layer_spread(model, {"a": images, "b": 1 - images})
    names = [name for name, layer in model.named_modules() if isinstance(layer, BatchNorm2d)]
    assert [layer.name for layer in spread.layers] == names
    assert len(names) == 7
    torch.testing.assert_close(dict(model.state_dict()), before, rtol=0, atol=0)


def test_a_record_survives_its_file(domains):
    spread = layer_spread(net(BatchNorm2d(4)), domains)
    record = json.loads(json.dumps(spread.to_json()))
    assert Spread.from_json(record) == spread
    assert "domains" not in record["layers"][0]
    del record["layers"][0]["after"]["shift"]
    with pytest.raises(ValueError, match=r"not a record of layer statistics: .*`shift`"):
        Spread.from_json(record)
    layer = spread.layers[0]
    with pytest.raises(ValueError, match="expected values of 2 domains"):
        replace(layer, after=replace(layer.after, centers=()))


def test_hooks_are_gone_even_on_error(domains):
    model = net(BatchNorm2d(4))
    layer_spread(model, domains)
    assert not model[1]._forward_hooks
    with pytest.raises(RuntimeError):
        layer_spread(model, {**domains, "of colour": torch.rand(4, 3, 8, 8)})
    assert not model[1]._forward_hooks


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda net, sets: (nn.Conv2d(1, 2, 1).eval(), sets), "with norm layers of this"),
        (lambda net, sets: (net.train(), sets), r"call model\.eval\(\) first"),
        (lambda net, sets: (net, {"dark": sets["dark"]}), "two domains or more, got 1"),
        (lambda net, sets: (net, {**sets, "x": sets["dark"][:1]}), "x has 1"),
        (lambda net, sets: (nn.Sequential(net, net[1]).eval(), sets), "ran 2 times in 1"),
        (lambda net, sets: (net, {**sets, "x": sets["dark"] / 0}), "are not finite"),
    ],
)
def test_what_cannot_be_measured_is_one_line(domains, change, words):
    model, domains = change(nn.Sequential(nn.Conv2d(1, 4, 3), BatchNorm2d(4)).eval(), domains)
    with pytest.raises(ValueError, match=words):
        layer_spread(model, domains)


def test_records_need_no_torch():
    check = "import afn.ask.spread, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)
