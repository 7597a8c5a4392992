"""The SYN recipe: digits rendered in the fonts that matplotlib carries.

Source: Ganin et al. 2016, "Domain-Adversarial Training of Neural Networks", section 5.2.4:
text in varied fonts, position, orientation, colours and blur, with neighbouring digits.
"""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from afn.data.entries import ImageData, digit_names

_SEED = 20150102
_SIDE = 28
_OVERSAMPLING = 2
_MIN_CONTRAST = 70.0  # of the two colours' luma, 0..255
_LUMA = np.array([0.299, 0.587, 0.114])
# Upright and slanted text faces; the display, symbol and old-style ones are left out.
_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
    "cmr10",
    "cmb10",
    "cmss10",
    "cmtt10",
    "cmti10",
)


def syn(num_train: int = 4000, num_test: int = 1000) -> ImageData:
    """Balanced and shuffled; equal sizes give equal images.

    Deviation: 28×28 and 5,000 images instead of 32×32 and half a million, and free fonts instead
    of Windows'.
    """
    rng = np.random.default_rng(_SEED)
    x_train, y_train = _render(num_train, rng)
    x_test, y_test = _render(num_test, rng)
    return ImageData(
        name="syn",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        class_names=digit_names(),
    )


def _render(num_images: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.permutation(np.arange(num_images, dtype=np.int64) % 10)
    return np.stack([_image(int(label), rng) for label in labels]), labels


def _image(digit: int, rng: np.random.Generator) -> np.ndarray:
    """One digit near the middle, as (H, W, 3)."""
    size = (_SIDE * _OVERSAMPLING,) * 2
    stencil = _stencil(digit, size, rng).rotate(rng.uniform(-20, 20), Image.Resampling.BICUBIC)
    ground, ink = _colours(rng)
    image = Image.composite(Image.new("RGB", size, ink), Image.new("RGB", size, ground), stencil)
    image = image.reduce(_OVERSAMPLING)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.9))))


def _stencil(digit: int, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """The digit and, at its sides, parts of neighbours as in a longer number."""
    stencil = Image.new("L", size)
    draw = ImageDraw.Draw(stencil)
    font = _font(_FONTS[rng.integers(len(_FONTS))], int(rng.integers(23, 31)) * _OVERSAMPLING)
    x, y = size[0] / 2 + rng.uniform(-2, 2, size=2) * _OVERSAMPLING
    _write(draw, font, digit, x, y)
    for side in (-1, 1):
        if rng.random() < 0.6:
            # At least half of a neighbour is cut off: the digit in the middle is the one meant.
            nearest = max(font.getlength("0"), size[0] / 2)
            distance = nearest + rng.uniform(0, 3) * _OVERSAMPLING
            _write(draw, font, int(rng.integers(10)), x + side * distance, y)
    return stencil


def _write(
    draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, digit: int, x: float, y: float
) -> None:
    """Draw the digit with the middle of its ink at (x, y)."""
    left, top, right, bottom = font.getbbox(str(digit))
    draw.text((x - (left + right) / 2, y - (top + bottom) / 2), str(digit), fill=255, font=font)


def _colours(rng: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two random colours that can be told apart by their lightness."""
    while True:
        pair = rng.integers(0, 256, size=(2, 3))
        if abs(np.diff(pair @ _LUMA).item()) >= _MIN_CONTRAST:
            return tuple(pair[0].tolist()), tuple(pair[1].tolist())


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(folder / f"{name}.ttf", size, layout_engine=ImageFont.Layout.BASIC)
