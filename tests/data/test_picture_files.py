"""Image files of every mode and format become the same RGB."""

import io

import numpy as np
import pytest
from PIL import Image

from afn.data.picture_files import _FORMATS, SUFFIXES, read_picture

SIDE = 16


def file_of(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(file: bytes) -> np.ndarray:
    return np.asarray(read_picture(file).image)


def half() -> Image.Image:
    """Its left half white, its right half black."""
    image = Image.new("L", (2 * SIDE, SIDE), 0)
    image.paste(255, (0, 0, SIDE, SIDE))
    return image


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
def test_a_picture_stands_as_its_exif_says(orientation: int, kind: str) -> None:
    upright = half().convert("RGB")
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how a camera held that way saw it
    seen = upright if orientation == 1 else upright.transpose(back[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation

    found = pixels(file_of(seen, kind, exif=exif))

    assert found.shape == (SIDE, 2 * SIDE, 3)
    assert np.abs(found.astype(int) - np.asarray(upright)).max() <= 12  # lossy ones round


def with_ground(mode: str) -> Image.Image:
    """White, black, and a transparent quarter whose colour is black."""
    image = half().convert(mode)
    image.putalpha(Image.new("L", image.size, 255))
    image.paste((0, 0) if mode == "LA" else (0, 0, 0, 0), (0, 0, 8, 8))
    return image


def palette(*, is_clear: bool) -> bytes:
    image = Image.new("P", (2 * SIDE, SIDE), 1)
    image.putpalette([255, 255, 255, 0, 0, 0, 9, 9, 9])
    image.paste(2 if is_clear else 0, (0, 0, SIDE, SIDE))
    return file_of(image, **({"transparency": 2} if is_clear else {}))


DEEP = np.asarray(half()).astype(np.uint16) * 257
FILES = {
    "grey": file_of(half()),
    "one bit": file_of(half().convert("1")),
    "RGB": file_of(half().convert("RGB")),
    "grey with transparency": file_of(with_ground("LA")),
    "RGB with transparency": file_of(with_ground("RGBA")),
    "palette": palette(is_clear=False),
    "palette with transparency": palette(is_clear=True),
    "CMYK": file_of(half().convert("RGB").convert("CMYK"), "tiff"),
    "YCbCr": file_of(half().convert("YCbCr"), "tiff"),
    "16 bits": file_of(Image.fromarray(DEEP)),
    "16 bits, TIFF": file_of(Image.fromarray(DEEP), "tiff"),
    "16 bits, big end first": file_of(Image.fromarray(DEEP.astype(">u2")), "tiff"),
    "16 bits, JPEG 2000": file_of(Image.fromarray(DEEP), "jpeg2000"),
    "16 bits, PGM": b"P5 32 16 65535\n" + DEEP.astype(">u2").tobytes(),
    "floats": file_of(Image.fromarray((DEEP / 65535).astype(np.float32)), "tiff"),
}


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_every_mode_shows_the_same_picture_on_white(file: bytes) -> None:
    found = pixels(file)

    assert (found.shape, found.dtype) == ((SIDE, 2 * SIDE, 3), np.uint8)
    np.testing.assert_array_equal(found, np.asarray(half().convert("RGB")))


def rgb_of_sixteen_bits() -> bytes:
    """A PNG, which Pillow reads but does not write."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    rows = np.stack([DEEP] * 3, -1).astype(">u2")
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", 2 * SIDE, SIDE, 16, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(lines))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def test_sixteen_bits_of_colour_are_read() -> None:
    np.testing.assert_array_equal(pixels(rgb_of_sixteen_bits()), np.asarray(half().convert("RGB")))


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "gif", "jpeg2000", "avif", "bmp"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_picture_that_is_cut_short_is_called_so(kind: str, share: float) -> None:
    whole = file_of(noise(), kind)
    with pytest.raises(ValueError, match="the picture is cut short or damaged"):
        read_picture(whole[: max(12, int(share * len(whole)))])


OTHERS = {
    "empty": (b"", "the file is empty"),
    "text": (b"a cat, a dog and a horse", "got a file of no such format"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "got HEIC or a video"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "of no such format"),
    "32 bits": (
        file_of(Image.fromarray(np.full((8, 8), 40_000, np.int32)), "tiff"),
        "32-bit whole numbers nobody knows the white",
    ),
    "NaN": (
        file_of(Image.fromarray(np.full((8, 8), np.nan, np.float32)), "tiff"), "got nan to nan",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "words"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_picture_is_one_line(file: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_picture(file)
    assert "\n" not in str(caught.value)


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(ValueError, match="64×64 pixels; up to 0 million can be read"):
        read_picture(file_of(noise()), most_pixels=1000)


def test_every_suffix_that_pillow_has_for_these_formats_is_known() -> None:
    known = Image.registered_extensions()
    for name, suffixes in _FORMATS.items():
        assert set(suffixes) - {".mpo"} == {s for s, kind in known.items() if kind == name}
    assert len(set(SUFFIXES)) == len(SUFFIXES)
