import numpy as np
import pytest
from PIL import Image

from afn.data import ImageData
from afn.data.forms import data_in_form, in_form

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (3, 12, 10, 1), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (3, 12, 10, 3), dtype=np.uint8)


def test_channels_are_reduced_to_pillows_luma() -> None:
    expected = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in COLOUR])
    np.testing.assert_array_equal(in_form(COLOUR, (12, 10, 1))[..., 0], expected)


def test_channels_are_increased_by_repetition_and_back_without_loss() -> None:
    wide = in_form(GREY, (12, 10, 3))
    for channel in range(3):
        np.testing.assert_array_equal(wide[..., channel], GREY[..., 0])
    np.testing.assert_array_equal(in_form(wide, (12, 10, 1)), GREY)


@pytest.mark.parametrize("images", [GREY, COLOUR])
@pytest.mark.parametrize("shape", [(12, 10, 1), (12, 10, 3), (32, 32, 1), (28, 30, 3), (5, 5, 3)])
def test_every_form_becomes_every_other(images: np.ndarray, shape: tuple[int, int, int]) -> None:
    before = images.copy()
    made = in_form(images, shape)
    assert (made.shape, made.dtype) == ((3, *shape), np.uint8)
    np.testing.assert_array_equal(made, in_form(images, shape))
    np.testing.assert_array_equal(images, before)


def test_shrinking_is_antialiased() -> None:
    stripes = np.zeros((1, 32, 32, 1), np.uint8)
    stripes[:, :, ::2] = 255  # picking every fourth pixel would give all white
    middle = in_form(stripes, (8, 8, 1))[0, 2:-2, 2:-2]
    assert np.abs(middle.astype(int) - 128).max() < 12


def test_heights_stay_heights() -> None:
    top = np.zeros((1, 8, 16, 3), np.uint8)
    top[:, :4] = 200
    made = in_form(top, (20, 10, 3))
    assert made[0, :8].min() > 190
    assert made[0, 12:].max() < 10


def test_what_has_the_form_is_not_copied() -> None:
    assert in_form(COLOUR, (12, 10, 3)) is COLOUR


@pytest.mark.parametrize(
    ("images", "shape", "words"),
    [
        (GREY[..., 0], (8, 8, 1), r"with C 1 or 3, got uint8 \(3, 12, 10\)"),
        (GREY / 255, (8, 8, 1), "got float64"),
        (GREY.repeat(2, 3), (8, 8, 1), r"got uint8 \(3, 12, 10, 2\)"),
        (GREY, (8, 8, 4), r"got \(8, 8, 4\)"),
        (GREY, (0, 8, 1), r"got \(0, 8, 1\)"),
    ],
)
def test_other_images_and_shapes_are_one_line(images, shape, words) -> None:
    with pytest.raises(ValueError, match=words):
        in_form(images, shape)


def test_a_data_set_keeps_its_labels(arrays: dict[str, np.ndarray]) -> None:
    images = {name: arrays[name][..., None] for name in ("x_train", "x_test")}
    labels = {name: arrays[name] for name in ("y_train", "y_test")}
    data = ImageData(name="mine", class_names=("a", "b", "c"), **images, **labels)

    wide = data_in_form(data, (16, 16, 3))

    np.testing.assert_array_equal(wide.x_train, in_form(data.x_train, (16, 16, 3)))
    np.testing.assert_array_equal(wide.x_test, in_form(data.x_test, (16, 16, 3)))
    assert wide.y_train is data.y_train
    assert wide.y_test is data.y_test
    assert (wide.name, wide.class_names) == (data.name, data.class_names)
