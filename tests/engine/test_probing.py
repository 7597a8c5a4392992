"""Probes ask a network that trains, and leave its training as it is."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from afn import train
from afn.ask.evaluate import corrupted
from afn.engine.execution import execute
from afn.engine.probing import SHEETS, Probe, fitting, spread_over_classes, sprite
from afn.engine.tensors import pixels_of
from afn.engine.training import Training
from afn.runs.history import History
from afn.runs.store import RunStore
from tests.engine.told import Scripted, of_kind

pytestmark = pytest.mark.slow

PROBED = {"probes", "probe", "sheet"}


def finished(config, folder):
    run = RunStore(folder).create(config)
    list(execute(run))
    return run


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn", "gn"])
def test_training_is_the_same_bit_for_bit_without_probes(quick, norm, tmp_path, monkeypatch):
    config = replace(quick, norm=norm, stat_dropout=0.3 if norm == "afn" else 0.0)
    probed = finished(config, tmp_path / "probed")
    monkeypatch.setattr(Probe, "ask", lambda *_, **__: iter(()))
    plain = finished(config, tmp_path / "plain")
    kept = [Training(config) for _ in range(2)]
    for training, run in zip(kept, (probed, plain), strict=True):
        training.restore(run.require_weights())
    first, second = (training.model.state_dict() for training in kept)
    assert all(torch.equal(first[name], second[name]) for name in first)
    told = [
        [{k: v for k, v in event.items() if k not in ("seconds", "duration", "file")}
         for event in run.events()[0] if event["kind"] not in PROBED]
        for run in (probed, plain)
    ]  # fmt: skip
    assert told[0] == told[1]


def test_answers_and_maps_are_those_of_the_network_in_evaluation_mode(quick, tmp_path):
    config = replace(quick, norm="bn", corruptions=("contrast",), severity=5)
    run = finished(config, tmp_path)
    history = History.of(run)
    training = Training(config)
    training.restore(run.require_weights())
    images, about = training.data.test_images, history.probe_images
    indices = [image["index"] for image in about["images"]]
    assert indices[:16] == indices[16:]
    assert [image["corruption"] for image in about["images"]] == [None] * 16 + ["contrast"] * 16
    assert [image["label"] for image in about["images"][:11]] == [*range(10), 0]
    halves = images[indices[:16]], corrupted(images[indices[:16]], "contrast", 5)
    training.model.eval()
    seen = []
    training.layers["backbone.blocks.1.norm"].register_forward_hook(
        lambda _layer, _inputs, output: seen.append(output[0, :4])
    )
    with torch.inference_mode():
        shares = torch.cat([training.model(half).softmax(1) for half in halves])
    np.testing.assert_array_equal(history.probe_answers[-1], shares.mul(255).round().numpy())
    assert history.probe_steps[0] == 0
    assert history.probe_steps[-1] == history.step

    sheet = history.sheets[-1]
    assert (sheet["step"], sheet["image"], sheet["columns"]) == (history.step, 16, 4)
    pixels = read(run.path / "sheets" / sheet["file"])
    width, height = sheet["tile"]
    assert pixels.shape == (2 * height, 4 * width)
    low, high = sheet["scale"]
    repeated = seen[1].repeat_interleave(2, 1).repeat_interleave(2, 2)  # 4×4 maps on tiles of 8×8
    wanted = pixels_of(((repeated[3] - low) / (high - low)).clamp(0, 1)[None])[..., 0]
    np.testing.assert_array_equal(pixels[height:, 3 * width :], wanted)

    tiles = read(run.path / "sheets" / about["sheet"])
    width, height = about["tile"]
    damaged = tiles[2 * height : 3 * height, :width]  # behind two rows of eight
    np.testing.assert_array_equal(damaged, pixels_of(halves[1][0])[..., 0])


def test_probes_are_few_in_long_runs_and_at_every_step_of_short_ones(quick):
    long = replace(quick, epochs=6, batch_size=32, corruptions=())
    at = [event.step for event in of_kind(list(train(long)), "probe")]
    steps = 6 * (1437 // 32)
    assert (at[0], at[-1]) == (0, steps)
    assert 0.9 * (steps // 2 // SHEETS * SHEETS) < len(at) < 1 + steps / 2
    assert min(np.diff(at[:-1])) > 1
    short = [event.step for event in of_kind(list(train(quick)), "probe")]
    assert short == list(range(1437 // 64 + 1))


def test_another_severity_shows_other_images_and_asks_at_once(quick):
    training = Training(replace(quick, corruptions=("contrast",)))
    commands = Scripted({3: [{"command": "evaluate", "severity": 5}]})
    events = [e for e in training.events(commands) if e.kind in PROBED]
    again = next(i for i, event in enumerate(events) if i and event.kind == "probes")
    assert (events[again].step, events[again + 1].kind) == (3, "probe")
    assert {i["severity"] for i in events[again].values["images"]} == {None, 5}


def test_a_stopped_run_ends_with_a_probe(quick):
    training = Training(replace(quick, epochs=8))
    commands = Scripted({7: [{"command": "stop"}]})
    assert of_kind(list(training.events(commands)), "probe")[-1].step == 7


@pytest.mark.parametrize(
    ("changes", "count", "batch", "told"),
    [
        ({"eval_images": 3, "norm": "afn"}, 6, 3, "test batch of 3"),
        ({"eval_batch_size": 5, "norm": "afn"}, 32, 5, "test batches of 5, the last of 1"),
        ({"corruptions": (), "norm": "bn"}, 32, 16, "running"),
    ],
)
def test_probes_of_few_images_of_small_batches_and_of_no_corruption(
    quick, changes, count, batch, told
):
    config = replace(quick, max_steps=2, **changes)
    about = of_kind(list(train(config)), "probes")[0].values
    assert (len(about["images"]), about["batch"], about["statistics"]) == (count, batch, told)
    assert about["sheet"] is None  # nothing is written
    damage = config.corruptions[0] if config.corruptions else None
    assert [image["corruption"] for image in about["images"][count // 2 :]] == [damage] * (
        count // 2
    )


def test_images_of_each_class_in_turn():
    labels = torch.tensor([1, 1, 1, 0, 2, 0])
    assert spread_over_classes(labels, 5).tolist() == [3, 0, 4, 5, 1]
    assert spread_over_classes(torch.zeros(3, dtype=torch.int64), 16).tolist() == [0, 1, 2]


def test_tiles_of_large_images_in_colour():
    images = torch.rand(3, 3, 64, 128)
    tiles = fitting(images, 32)
    assert tiles.shape == (3, 3, 16, 32)
    torch.testing.assert_close(tiles[0, 0, 0, 0], images[0, 0, :4, :4].mean())
    picture = sprite(tiles, 2)
    assert picture.shape == (3, 32, 64)
    assert torch.equal(picture[:, 16:, :32], tiles[2])
    assert not picture[:, 16:, 32:].any()
