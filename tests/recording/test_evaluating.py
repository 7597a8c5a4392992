"""Tests amid a loop of one's own, on data of any origin, and numbers of one's own."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from afn import image_set, record
from afn.data import ImageData
from tests.recording.nets import Net, batch, sgd, told, train

# -- tests and numbers of one's own ----------------------------------------------------------------


def loader():
    data = torch.utils.data.TensorDataset(*batch(5, size=20))
    return torch.utils.data.DataLoader(data, batch_size=8)


def image_data():
    images = (batch(5, size=20)[0].permute(0, 2, 3, 1) * 255).round().byte().numpy()
    labels = batch(5, size=20)[1].numpy()
    return ImageData(
        name="squares", x_train=images, y_train=labels, x_test=images, y_test=labels,
        class_names=("dark", "bright"),
    )  # fmt: skip


DATA = {
    "loader": loader,
    "data set": lambda: loader().dataset,
    "pair": lambda: batch(5, size=20),
    "arrays": lambda: tuple(each.numpy() for each in batch(5, size=20)),
    "image data": image_data,
}


@pytest.mark.parametrize("kind", DATA)
def test_a_test_counts_right_answers(store, kind):
    torch.manual_seed(0)
    model = Net()
    with record(model, store=store) as run:
        train(run, model, sgd(model), 3)
        found = run.evaluate(DATA[kind](), corruptions=("contrast",), severity=3, batch_size=8)
        assert model.training
    images, labels = batch(5, size=20)
    model.eval()
    right = int((model(images).argmax(1) == labels).sum())
    clean, contrast = told(run).evaluations
    assert (clean["correct"], clean["n"]) == (right, 20)
    assert found == {None: right / 20, "contrast": contrast["accuracy"]}
    assert (contrast["corruption"], contrast["severity"]) == ("contrast", 3)
    assert clean["statistics"] == "running"
    assert clean["dataset"] == ("squares" if kind == "image data" else "data")
    assert run.run.state().summary["accuracy"] == right / 20


@pytest.mark.parametrize(
    ("data", "corruptions", "line"),
    [
        ((2 * batch(5)[0], batch(5)[1]), ["contrast"], r"images \(N, C, H, W\) in \[0, 1\]"),
        (batch(5), ["rain"], "unknown corruption 'rain'"),
        (5, [], "a DataLoader or Dataset of"),
        ([5], [], r"expected \(images, labels\), got a int"),
        ("nowhere", [], "unknown data set 'nowhere'"),
        ((batch(5)[0], batch(4)[1][:3]), [], "a label for each input"),
        ([], [], "nothing to test on"),
    ],
)
def test_what_cannot_be_tested_says_so_in_a_line(store, data, corruptions, line):
    model = Net()
    with record(model, store=store) as run:
        train(run, model, sgd(model), 1)
        with pytest.raises(ValueError, match=line):
            run.evaluate(data, corruptions=corruptions)
        assert model.training
        train(run, model, sgd(model), 1)
    assert run.run.state().status == "finished"


def test_numbers_of_ones_own_stand_at_their_step(store):
    model = Net()
    with record(model, store=store) as run:
        train(run, model, sgd(model), 2)
        run.log(bleu=12.5, perplexity=torch.tensor(3.0))
        with pytest.raises(TypeError, match="bleu must be one number"):
            run.log(bleu="high")
    [event] = told(run).logged
    assert (event["step"], event["values"]) == (2, {"bleu": 12.5, "perplexity": 3.0})


@pytest.mark.parametrize("kind", ["folder", "archive", "image set"])
def test_files_are_tested_on_as_image_set_reads_them(store, kind, tmp_path):
    squares = image_data()
    if kind == "archive":
        data = tmp_path / "squares.npz"
        arrays = {
            each: getattr(squares, each) for each in ("x_train", "y_train", "x_test", "y_test")
        }
        np.savez(data, class_names=squares.class_names, **arrays)
    else:
        data = tmp_path / "squares"
        for number, (pixels, label) in enumerate(zip(squares.x_test, squares.y_test, strict=True)):
            place = data / ("dark" if label == 0 else "light")
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(place / f"{number:02}.png")
    model = Net()
    with record(model, store=store) as run:
        given = image_set(data, size=10) if kind == "image set" else str(data)
        train(run, model, sgd(model), 3)
        found = run.evaluate(given, corruptions=("contrast",), batch_size=8)
        few = run.evaluate(str(data), num_images=4)
    images = torch.from_numpy(squares.x_test).permute(0, 3, 1, 2).float() / 255
    model.eval()
    right = model(images).argmax(1) == torch.from_numpy(squares.y_test)
    clean, contrast, _ = told(run).evaluations
    assert (clean["dataset"], clean["n"], clean["correct"]) == ("squares", 20, int(right.sum()))
    assert contrast["accuracy"] == found["contrast"]
    assert few[None] * 4 == int(few[None] * 4)


def test_a_data_set_is_tested_on_by_its_name(store):
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 10))
    with record(model, store=store) as run:
        run.evaluate("digits8", num_images=30)
    (tested,) = told(run).evaluations
    assert (tested["dataset"], tested["n"]) == ("digits8", 30)
