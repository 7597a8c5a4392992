import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from afn import LambdaInit, TrainConfig, train
from afn.data import load_dataset
from afn.engine.tensors import DataOrder, domain_tensors, load_tensors
from afn.engine.training import DivergedError, Training
from afn.pixels import as_float
from afn.settings.events import Event
from tests.engine.told import Scripted, of_kind, without_times


def test_events_tell_the_whole_story(quick):
    events = list(train(quick))
    start = events[0]
    assert start.kind == "start"
    assert start.values["layers"] == ["backbone.blocks.0.norm", "backbone.blocks.1.norm"]
    assert start.values["num_features"] == [4, 8]
    steps = of_kind(events, "step")
    assert len(steps) == start.values["total_steps"] == 1437 // 64
    assert [event.step for event in steps] == list(range(1, len(steps) + 1))
    for event in steps:
        assert len(event.values["lambdas"]) == 2
        assert all(0 < value < 1 for row in event.values["lambdas"] for value in row)
    tested = [event.values["corruption"] for event in of_kind(events, "evaluation")]
    assert tested == [None, None, "contrast", "gaussian_noise"]
    assert set(of_kind(events, "samples")[0].values["images"]) == {
        "clean", "contrast", "gaussian_noise",
    }  # fmt: skip
    snapshots = of_kind(events, "snapshot")
    assert snapshots[0].step == 1
    assert snapshots[-1].step == len(steps)
    assert [len(layer["gamma"]) for layer in snapshots[0].values["layers"]] == [4, 8]


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn"])
def test_same_configuration_same_events_bit_for_bit(quick, norm):
    config = replace(quick, norm=norm, stat_dropout=0.3 if norm == "afn" else 0.0)
    torch.manual_seed(1)
    first = without_times(train(config))
    torch.manual_seed(2)
    assert without_times(train(config)) == first


def test_the_global_generator_is_left_alone(quick):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    list(train(replace(quick, stat_dropout=0.3)))
    torch.testing.assert_close(torch.get_rng_state(), before)


def test_contenders_share_start_and_data_order(quick):
    weights, batches = [], []
    for norm in ("afn", "asrnorm", "bn", "none"):
        training = Training(replace(quick, norm=norm))
        weights.append(training.model.state_dict()["backbone.blocks.0.conv.weight"])
        batches.append(training.order.take(64))
    for weight, batch in zip(weights, batches, strict=True):
        assert torch.equal(weight, weights[0])
        assert torch.equal(batch, batches[0])


def test_afn_off_trains_as_batch_norm_with_test_batch_statistics(quick):
    off = of_kind(train(replace(quick, lambda_init=LambdaInit.OFF)), "step")
    bn = of_kind(train(replace(quick, norm="bn", eval_stats="batch")), "step")
    torch.testing.assert_close(
        [event.values["loss"] for event in off],
        [event.values["loss"] for event in bn],
        rtol=1e-3,  # rounding differs between the formula and torch's kernel, and grows over steps
        atol=1e-3,
    )


def test_learning_works(quick):
    events = list(train(replace(quick, epochs=8, norm="bn")))
    assert of_kind(events, "evaluation")[-3].values["accuracy"] > 0.8


def test_lambda_learning_rate_factor_moves_lambda_further(quick):
    def move(factor):
        steps = of_kind(train(replace(quick, lambda_lr_factor=factor)), "step")
        ends = steps[0].values["lambdas"], steps[-1].values["lambdas"]
        return max(
            abs(a - b) for x, y in zip(*ends, strict=True) for a, b in zip(x, y, strict=True)
        )

    assert move(0.0) == 0
    assert move(100.0) > 10 * move(1.0) > 0


def test_divergence_names_the_step(quick):
    with pytest.raises(DivergedError, match=r"the loss is (nan|inf) at step \d+.*lower lr"):
        list(train(replace(quick, lr=10.0, momentum=0.999)))


def test_cosine_falls_from_the_base_rate_to_nothing_by_the_images_seen(quick):
    config = replace(quick, epochs=2, lr_schedule="cosine")
    script = Scripted({30: [{"command": "set", "lr": 0.01}, {"command": "set", "batch_size": 20}]})
    steps = of_kind(Training(config).events(script), "step")
    seen = [*range(0, 22 * 64, 64), *range(1437, 1437 + 8 * 64, 64)]  # the remainder is left out
    seen += range(1437 + 8 * 64, 2 * 1437 - 19, 20)
    assert [event.values["lr"] for event in steps] == [
        pytest.approx((0.05 if i < 30 else 0.01) * (1 + math.cos(math.pi * n / 2874)) / 2)
        for i, n in enumerate(seen)
    ]
    assert steps[0].values["lr"] == 0.05
    assert steps[-1].values["lr"] < 1e-5


@pytest.mark.parametrize(("side", "constants"), [(32, "cifar10-c"), (96, "imagenet-c")])
def test_a_test_names_whose_constants_its_corruption_had(
    side, constants, quick, tmp_path, monkeypatch
):
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path))
    images = np.random.default_rng(0).integers(0, 256, (8, side, side), dtype=np.uint8)
    labels = np.arange(8, dtype=np.uint8) % 2
    np.savez(
        tmp_path / f"blobs{side}.npz", x_train=images, y_train=labels, x_test=images, y_test=labels
    )
    config = replace(
        quick, dataset=f"blobs{side}", batch_size=4, corruptions=("contrast",), widths=(2,)
    )
    clean, *_, corrupted = of_kind(train(config), "evaluation")
    assert corrupted.values["constants"] == constants
    assert "constants" not in clean.values


def test_another_data_folder_has_other_images_under_the_same_name(tmp_path, monkeypatch):
    labels = np.arange(8, dtype=np.uint8) % 2
    for value in (101, 102):
        images = np.full((8, 9, 9), value, np.uint8)
        (tmp_path / str(value)).mkdir()
        archive = tmp_path / str(value) / "plain.npz"
        np.savez(archive, x_train=images, y_train=labels, x_test=images, y_test=labels)
        monkeypatch.setenv("AFN_DATA_DIR", str(archive.parent))
        assert load_tensors("plain", 8, 8).train_images.unique().tolist() == [value]


def networks_of(training):
    return {
        name: parameter.detach().clone()
        for name, parameter in training.model.named_parameters()
        if ".standardize." in name or ".rescale." in name
    }


@pytest.mark.parametrize("factor", [0.0, 0.5, 20.0])
def test_the_networks_learn_at_a_rate_of_their_own(factor, quick):
    config = replace(quick, max_steps=1, weight_decay=0.0, lambda_init=LambdaInit.OPEN)
    moved = {}
    for network_lr_factor in (1.0, factor):
        training = Training(replace(config, network_lr_factor=network_lr_factor))
        before, first = networks_of(training), training.model.state_dict()
        others = {name: first[name].clone() for name in first if name not in before}
        list(training.events())
        after = networks_of(training)
        moved[network_lr_factor] = {name: after[name] - before[name] for name in before}
        assert any(not torch.equal(others[n], training.model.state_dict()[n]) for n in others)
    assert any(change.any() for change in moved[1.0].values())
    for name, change in moved[factor].items():
        assert_close(change, factor * moved[1.0][name], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("factor", [0.0, 3.0])
def test_the_networks_decay_at_a_rate_of_their_own(factor, quick):
    config = replace(quick, max_steps=1, lambda_init=LambdaInit.OPEN, lr=0.1)
    training = Training(replace(config, weight_decay=0.2, network_decay_factor=factor))
    plain = Training(config)
    before = networks_of(training)
    for each in (training, plain):
        list(each.events())
    without, after = networks_of(plain), networks_of(training)
    for name, start in before.items():
        decay = 0.1 * 0.2 * factor * start if start.dim() > 1 else torch.zeros_like(start)
        assert_close(after[name], without[name] - decay, rtol=1e-4, atol=1e-6)


def test_augmentation_is_the_same_for_every_norm_and_another_in_every_batch(quick, monkeypatch):
    shown = {}
    for norm in ("bn", "afn"):
        training = Training(replace(quick, norm=norm, augment="crop_flip", max_steps=3))
        forward = training._forward
        batches = shown[norm] = []
        monkeypatch.setattr(
            training, "_forward", lambda x, y, f=forward, b=batches: b.append(x.clone()) or f(x, y)
        )
        list(training.events())
    plain = training.data.train_batch(DataOrder(0, 1437).take(64))[0]
    assert all(torch.equal(a, b) for a, b in zip(*shown.values(), strict=True))
    assert not torch.equal(shown["bn"][0], plain)


def test_decay_takes_from_kernels_and_matrices_alone(quick):
    def trained(decay):
        training = Training(replace(quick, weight_decay=decay, lr=0.01, momentum=0.0, max_steps=1))
        start = {name: p.detach().clone() for name, p in training.model.named_parameters()}
        list(training.events())
        return start, dict(training.model.named_parameters())

    start, without = trained(0.0)
    _, decayed = trained(0.5)
    for name, parameter in without.items():
        taken = 0.01 * 0.5 * start[name] if parameter.dim() > 1 else torch.zeros_like(parameter)
        torch.testing.assert_close(decayed[name], parameter - taken)
    assert {"backbone.blocks.0.norm.standardize.encoder.weight"} <= without.keys()


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn", "in", "gn", "ln", "bin", "none"])
def test_every_norm_trains_and_is_tested(quick, norm):
    events = list(train(replace(quick, norm=norm, lr=0.01)))
    assert of_kind(events, "evaluation")[-1].values["statistics"]


@pytest.mark.parametrize("batch_size", [1, 3, 512])
def test_batch_sizes_at_the_edges(quick, batch_size):
    config = replace(quick, batch_size=batch_size, max_steps=5)
    assert len(of_kind(train(config), "step")) == min(5, 1437 // batch_size)


@pytest.mark.parametrize("batch_size", [2, 8, 32, 128])
def test_every_batch_size_sees_as_many_images(quick, batch_size):
    """But for each epoch's remainder, which is smaller than a batch."""
    config = replace(quick, batch_size=batch_size, train_images=300, epochs=2, norm="bn")
    events = list(train(replace(config, corruptions=(), lr=0.001)))
    steps = of_kind(events, "step")
    assert events[0].values["total_steps"] == config.num_steps(1437) == len(steps)
    seen = sum(event.values["batch_size"] for event in steps)
    assert seen == 2 * (300 // batch_size) * batch_size
    assert 600 - seen < 2 * batch_size
    assert steps[-1].values["images_left"] < batch_size


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["resnet8", "resnet20"])
def test_resnets_train(quick, backbone):
    config = replace(quick, backbone=backbone, max_steps=2)
    assert len(of_kind(train(config), "step")) == 2


def test_an_event_is_strict_json_even_with_nan():
    line = Event("step", 1, 0.5, {"loss": float("nan"), "rows": [[float("inf"), 1.0]]}).to_line()
    record = json.loads(line, parse_constant=lambda name: pytest.fail(name))
    assert record["loss"] is None
    assert record["rows"] == [[None, 1.0]]


def test_data_order_covers_every_image_and_differs_by_epoch_and_seed():
    order = DataOrder(0, 10)
    epoch = torch.cat([order.take(5), order.take(5)])
    assert sorted(epoch.tolist()) == list(range(10))
    assert order.ends_epoch(5)
    assert not torch.equal(torch.cat([order.take(5), order.take(5)]), epoch)
    other = DataOrder(1, 10)
    assert not torch.equal(torch.cat([other.take(5), other.take(5)]), epoch)


def test_unknown_data_set_is_one_line(quick):
    with pytest.raises(ValueError, match="mnist5k"):
        list(train(replace(quick, dataset="nonsense")))


def test_config_is_what_train_takes_by_name():
    assert TrainConfig(dataset="mnist", norm="afn", backbone="convnet", batch_size=64, lr=0.05,
                       epochs=3, seed=0).dataset == "mnist"  # fmt: skip


def test_the_first_training_images_alone_are_used(quick):
    config = replace(quick, dataset="digits8", train_images=100, batch_size=50)
    training = Training(config)
    data = load_dataset(config.dataset)
    assert torch.equal(training.data.train_images, torch.from_numpy(data.x_train[:100]))
    assert training.data.mean == pytest.approx((data.x_train[:100].mean() / 255,))
    events = list(training.events())
    assert events[0].values["num_train"] == 100
    assert sum(event.kind == "step" for event in events) == 2 * config.epochs
    with pytest.raises(ValueError, match="batch size 101 is above the 100 training images"):
        Training(replace(config, batch_size=101))


def test_the_end_tells_every_kind_of_test_and_what_was_changed(quick):
    training = Training(replace(quick, test_domains=("mnist5k",), eval_images=40))
    events = list(training.events(Scripted({2: [{"command": "set", "lr": 0.01}]})))
    [domain] = [event for event in events if event.kind == "domain"]
    assert (domain.values["dataset"], domain.values["n"]) == ("mnist5k", 40)
    summary = training.summary()
    told = {(test["dataset"], test["corruption"]): test["accuracy"] for test in summary["tests"]}
    assert told.keys() == {
        ("digits8", None), ("digits8", "contrast"), ("digits8", "gaussian_noise"), ("mnist5k", None)
    }  # fmt: skip
    assert told["digits8", None] == summary["accuracy"]
    assert told["mnist5k", None] == domain.values["accuracy"]
    assert summary["changes"] == 1
    layers = training.adaptive_layers.values()
    moved = [abs(layer.lambdas()["mu"] - 1 / (1 + math.exp(3))) for layer in layers]
    assert summary["lambda_moved"]["mu"] == pytest.approx(sum(moved) / len(moved), rel=1e-3)
    durations = sum(e.values["duration"] for e in events if e.kind == "step")
    assert 0 < summary["train_seconds"] < 1.2 * durations + 0.1


def test_a_domains_classes_are_found_by_their_names(monkeypatch):
    like = load_tensors("digits8", 10, 10)
    data = load_dataset("digits8")
    names = (*"987654321", "ten")
    sets = {
        "turned": replace(data, name="turned", class_names=names),
        "letters": replace(data, name="letters", class_names=tuple("abcdefghij")),
    }
    monkeypatch.setattr("afn.engine.tensors.load_dataset", sets.__getitem__)
    images, labels, left_out = domain_tensors("turned", like, 100)
    known = data.y_test[:100] < 9
    assert labels.tolist() == (9 - data.y_test[:100][known]).tolist()
    assert torch.equal(images, as_float(torch.from_numpy(data.x_test[:100][known])))
    assert left_out == f"{100 - known.sum()} images of unknown classes left out (ten)"
    with pytest.raises(ValueError, match=r"no class in common: letters \(a, b, c and 7 more\)"):
        domain_tensors("letters", like, 5)


def test_hidden_widths_follow_from_the_channels_unless_they_are_given(quick):
    widths = {"standardize": [], "rescale": []}
    config = replace(quick, norm="afn", widths=(8, 32), stan_ratio=4, rescale_width=3)
    for layer in Training(config).layers.values():
        for name, found in widths.items():
            found.append(getattr(layer, name).encoder.out_features)
    assert widths == {"standardize": [2, 8], "rescale": [3, 3]}
    [first, _] = Training(replace(quick, norm="afn", rescale_ratio=64)).layers.values()
    assert first.rescale.encoder.out_features == 1
