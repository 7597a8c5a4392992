"""Drawn and uploaded pictures, as networks take them."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from afn import load_pretrained
from afn.ask.inside.own_picture import centred, from_text, from_upload, in_shape, to_text
from afn.data import load_dataset


def drawn_seven(size=(300, 200), ink=0, ground=255, at=(60, 30)):
    image = Image.new("L", size, ground)
    x, y = at
    ImageDraw.Draw(image).line(
        [(x, y), (x + 90, y), (x + 40, y + 130)], fill=ink, width=14, joint="curve"
    )
    return image


def file_of(image, kind="png"):
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def pixels_of(data, shape=(28, 28, 1)):
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def test_a_digit_is_laid_out_as_mnists_are():
    digit = centred(np.asarray(drawn_seven()))
    rows, columns = np.nonzero(digit.sum(1))[0], np.nonzero(digit.sum(0))[0]
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    mass = [(np.arange(28) * digit.sum(axis, dtype=float)).sum() / digit.sum() for axis in (0, 1)]
    assert mass == pytest.approx([13.5, 13.5], abs=0.6)
    assert digit.max() == 255
    mnist = load_dataset("mnist5k").x_test
    share = float((digit > 64).mean())
    assert 0.5 < share / float((mnist > 64).mean()) < 2


def test_place_size_and_ground_do_not_matter():
    digit = centred(np.asarray(drawn_seven()))
    same = centred(np.asarray(drawn_seven(at=(150, 10))))
    np.testing.assert_array_equal(digit, same)
    inverted = centred(np.asarray(drawn_seven(ink=255, ground=0)))
    np.testing.assert_allclose(digit.astype(int), inverted, atol=2)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize("norm", ["afn", "bn", "asrnorm"])
def test_an_uploaded_seven_is_recognized(kind, norm):
    data = from_upload(file_of(drawn_seven(), kind), (28, 28, 1), is_digit=True)
    images = torch.tensor(pixels_of(data).copy()).permute(2, 0, 1)[None] / 255
    others = torch.tensor(load_dataset("mnist5k").x_test[:31]).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        logits = load_pretrained(f"mnist5k-{norm}")(torch.cat([images, others]))
    assert int(logits[0].argmax()) == 7


def test_colour_networks_get_colour_and_a_photo_is_cropped_about_its_middle():
    digit = from_upload(file_of(drawn_seven()), (28, 28, 3), is_digit=True)
    assert pixels_of(digit, (28, 28, 3))[..., 0].max() == 255
    photo = Image.new("RGB", (300, 100), "red")
    photo.paste("blue", (100, 0, 200, 100))
    data = from_upload(file_of(photo), (32, 32, 3), is_digit=False)
    assert (pixels_of(data, (32, 32, 3))[4:-4, 4:-4] == [0, 0, 255]).all()


def test_what_is_transparent_is_white():
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (45, 20, 55, 80))
    data = from_upload(file_of(image), (28, 28, 1), is_digit=True)
    assert 0.06 < (pixels_of(data) > 128).mean() < 0.12  # a bar of 20×3 pixels


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"no picture", "got a file of no such format"),
        (file_of(Image.new("L", (50, 50), 200)), "stands out from its ground"),
        (file_of(drawn_seven())[:200], "cut short or damaged"),
        (file_of(drawn_seven(), "jpeg")[:200], "cut short or damaged"),
    ],
)
def test_what_is_no_picture_of_a_digit_is_said_in_a_line(file, words):
    with pytest.raises(ValueError, match=words):
        from_upload(file, (28, 28, 1), is_digit=True)


def turned_by_its_exif():
    """As a phone stores what was taken upright: turned by a quarter, with a note that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    drawn_seven().transpose(Image.Transpose.ROTATE_90).save(file, "jpeg", exif=exif)
    return file.getvalue()


SEVENS = {
    "a phone's photo": turned_by_its_exif(),
    "16 bits": file_of(Image.fromarray(np.asarray(drawn_seven()).astype(np.uint16) * 257)),
    "GIF": file_of(drawn_seven(), "gif"),
    "WebP": file_of(drawn_seven().convert("RGB"), "webp"),
    "TIFF of floats": file_of(Image.fromarray(np.asarray(drawn_seven()) / np.float32(255)), "tiff"),
}


@pytest.mark.parametrize("file", SEVENS.values(), ids=SEVENS)
def test_the_same_picture_is_read_from_every_kind_of_file(file):
    plain = pixels_of(from_upload(file_of(drawn_seven()), (28, 28, 1), is_digit=True))
    found = pixels_of(from_upload(file, (28, 28, 1), is_digit=True))
    assert np.abs(found.astype(int) - plain).max() <= 20  # lossy ones round


def test_a_drawing_survives_its_link():
    digit = centred(np.asarray(drawn_seven()))
    text = to_text(digit)
    assert len(text) < 400
    assert np.abs(from_text(text).astype(int) - digit).max() <= 9  # 16 levels of grey
    assert to_text(from_text(text)) == text
    assert from_text(text).tobytes() == in_shape(from_text(text), (28, 28, 1))


@pytest.mark.parametrize("text", ["", "x", "AAAA", to_text(np.zeros((28, 28), np.uint8))[:-6]])
def test_a_broken_link_is_said(text):
    with pytest.raises(ValueError, match="28×28 pixels, packed"):
        from_text(text)
