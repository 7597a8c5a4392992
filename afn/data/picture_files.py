"""Image files of people's own, from whichever device or program, as eight-bit RGB.

The one reader of image trees and of uploads.
"""

import struct
import warnings
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from afn.wording import number_words

_FORMATS = {
    "AVIF": (".avif", ".avifs"),
    "BMP": (".bmp",),
    "DDS": (".dds",),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "ICO": (".ico",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "JPEG2000": (".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c"),
    "PCX": (".pcx",),
    "PNG": (".png", ".apng"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "PSD": (".psd",),
    "QOI": (".qoi",),
    "SGI": (".sgi", ".rgb", ".rgba", ".bw"),
    "TGA": (".tga", ".icb", ".vda", ".vst"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "XBM": (".xbm",),
    "XPM": (".xpm",),
}
"""Those that Pillow decodes by itself, without starting a program, with their suffixes."""
SUFFIXES = tuple(suffix for suffixes in _FORMATS.values() for suffix in suffixes)
_HEADS = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP")
"""How the commonest formats begin."""
_SUFFIXES_OF_HEADS = frozenset(
    suffix for name in ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP") for suffix in _FORMATS[name]
)
_IN_SEQUENCE = ("AVIF", "GIF", "PNG", "TIFF", "WEBP")
"""Formats whose further pictures are frames or pages, not layers, previews or other sizes."""
_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError,
    struct.error, zlib.error,
)  # fmt: skip


class Picture(NamedTuple):
    """An image file's content."""

    image: Image.Image
    """In mode RGB, upright; what is transparent is white."""
    num_frames: int
    """Pictures in the file, frames or pages; above 1 this is the first."""


def unreadable_at_sight(file: Path) -> str:
    """Why a file cannot be read, as far as its first bytes tell; "" for nothing."""
    try:
        with file.open("rb") as opened:
            head = opened.read(12)
        is_odd = file.suffix.lower() in _SUFFIXES_OF_HEADS and not _has_known_head(head)
        if is_odd or not head:
            read_picture(file)
    except OSError as error:
        return _closed(error)
    except ValueError as error:
        return str(error)
    return ""


def num_frames(file: Path | bytes) -> int:
    """Pictures in a file that `read_picture` can read; their pixels are left alone."""
    source = BytesIO(file) if isinstance(file, bytes) else file
    with Image.open(source, formats=_formats()) as opened:
        return _num_frames(opened)


def read_picture(
    file: Path | bytes, *, most_pixels: int | None = None, near: int | None = None
) -> Picture:
    """An image file of any usual format and mode.

    It is turned as its EXIF orientation says. Sixteen bits are cut to the upper eight; floats from
    0 to 1 are scaled; CMYK, palettes, greys and single bits are converted; transparent parts show
    white. Of an animation or a file of several pages the first picture is taken.

    Args:
        file: A path, or the file's content.
        most_pixels: More are refused before they are decoded.
        near: Where a picture will be made so small, a JPEG is decoded at a half, a quarter or an
            eighth of its sides, which stay larger: several times quicker.

    Raises:
        ValueError: It is no such file, damaged, too large, or of values whose white nobody knows.
            The line does not name the file.
    """
    source = BytesIO(file) if isinstance(file, bytes) else file
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(source, formats=_formats())
    except Image.DecompressionBombError as error:
        raise ValueError(f"it has too many pixels ({error}): make it smaller") from None
    except UnidentifiedImageError:
        raise ValueError(_unknown(file)) from None
    except _ERRORS as error:
        raise ValueError(_damaged(error)) from None
    with opened:
        if most_pixels and opened.width * opened.height > most_pixels:
            raise ValueError(
                f"the picture has {opened.width}×{opened.height} pixels; up to "
                f"{most_pixels // 1_000_000} million can be read: make it smaller"
            )
        try:
            num_frames = _num_frames(opened)
            if near:
                opened.draft("", (near, near))
            opened.load()
            image = ImageOps.exif_transpose(opened)
        except Image.DecompressionBombError as error:
            raise ValueError(f"it has too many pixels ({error}): make it smaller") from None
        except _ERRORS as error:
            raise ValueError(_damaged(error)) from None
        return Picture(_rgb(image, opened.format or ""), num_frames)


@cache
def _formats() -> tuple[str, ...]:
    """Those that this copy of Pillow was built with."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _num_frames(image: Image.Image) -> int:
    """Frames or pages; leaves the first one current."""
    if image.format not in _IN_SEQUENCE:
        return 1
    count: int = getattr(image, "n_frames", 1)
    image.seek(0)
    return count


def _rgb(image: Image.Image, format_name: str) -> Image.Image:
    is_in_i = image.mode == "I" and format_name in ("PNG", "PPM")
    if image.mode.startswith("I;16") or is_in_i:  # Pillow's own conversion would clip them
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode == "F":
        values = np.asarray(image)
        low, high = float(values.min()), float(values.max())
        if not 0 <= low <= high <= 1:  # NaN too
            raise ValueError(
                f"floats must be from 0, black, to 1, white, got {number_words(low, 7)} to "
                f"{number_words(high, 7)}: scale them, or save 8 bits"
            )
        image = Image.fromarray(np.rint(255 * values).astype(np.uint8))
    elif image.mode == "I":
        raise ValueError("of 32-bit whole numbers nobody knows the white: save 8 or 16 bits")
    try:
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA"))
        return image.convert("RGB")
    except ValueError:
        raise ValueError(f"its mode {image.mode} has no RGB: convert it to RGB") from None


def _unknown(file: Path | bytes) -> str:
    """What to say of a file that no format takes for its own."""
    if isinstance(file, bytes):
        head, size = file[:12], len(file)
    else:
        with file.open("rb") as opened:
            head = opened.read(12)
        size = file.stat().st_size
    if not size:
        return "the file is empty: copy it again"
    if _has_known_head(head):
        return "the picture is cut short or damaged: copy it again"
    if head[4:8] == b"ftyp":
        return "expected a picture such as PNG, JPEG, WebP or TIFF, got HEIC or a video: convert it"
    return "expected a picture such as PNG, JPEG, WebP or TIFF, got a file of no such format"


def _has_known_head(head: bytes) -> bool:
    return head.startswith(_HEADS) or head[4:] in (b"ftypavif", b"ftypavis")


def _closed(error: OSError) -> str:
    return f"the file cannot be opened ({error.strerror}): copy it again"


def _damaged(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:  # of the system, not of Pillow
        return _closed(error)
    return f"the picture is cut short or damaged ({' '.join(str(error).split())}): copy it again"
