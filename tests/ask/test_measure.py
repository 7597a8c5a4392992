from dataclasses import replace

import numpy as np
import pytest
import torch

from afn.ask.measure import ShownImages, corruption_grid, kept_grid
from afn.ask.records import GridFile, Question
from afn.data import ImageData
from afn.settings.corruptions import RULE

SOME = {"corruptions": ("brightness", "gaussian_noise"), "severities": (1, 5)}


@pytest.fixture
def data():
    """Grey squares; the class is how bright they are."""
    labels = np.array([2, 0, 1, 0, 2, 1, 1, 0])
    pixels = np.broadcast_to((60 + 50 * labels)[:, None, None, None], (8, 8, 8, 1))
    return ImageData(
        name="squares", x_train=pixels[:1], y_train=labels[:1],
        x_test=np.ascontiguousarray(pixels, dtype=np.uint8), y_test=labels,
        class_names=("dark", "middle", "bright"),
    )  # fmt: skip


def by_brightness(images):
    levels = torch.tensor([60.0, 110.0, 160.0]) / 255
    return -100 * (images.mean((1, 2, 3))[:, None] - levels).abs()


def test_cells_come_one_by_one_clean_first(data):
    cells = corruption_grid(by_brightness, data, num_images=8, **SOME)
    first = next(cells)
    assert (first.place, first.source, first.accuracy) == ((None, 0), "clean", 1.0)
    assert first.labels == bytes(data.y_test.tolist())
    rest = list(cells)
    assert [cell.place for cell in rest] == [
        ("brightness", 1), ("brightness", 5), ("gaussian_noise", 1), ("gaussian_noise", 5),
    ]  # fmt: skip
    assert {cell.source for cell in rest} == {"generated, CIFAR-10-C's constants"}
    assert rest[1].accuracy < 1  # 0.3 brighter: all look bright
    assert rest[1].answers == bytes([2] * 8)


def test_confidence_is_the_probability_of_the_answer(data):
    def model(images):
        return torch.tensor([0.0, 0.7, 0.3]).log().expand(len(images), 3)

    [cell] = corruption_grid(model, data, num_images=8, corruptions=(), severities=())
    assert (cell.answers, cell.confidences) == (bytes([1] * 8), bytes([round(0.7 * 255)] * 8))


def test_the_same_question_has_the_same_answer(data):
    grids = [
        list(corruption_grid(by_brightness, data, num_images=8, batch_size=size, **SOME))
        for size in (3, 8)
    ]
    assert [cell.answers for cell in grids[0]] == [cell.answers for cell in grids[1]]


@pytest.mark.parametrize(
    ("order", "asked"),
    [
        ("mixed", [[2, 0, 1, 0], [2, 1, 1, 0]]),
        ("by label", [[0, 0, 0, 1], [1, 1, 2, 2]]),
        ("1 class", [[0, 0, 0], [1, 1, 1], [2, 2]]),
    ],
)
def test_answers_are_in_the_order_of_the_images(order, asked, data):
    seen = []

    def model(images):
        seen.append(by_brightness(images).argmax(1).tolist())
        return by_brightness(images)

    [clean] = corruption_grid(
        model, data, num_images=8, batch_size=4, order=order, corruptions=(), severities=()
    )
    assert list(clean.answers) == data.y_test.tolist()
    assert seen == asked


def test_what_a_file_holds_is_not_computed_again(data, tmp_path):
    question = Question(
        weights="ab", dataset="squares", num_images=8, statistics="running", batch_size=8
    )
    file = GridFile(tmp_path, question)
    calls = []

    def model(images):
        calls.append(len(images))
        return by_brightness(images)

    grid = kept_grid(file, model, data, **SOME)
    begun = [next(grid), next(grid)]
    grid.close()  # stopped
    assert len(calls) == 2
    whole = list(kept_grid(file, model, data, **SOME))
    assert len(calls) == 5
    assert whole[:2] == begun
    assert list(kept_grid(file, model, data, **SOME)) == whole
    assert len(calls) == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"num_images": 0}, "num_images and batch_size must be at least 1, got 0 and 128"),
        ({"num_images": 8, "order": "by size"}, "order must be one of mixed, by label, 1 class"),
        ({"num_images": 8, "corruptions": ("rain",)}, "rain"),
        ({"num_images": 8, "severities": (6,)}, "6"),
    ],
)
def test_bad_questions_are_one_line(options, words, data):
    with pytest.raises(ValueError, match=words):
        list(corruption_grid(by_brightness, data, **options))


def test_what_changes_no_image_is_left_out(data):
    cells = list(corruption_grid(by_brightness, data, num_images=8))
    names = {cell.corruption for cell in cells}
    assert len(cells) == 1 + 18 * 5 - 1  # grey has nothing to saturate, 8×8 nothing to zoom at 1
    assert "saturate" not in names
    assert [cell.severity for cell in cells if cell.corruption == "zoom_blur"] == [2, 3, 4, 5]
    assert {cell.rule for cell in cells} == {None, RULE}


def test_an_images_noise_follows_from_its_number_not_from_how_many_there_are(data):
    few, all_ = (
        ShownImages.of(data, count, place=("gaussian_noise", 5)).images for count in (3, 8)
    )
    assert torch.equal(few, all_[:3])


def test_integers_of_any_kind_are_numbers_of_images(data):
    numpy = {"num_images": np.int64(8), "batch_size": np.int32(3), "severities": np.array([5])}
    plain = {"num_images": 8, "batch_size": 3, "severities": [5]}
    one, other = (
        list(corruption_grid(by_brightness, data, corruptions=("fog",), **given))
        for given in (numpy, plain)
    )
    assert one == other
    with pytest.raises(TypeError, match=r"^num_images must be a whole number, got True"):
        list(corruption_grid(by_brightness, data, num_images=True))


def test_what_is_kept_of_an_older_rule_is_asked_again(data, tmp_path):
    file = GridFile(tmp_path, Question(
        weights="ab", dataset="squares", num_images=8, statistics="running", batch_size=128,
    ))  # fmt: skip
    [clean, now] = kept_grid(file, by_brightness, data, corruptions=("fog",), severities=(5,))
    file.path.unlink()
    old = replace(now, answers=bytes(8), rule=1)
    file.append(old)
    found = list(kept_grid(file, by_brightness, data, corruptions=("fog",), severities=(5,)))
    assert found == [clean, now]
    assert dict(file.cells(1)) == {(None, 0): clean, ("fog", 5): old}
