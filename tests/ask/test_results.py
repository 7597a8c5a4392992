"""Any model asked about anything: the answers, their table, figure and protocol."""

import json
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from afn import (
    Cell,
    ProtocolCard,
    Row,
    as_tested,
    corruption_grid,
    domain_matrix,
    image_set,
    load_pretrained,
)  # fmt: skip
from afn.ask.classifiers import AskedModel, logits_of
from afn.ask.reading import model_facts, statistics_of
from afn.norms import convert_norm
from afn.stats.intervals import wilson_interval

IMAGES = torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
SOME = {"corruptions": ["contrast", "fog"], "severities": [1, 5]}


class Net(nn.Module):
    """Few classes or many."""

    def __init__(self, num_classes=3, channels=3):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(
            nn.Conv2d(channels, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(784, num_classes)
        )

    def forward(self, images):
        return self.body(images)


def answered(net, data, **more):
    return corruption_grid(net, data, batch_size=5, **SOME, **more)


def test_a_grid_comes_lazily_and_once_and_can_be_gone_through_again():
    calls = []

    def model(images):
        calls.append(len(images))
        return torch.zeros(len(images), 3)

    grid = answered(model, (IMAGES, torch.zeros(12, dtype=torch.int64)))
    assert calls == []
    assert next(grid).where == "clean"
    assert calls == [5, 5, 2]
    assert [cell.where for cell in grid] == ["contrast 1", "contrast 5", "fog 1", "fog 5"]
    assert len(list(grid)) == len(grid.all()) == 5
    assert len(calls) == 15
    with pytest.raises(StopIteration):
        [*grid, next(grid)]


def test_more_classes_than_a_byte_holds(tmp_path):
    labels = torch.tensor([0, 299, 256, 1] * 3)
    net = Net(300).eval()
    [cell] = corruption_grid(net, (IMAGES, labels), corruptions=())
    assert cell.true.tolist() == labels.tolist()
    assert cell.predicted.tolist() == net(IMAGES).argmax(1).tolist()
    assert max(cell.predicted) > 255
    assert (len(cell.labels), cell.n) == (24, 12)
    assert cell.correct == int((net(IMAGES).argmax(1) == labels).sum())
    assert Cell.from_json(json.loads(json.dumps(cell.to_json()))) == cell
    broken = {**cell.to_json(), "labels": cell.to_json()["confidences"]}
    with pytest.raises(ValueError, match="one answer for each"):
        Cell.from_json(broken)


def test_cells_of_few_and_of_many_classes_are_of_the_same_images():
    labels = torch.tensor([0, 1, 2] * 4)
    few, many = (
        corruption_grid(Net(count).eval(), (IMAGES, labels), corruptions=()).all()[0]
        for count in (3, 300)
    )
    assert few.labels != many.labels
    assert few.is_alike(many)
    assert len(few.gain_over(many)) == 3


def test_the_frame_is_tidy():
    labels = torch.tensor([0, 1, 2] * 4)
    grid = answered(Net().eval(), DataLoader(TensorDataset(IMAGES, labels), 4), name="mine")
    frame = grid.frame()
    assert list(frame.columns) == [
        "model", "data", "corruption", "severity", "n", "correct", "accuracy", "low", "high",
        "mean_confidence", "loss", "source", "rule", "statistics", "batch_size", "order",
    ]  # fmt: skip
    assert list(frame.corruption) == ["clean", "contrast", "contrast", "fog", "fog"]
    assert list(frame.correct) == [cell.correct for cell in grid]
    low, high = wilson_interval(frame.correct[3], 12)
    assert (frame.low[3], frame.high[3]) == (low, high)
    assert set(frame.statistics) == {"running"}
    assert set(frame.model) == {"mine"}


def test_the_figure_shows_every_cell():
    grid = answered(Net().eval(), (IMAGES, torch.zeros(12, dtype=torch.int64)))
    [heatmap] = grid.figure().data
    cells = {cell.where: cell.accuracy for cell in grid}
    assert list(heatmap.y) == ["clean", "contrast", "fog"]
    assert np.allclose(heatmap.z[2], [cells["fog 1"], cells["fog 5"]])


def test_domains_of_loaders_and_models_alone():
    labels = torch.tensor([0, 1, 2] * 4)
    domains = {"day": (IMAGES, labels), "night": DataLoader(TensorDataset(IMAGES / 4, labels), 5)}
    net = Net().eval()
    matrix = domain_matrix({"bn": net, "train": Row(model=net, statistics="mine")}, domains)
    frame = matrix.frame()
    assert list(frame.model) == ["bn", "train"] * 2
    assert list(frame.data) == ["day", "day", "night", "night"]
    assert set(frame.statistics) == {"running", "mine"}
    assert frame.correct[2] == int((net(IMAGES / 4).argmax(1) == labels).sum())
    [heatmap] = matrix.figure().data
    assert np.shape(heatmap.z) == (2, 2)
    assert [test.images.dataset for test in matrix.card().tests] == list(frame.data)


def test_bytes_are_brought_to_the_form_of_a_row():
    grey = Row(model=Net(channels=1).eval(), image_shape=(16, 16, 1))
    pixels = (IMAGES * 255).byte()
    labels = torch.zeros(12, dtype=torch.int64)
    [crossing] = domain_matrix({"grey": grey}, {"it": (pixels, labels)})
    assert crossing.cell.source == "clean, in grey"
    with pytest.raises(ValueError, match="got floats of 16×16 with 3: resize"):
        list(domain_matrix({"grey": grey}, {"it": (IMAGES, labels)}))


Named = namedtuple("Named", ["logits", "aux"])
TWO = torch.zeros(4, 3)


@pytest.mark.parametrize(
    "given",
    [
        TWO, {"logits": TWO, "hidden": torch.zeros(4, 9)},
        OrderedDict(out=TWO, loss=torch.ones(())), Named(TWO, TWO), [TWO],
        (TWO, torch.zeros(4, 3, 8, 8)),
    ],
    ids=lambda it: type(it).__name__,
)  # fmt: skip
def test_logits_are_taken_where_they_are_beyond_doubt(given):
    assert logits_of(given, 4) is TWO


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((TWO, TWO), r"got a tuple of 0, 1, in which 2 could be them"),
        ({"x": torch.zeros(4)}, "a dict of x, in which none could be them"),
        (torch.zeros(4, 3, 8, 8), r"expected logits \(4, classes\) of 4 .* \(4, 3, 8, 8\)"),
        (torch.zeros(1, 3), "of 4 images"),
        (None, "got a NoneType"),
    ],
    ids=str,
)  # fmt: skip
def test_what_holds_no_logits_is_said(given, words):
    with pytest.raises(ValueError, match=words):
        logits_of(given, 4)


class Elsewhere(Net):
    """On a device whose tensors mix with no other, as a GPU's."""

    def forward(self, images):
        assert images.device == next(self.parameters()).device
        return torch.zeros(len(images), 3)


def test_images_go_where_the_model_is_and_in_its_precision():
    labels = torch.zeros(12, dtype=torch.int64)
    asked = AskedModel(Elsewhere().to("meta").eval(), image_set((IMAGES, labels)))
    assert asked(IMAGES).device.type == "cpu"
    half = Net().bfloat16().eval()
    [cell] = corruption_grid(half, (IMAGES, labels), corruptions=())
    expected = half(IMAGES.bfloat16()).argmax(1).tolist()
    assert cell.predicted.tolist() == expected


@pytest.mark.parametrize(
    ("model", "labels", "words"),
    [
        (Net(channels=1).eval(), 0, "takes 1 channels, the images have 3: convert them"),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 3)), 0, r"failed on images \(5, 3, 16, 16\)"),
        (Net().eval(), 3, r"labels from 0 to 2, one for each of 3 logits, got 3"),
        (lambda images: torch.full((len(images), 3), torch.nan), 0, "logits that are numbers, got"),
        (lambda images: (images, images), 0, "got a tuple of 0, 1"),
    ],
    ids=["channels", "shape", "labels", "nan", "tuple"],
)
def test_a_model_that_does_not_fit_is_a_line(model, labels, words):
    data = (IMAGES, torch.full((12,), labels))
    with pytest.raises((ValueError, RuntimeError), match=words) as caught:
        list(answered(model, data))
    assert "\n" not in str(caught.value)


def test_what_is_no_model_and_what_is_unknown_is_said_before_any_image_is_read():
    def never():
        raise AssertionError("it was read")
        yield

    with pytest.raises(ValueError, match="unknown corruption 'rain'; known are"):
        corruption_grid(Net(), never(), corruptions=["rain"])
    with pytest.raises(ValueError, match="severity must be from 1 to 5, got 6"):
        corruption_grid(Net(), never(), severities=[6])
    with pytest.raises(TypeError, match=r"expected a model, from images .* got a str"):
        list(corruption_grid("resnet18", (IMAGES, torch.zeros(12, dtype=torch.int64))))


def test_training_mode_is_warned_of_and_told():
    net, labels = Net(), torch.zeros(12, dtype=torch.int64)
    grid = answered(net.train(), (IMAGES, labels))
    with pytest.warns(UserWarning, match=r"in training mode: .* model.eval\(\)"):
        next(grid)
    model = grid.card().tests[0].model
    assert (model.mode, model.statistics) == ("train", "test batch of 5")


LAYERS = {
    "running": (nn.BatchNorm2d(4).eval(), nn.InstanceNorm2d(4, track_running_stats=True).eval()),
    "test batch": (
        nn.BatchNorm2d(4), nn.BatchNorm2d(4, track_running_stats=False).eval(), nn.SyncBatchNorm(4),
        convert_norm(nn.BatchNorm2d(4), "afn").eval(),
    ),
    "per image": (nn.InstanceNorm2d(4).eval(), nn.GroupNorm(2, 4), nn.LayerNorm(4)),
    "": (nn.Conv2d(4, 4, 1), nn.Dropout()),
}  # fmt: skip


@pytest.mark.parametrize("said", LAYERS)
def test_whose_statistics_a_layer_takes_is_read_off_it(said):
    assert [statistics_of(layer) for layer in LAYERS[said]] == [said] * len(LAYERS[said])


def test_a_mix_of_statistics_is_told_with_how_many_layers_take_them():
    net = nn.Sequential(nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.BatchNorm2d(4)).eval()
    net[0].train()
    assert model_facts(net, 8).statistics == (
        "test batch of 8 (1 layers), per image (1 layers), running (1 layers)"
    )
    assert model_facts(lambda images: images, 8).mode == "unknown"


def test_the_card_says_what_must_be_the_same(tmp_path):
    labels = torch.tensor([0, 1, 2] * 4)
    net = Net().eval()
    grid = corruption_grid(net, (IMAGES, labels), batch_size=5, order="by label", **SOME)
    card = grid.card()
    [test] = card.tests
    assert test.batches == ((5, 2), (2, 1))
    assert (test.model.mode, test.model.norms[0].layers) == ("eval", 1)
    assert (test.images.n, test.images.shape) == (12, (3, 16, 16))
    assert set(card.constants["cifar10-c"]) == {"contrast", "fog"}
    assert [answer.correct for answer in test.answers] == [cell.correct for cell in grid]
    card.save(tmp_path / "card.json")
    assert ProtocolCard.read(tmp_path / "card.json") == card
    moved = corruption_grid(net, (IMAGES.clone().contiguous(), labels), corruptions=())
    assert moved.card().tests[0].images == test.images
    other = IMAGES.clone()
    other[3, 1, 2, 2] = 0.5
    changed = corruption_grid(net, (other, labels), corruptions=()).card().tests[0]
    assert changed.images.pixels != test.images.pixels
    assert changed.model.weights == test.model.weights
    net.body[1].running_mean += 1
    assert model_facts(net, 5).weights != test.model.weights


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "expected a protocol card, got no JSON"),
        ("[]", "got other JSON"),
        ('{"kind": "afn protocol card", "form": 9}', "of form 1, got 9"),
        ('{"kind": "afn protocol card", "form": 1}', "not a protocol card: .*tests"),
    ],
)
def test_what_is_no_card_is_said(text, words, tmp_path):
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ValueError, match=rf"card.json: .*{words}"):
        ProtocolCard.read(tmp_path / "card.json")
    with pytest.raises(ValueError, match="expected a protocol card as JSON, got no such file"):
        ProtocolCard.read(tmp_path / "none.json")


def test_our_networks_as_tested_tell_how():
    model = as_tested(load_pretrained("mnist5k-afn"), "running", networks="off")
    facts = model_facts(model, 8)
    assert (facts.statistics, facts.networks, facts.norms[0].layers) == ("running", "off", 2)
    assert model_facts(load_pretrained("mnist5k-afn"), 8).statistics == "test batch of 8"


def test_the_bar_tells_each_cell_and_ends_full(capsys):
    labels = torch.zeros(12, dtype=torch.int64)
    list(answered(Net().eval(), (IMAGES, labels), progress=True))
    said = capsys.readouterr()
    assert said.out == ""
    assert "fog 5" in said.err
    assert "100%" in said.err
