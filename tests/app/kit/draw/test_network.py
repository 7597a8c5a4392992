"""The diagram of the contenders: what it is told of runs, and of those that were not started."""

import base64
import json
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from afn import LambdaInit, TrainConfig
from afn.engine.building import model_of
from afn.norms import Norm
from afn.pretrained.cards import read_card
from afn.settings.backbones import BACKBONE_NAMES
from app.kit.draw.network import Lane, clean_of, network_chart
from app.kit.draw.stages import MOST, expected_layers, stages_of
from tests.app.live import events


def lane_of(each):
    return Lane(label=each.label, color=each.color, config=each.config, shown=each)


def said(chart, cursor=None):
    """A chunk as the browser gets it."""
    chunk, now = chart.feed(cursor)
    return json.loads(json.dumps(chunk, allow_nan=False)), now


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


@pytest.mark.parametrize("backbone", BACKBONE_NAMES)
def test_the_layers_of_a_network_are_known_before_it_is_built(backbone):
    config = TrainConfig(backbone=backbone, widths=(4, 8, 8), norm="bn")
    model = model_of(config, image_size=(32, 32), num_classes=10, mean=[0.5] * 3, std=[0.2] * 3)
    named = dict(model.named_modules())
    built = [name for name, module in named.items() if isinstance(module, Norm)]
    assert sorted(expected_layers(config)) == sorted(built)


@pytest.mark.parametrize(
    ("backbone", "titles"),
    [
        ("convnet", ["norm 1", "norm 2"]),
        ("resnet8", ["stage 1", "stage 2", "stage 3"]),
        ("resnet20", ["stage 1", "stage 2", "stage 3"]),
        ("efficientnet_lite0", ["blocks 1–4", "blocks 5–8", "blocks 9–12", "blocks 13–16"]),
    ],
)
def test_deep_networks_fold_into_stages_that_hold_every_layer_once(backbone, titles):
    layers = expected_layers(TrainConfig(backbone=backbone))
    stages = stages_of(layers)
    assert [stage.title for stage in stages] == titles
    assert list(chain(*(stage.layers for stage in stages))) == list(range(len(layers)))


def test_layers_of_unknown_names_fold_as_well():
    stages = stages_of([f"body.{letter}" for letter in "abcdefghij"])
    assert len(stages) == MOST
    assert list(chain(*(stage.layers for stage in stages))) == list(range(10))


def test_before_the_start_valves_stand_where_the_configuration_puts_them():
    open_start = TrainConfig(norm="afn", lambda_init=LambdaInit.OPEN)
    bn = TrainConfig(norm="bn")
    lanes = [Lane(label=c.norm, color="#000000", config=c) for c in (open_start, bn)]
    chart = network_chart(lanes)
    chunk, _ = said(chart)
    assert chunk == {"starts": [[0, 0, [[0.5, 0.5], [0.5, 0.5]]]]}
    assert [(lane["mixes"], lane["run"]) for lane in chart.spec["lanes"]] == [
        (True, None),
        (False, None),
    ]
    assert not chart.is_final


@pytest.mark.parametrize(
    ("config", "source"),
    [
        (TrainConfig(norm="afn"), "batch"),
        (TrainConfig(norm="afn", eval_stats="running"), "running"),
        (TrainConfig(norm="asrnorm"), "image"),
        (TrainConfig(norm="bn"), "running"),
        (TrainConfig(norm="bn", eval_stats="batch"), "batch"),
        (TrainConfig(norm="gn"), "image"),
        (TrainConfig(norm="none"), "none"),
    ],
)
def test_a_pipe_says_whose_statistics_are_taken_at_test_time(config, source):
    [lane] = network_chart([Lane(label="", color="#000000", config=config)]).spec["lanes"]
    assert lane["source"] == source


def test_without_networks_nothing_is_proposed():
    config = TrainConfig(norm="afn", adaptive=False)
    [lane] = network_chart([Lane(label="", color="#000000", config=config)]).spec["lanes"]
    assert lane["mixes"]
    assert not lane["proposes"]


def test_the_diagram_holds_what_the_runs_recorded(shown, charted):
    chart = network_chart([lane_of(each) for each in shown], inside="/inside")
    chunk, _ = said(chart)
    for number, steps, values in chunk["pts"]:
        recorded = events(charted[number], "step")
        assert floats(steps).tolist() == [each["step"] for each in recorded]
        rows = [[value for row in each["lambdas"] for value in row[:2]] for each in recorded]
        np.testing.assert_allclose(floats(values), np.array(rows).T.ravel(), rtol=1e-6)
    assert sorted(number for number, *_ in chunk["pts"]) == [0, 1, 2]
    for number, step, moves in chunk["moves"]:
        [snapshot] = [s for s in events(charted[number], "snapshot") if s["step"] == step]
        assert moves == [layer["moves"][0] for layer in snapshot["layers"]]
    tests = [row for row in chunk["tests"] if row[0] == 0]
    wanted = [e for e in events(charted[0], "evaluation") if e["corruption"] == "contrast"]
    assert [row[1:3] for row in tests] == [[e["step"], e["accuracy"]] for e in wanted]
    assert {row[3] for row in tests} == {"contrast 3"}


def test_ticks_bring_only_what_is_new(shown):
    chart = network_chart([lane_of(each) for each in shown])
    _, cursor = said(chart)
    assert said(chart, cursor)[0] == {}


def test_a_contender_that_was_not_started_stands_beside_those_that_were(shown):
    lanes = [replace(lane_of(shown[0]), shown=None), lane_of(shown[1])]
    chunk, _ = said(network_chart(lanes))
    assert [row[0] for row in chunk["starts"]] == [0, 1]
    assert [number for number, *_ in chunk["pts"]] == [1]


def test_a_damaged_image_stands_below_what_it_was_before(shown):
    [about] = [row[1] for row in said(network_chart([lane_of(shown[0])]))[0]["probes"]]
    images = shown[0].history.probe_images["images"]
    damaged, clean = images[about["followed"]], images[about["clean"]]
    assert (damaged["corruption"], clean["corruption"]) == ("contrast", None)
    assert damaged["index"] == clean["index"]
    assert clean_of([clean], 0) is None, "it is clean itself"
    assert clean_of([damaged], 0) is None


def test_the_reading_says_where_needles_hardly_move(shown):
    lanes = [lane_of(each) for each in shown]
    assert network_chart(lanes[2:]).reading.startswith("No valves here")
    assert "start" in network_chart([replace(lanes[0], shown=None)]).reading
    history = shown[0].history
    still = np.repeat(history.lambdas[:, :, :1], history.num_steps, axis=2)
    held = replace(shown[0], history=replace(history, lambdas=still))
    assert network_chart([lane_of(held)]).reading.startswith("The needles hardly move")


def test_without_a_checkpoint_a_valve_leads_to_a_pretrained_layer_of_the_same_name():
    def like(**values):
        config = TrainConfig(**values)
        [lane] = network_chart([Lane(label="", color="#000000", config=config)]).spec["lanes"]
        return lane["run"], lane["like"]

    assert like(norm="asrnorm") == (None, "mnist5k-asrnorm")
    assert read_card("mnist5k-asrnorm").config.widths == TrainConfig().widths
    assert like(norm="asrnorm", widths=(8,)) == like(norm="gn") == (None, None)
