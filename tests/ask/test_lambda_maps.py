"""Accuracy over λ_μ and λ_σ: every point against the slow way, and where points are laid."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from afn.ask.evaluation import EvaluationStore
from afn.ask.execution import carry_out
from afn.ask.lambda_maps import UNITS, LambdaMap, MapPoint, at, filled, map_of, wanted
from afn.ask.map_task import MapTask
from afn.ask.mapping import Mapped, lambda_map, layers_before
from afn.ask.measure import ShownImages, answers, brought
from afn.ask.models import asked, restored
from afn.ask.network import Network
from afn.ask.records import Cell
from afn.ask.tasks import task_from_json
from afn.cli.main import main
from afn.data import load_dataset
from afn.engine.execution import execute
from afn.norms import AFN2d, BatchNorm2d, override_lambdas

FOG = ("fog", 5)


@pytest.fixture
def network(store, quick):
    run = store.create(replace(quick, norm="afn", corruptions=()))
    list(execute(run))
    return Network.of_run(run)


def cliff(node, *, of=512):
    """Right answers that fall off beyond λ_σ = 0.7."""
    mu, sigma = at(node)
    return int(of * (0.9 - 0.1 * mu - 0.6 * (sigma > 0.7)))


def laid(points, portion=10**6):
    known = {}
    while nodes := wanted(known, points):
        known |= {node: cliff(node) for node in nodes[:portion]}
    return known


# -- where points are laid -------------------------------------------------------------------------


def test_points_are_the_same_in_whatever_portions_they_are_asked_for():
    whole = list(laid(90))
    assert len(set(whole)) == 90
    assert list(laid(90, portion=1)) == whole
    assert list(laid(40)) == whole[:40]
    assert len(laid((UNITS + 1) ** 2)) == (UNITS + 1) ** 2


def test_points_lie_where_the_accuracy_changes():
    finest = [node for node in list(laid(90))[16:] if node[1] % 4]
    assert finest
    assert all(0.6 < at(node)[1] < 0.8 for node in finest)


def test_between_points_a_plane_is_a_plane():
    plane = filled({node: 0.2 + 0.5 * at(node)[0] - 0.1 * at(node)[1] for node in laid(37)})
    steps = np.arange(UNITS + 1) / UNITS
    np.testing.assert_allclose(plane, 0.2 + 0.5 * steps[:, None] - 0.1 * steps[None])


def test_what_is_measured_is_not_interpolated():
    known = {node: cliff(node) / 512 for node in laid(90)}
    grid = filled(known)
    assert all(grid[node] == value for node, value in known.items())
    assert np.isfinite(grid).all()
    assert np.isnan(filled({(0, 0): 0.5})).any()


# -- what is measured ------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{}, {"eval_stats": "running"}, {"backbone": "resnet8"}])
def test_every_point_is_what_the_slow_way_gives(store, quick, changes):
    run = store.create(replace(quick, norm="afn", corruptions=(), **changes))
    list(execute(run))
    network = Network.of_run(run)
    found = lambda_map(
        network, corruption="fog", severity=5, num_images=30, points=18, batch_size=12
    )
    model = restored(network)
    question = network.question(num_images=30, batch_size=12)
    shown = ShownImages.of(*brought(load_dataset("digits8"), (8, 8, 1), 30), place=FOG)

    def slowly(**lambdas):
        with asked(model, question), override_lambdas(model, **lambdas):
            size = question.batch_size
            return answers(model, shown, batch_size=size, class_names=network.class_names)

    assert found.trained == slowly()
    for point in found.points:
        assert point.cell == slowly(mu=point.mu, sigma=point.sigma), (point.mu, point.sigma)
    assert len({point.cell.loss for point in found.points}) > 10


class _InPlace(nn.Module):
    """A layer before the first with λ whose output is changed in place."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.plain = nn.Conv2d(1, 4, 3), BatchNorm2d(4)
        self.second, self.norm = nn.Conv2d(4, 10, 3), AFN2d(10)

    def forward(self, images):
        x = self.first(images)
        x += 1
        x = self.second(self.plain(x).relu_())
        return self.norm(x).mean((2, 3))


def test_layers_before_the_first_lambda_run_once_and_are_left_as_they_were(network):
    model = _InPlace().eval()
    data = load_dataset("digits8")
    shown = ShownImages.of(*brought(data, (8, 8, 1), 30), place=(None, 0))
    before = [model.first, model.plain, model.second]
    assert layers_before(model, shown.images[:2]) == before
    question = network.question(num_images=30, batch_size=10)
    computed = []
    compute = model.second._conv_forward
    model.second._conv_forward = lambda *given: computed.append(given) or compute(*given)
    with Mapped(model, shown, question) as mapped:
        cells = [mapped.answer(0.2, 0.7) for _ in range(3)]
    assert len(computed) == 1 + 3  # a look, and each batch once
    assert cells[0] == cells[1] == cells[2]
    assert not any("forward" in vars(layer) for layer in before)
    with override_lambdas(model, mu=0.2, sigma=0.7):
        assert answers(model, shown, batch_size=10) == cells[0]


# -- what is asked and kept ------------------------------------------------------------------------


def test_a_task_that_was_stopped_goes_on_where_it_was(store, network):
    question = network.question(num_images=32, batch_size=16)
    task = MapTask(network=network, question=question, place=FOG, points=20, beside=((0.1, 0.25),))
    assert task_from_json(json.loads(json.dumps(task.to_json()))) == task
    assert task.size == 22
    seen = []

    def stops():
        seen.append(task.read())
        return len(seen) == 18

    carry_out(EvaluationStore.beside(store).create([task]), orphaned=stops)
    assert task.left().size == 4
    assert seen[15] is None  # as trained, and 15 points
    assert len(seen[16].points) == 16  # the first picture
    evaluation = EvaluationStore.beside(store).create([task.left()])
    carry_out(evaluation)
    assert evaluation.state().summary == {"problems": []}
    assert task.left() is None
    found = task.read()
    assert (found.points[16].mu, found.points[16].sigma) == (0.1, 0.25)  # the visitor waits for it
    apart = lambda_map(
        network, corruption="fog", severity=5, num_images=32, batch_size=16, points=20
    )
    assert set(apart.points) == {point for point in found.points if point.node}
    assert apart.trained == found.trained
    assert replace(task, points=21).left().size == 1
    assert replace(task, place=(None, 0)).read() is None


def test_between_points_an_accuracy_is_interpolated():
    cells = {
        node: Cell(corruption=None, severity=0, source="clean", loss=1.0, answers=bytes(range(8)),
                   confidences=bytes(8), labels=bytes([*range(k), *[9] * (8 - k)]))
        for k, node in zip([0, 8] * 8, wanted({}), strict=True)
    }  # fmt: skip
    points = [MapPoint(mu=at(it)[0], sigma=at(it)[1], cell=cell) for it, cell in cells.items()]
    found = map_of(points[0].cell, points)
    assert isinstance(found, LambdaMap)
    assert map_of(points[0].cell, points[1:]) is None
    assert found.accuracy(0.5, 0) == pytest.approx(0)
    assert found.accuracy(0, 1 / 6) == pytest.approx(0.5)
    assert found.accuracy(1, 1) == 1
    assert (found.best.mu, found.best.sigma) == (0, 1 / 3)
    assert len(found.rows()) == 17
    assert found.rows()[0]["lambda_mu"] is None
    with pytest.raises(ValueError, match=r"λ_sigma is a share and must be in \[0, 1\], got 1.1"):
        found.accuracy(0, 1.1)


@pytest.mark.parametrize(
    ("asked_for", "line"),
    [
        ({"corruption": "fog", "severity": 6}, "severity must be from 1 to 5, got 6"),
        ({"corruption": "rain", "severity": 1}, "unknown corruption 'rain'; known are .*fog"),
        ({"severity": 2}, "clean images have severity 0, got 2: name a corruption"),
        ({"points": 15}, "points must be from 16 to 625, got 15"),
        ({"num_images": 0}, "num_images must be at least 1, got 0"),
        ({"corruption": "saturate", "severity": 1}, "colour"),
    ],
)
def test_what_cannot_be_mapped_is_one_line(asked_for, line):
    with pytest.raises(ValueError, match=line) as told:
        lambda_map("mnist5k-afn", **asked_for)
    assert "\n" not in str(told.value)


def test_a_network_without_lambda_has_no_map():
    with pytest.raises(ValueError, match="mnist5k-bn has no λ: take a network with AFN or ASRNorm"):
        lambda_map("mnist5k-bn")


def test_the_command_says_the_map_and_finds_it_again(store, network, monkeypatch, capsys):
    monkeypatch.setenv("AFN_RUNS_DIR", str(store.root))
    words = ["map", network.id, "--corruption", "fog", "--images", "32", "--points", "16"]
    main(words)
    said = capsys.readouterr().out
    assert f"{network.id}  fog 5, 32 images, statistics: test batch of 32: " in said
    assert len(said.splitlines()) == 1 + 7
    monkeypatch.setattr("afn.ask.mapping.Mapped.answer", lambda *_: pytest.fail("asked again"))
    main([*words, "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["kind"] for line in lines] == ["map"] + ["point"] * 17 + ["row"] * 7
    assert lines[1]["lambda_mu"] is None
    with pytest.raises(SystemExit):
        main(["map", "mnist5k-bn"])
    told = capsys.readouterr().err
    assert told.startswith("afn: mnist5k-bn has no λ")
    assert told.count("\n") == 1


def test_records_need_no_torch():
    code = "import afn.ask.map_task, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
