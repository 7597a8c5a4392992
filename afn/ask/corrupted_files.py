"""Corrupted variants of anybody's images, written in the form of CIFAR-10-C."""

import json
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from afn.ask.evaluate import noise_of
from afn.ask.image_sets import ImageSet, image_set
from afn.ask.progress import shown_progress
from afn.ask.protocol import NOISE, versions
from afn.ask.results import image_facts
from afn.corruptions import CORRUPTIONS, corrupt
from afn.corruptions.applying import left_out, left_out_words
from afn.corruptions.severities import CONSTANTS, constants_for, constants_of
from afn.data.cifar10c import CARD
from afn.settings.corruptions import RULE
from afn.work.folder import read_json, write_json

_KIND = "afn corrupted images"
_PIECE = 2**22  # values that are corrupted at a time: 16 MB
_FORM = (
    "NAME.npy: uint8 (S*N, H, W, C), the N images at each of the S severities in turn; labels.npy: "
    "(S*N,); floats from 0 to 1 were rounded to the nearest byte"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CorruptedFiles:
    """What `write_corrupted` wrote, or found."""

    folder: Path
    written: tuple[str, ...]
    """Corruptions whose file was made."""
    found: tuple[str, ...]
    """Those whose file was there."""
    left_out: str
    """What changes none of the images, in words; "" for nothing."""


def write_corrupted(
    data: Any,
    folder: Path | str,
    *,
    num_images: int | None = None,
    corruptions: Collection[str] = tuple(CORRUPTIONS),
    severities: Collection[int] = (1, 2, 3, 4, 5),
    size: int | tuple[int, int] | None = None,
    name: str | None = None,
    progress: bool = False,
) -> CorruptedFiles:
    """Corrupt images and write them as CIFAR-10-C is: a file for each corruption, and the labels.

    Each file is written whole or not at all, piece by piece: what is there already is not made
    again, so that one that was stopped goes on. Grids of the same images show the same pixels,
    rounded to bytes; `afn.read_corrupted` reads them back.

    Args:
        data: Images in [0, 1] or bytes, of any kind that `image_set` takes.
        folder: Made where it is not there. ``card.json`` in it holds constants, rule, and a digest
            of the pixels.
        num_images: The first so many; None is all.
        corruptions: Names, of ``CORRUPTIONS``. Left out is what changes none of the images.
        severities: Of 1 to 5, in the order of the file.
        size: To which a folder's pictures are brought.
        name: What to call the images.
        progress: Whether to show a bar with the time left (needs rich).

    Raises:
        ValueError: Unknown corruptions or severities, no images, or the folder holds files of
            others.
        OSError: The disk is full, or the folder cannot be written.

    Example:
        >>> from afn import load_dataset, read_corrupted, write_corrupted
        >>> made = write_corrupted(load_dataset("digits8"), "C", corruptions=["fog"])
        >>> made.written, sorted(path.name for path in made.folder.iterdir())
        (('fog',), ['card.json', 'fog.npy', 'labels.npy'])
        >>> read_corrupted("C", "fog", 5).images.shape
        (360, 8, 8, 1)
    """
    folder, chosen = Path(folder), tuple(dict.fromkeys(severities))
    names = tuple(dict.fromkeys(map(str, corruptions)))
    for each in names:
        for severity in chosen:
            constants_of(each, severity)  # before any image is read
    if not names or not chosen:
        raise ValueError("expected a corruption and a severity or more, got none")
    images = image_set(data, num_images, size=size, name=name)
    channels, height, width = images.shape
    shape = (height, width, channels if images.has_colour else 1)
    known = images.data.name if images.data else ""
    absent = left_out(((each, it) for each in names for it in chosen), known, shape)
    wanted = [each for each in names if any((each, it) not in absent for it in chosen)]
    card = _card(images, chosen)
    there = _checked(folder, card)
    missing = [each for each in wanted if each not in there]
    _check_space(folder, len(missing) * len(chosen) * images.images[0].numel() * len(images))
    _write_card(folder, card, there)
    labels = np.tile(images.labels.numpy(), len(chosen))
    labels = labels.astype(np.uint8 if labels.max() < 256 else np.int64)
    _write(folder / "labels.npy", labels.shape, labels.dtype, [labels])
    with shown_progress(progress, len(missing) * len(chosen) * len(images)) as advance:
        for each in missing:
            rows = (len(chosen) * len(images), height, width, channels)
            pieces = _pieces(images, each, chosen, lambda count, what=each: advance(what, count))  # type: ignore[misc]
            _write(folder / f"{each}.npy", rows, np.dtype(np.uint8), pieces)
            there = (*there, each)
            _write_card(folder, card, there)
    return CorruptedFiles(
        folder=folder,
        written=tuple(missing),
        found=tuple(each for each in wanted if each not in missing),
        left_out=left_out_words(absent.values()),
    )


def _pieces(
    images: ImageSet, name: str, severities: tuple[int, ...], advance: Callable[[int], object]
) -> Iterator[np.ndarray]:
    """Bytes (n, H, W, C), severity by severity."""
    constants = constants_for(*images.shape[1:])
    step = max(1, _PIECE // images.images[0].numel())
    for severity in severities:
        generator = noise_of(name, severity)
        for start in range(0, len(images), step):
            floats = images.floats(start, min(start + step, len(images)))
            made = corrupt(floats, name, severity, generator, constants=constants)
            yield made.mul(255).round().byte().permute(0, 2, 3, 1).numpy()
            advance(len(made))


def _card(images: ImageSet, severities: tuple[int, ...]) -> dict[str, Any]:
    """What must be the same for files to stand beside each other."""
    whose = constants_for(*images.shape[1:])
    return {
        "kind": _KIND, "files": _FORM, "images": asdict(image_facts(images)),
        "severities": list(severities), "rule": RULE, "noise": NOISE, "constants": whose,
        "class_names": list(images.class_names or ()),
    }  # fmt: skip


def _write_card(folder: Path, card: dict[str, Any], names: tuple[str, ...]) -> None:
    values = {name: CONSTANTS[card["constants"]][name] for name in names}
    write_json(folder / CARD, {**card, "corruptions": values, "versions": versions()})


def _checked(folder: Path, card: dict[str, Any]) -> tuple[str, ...]:
    """The corruptions that are in the folder already, which is made where it is not there.

    Raises:
        ValueError: It holds files of other images, severities or constants.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: expected a folder, got a file: name another one")
    folder.mkdir(parents=True, exist_ok=True)
    for part in folder.glob(".*.npy.*.part"):  # of one that was ended
        part.unlink(missing_ok=True)
    files = {path.stem for path in folder.glob("*.npy")} - {"labels"}
    before = read_json(folder / CARD)
    if before is None or before.get("kind") != _KIND:
        if files or (folder / CARD).exists():
            raise ValueError(
                f"{folder}: expected an empty folder, got .npy files that were not written here: "
                f"name another one"
            )
        return ()
    plain = json.loads(json.dumps(card))
    other = [key for key in plain if before.get(key) != plain[key]]
    if other and files:
        raise ValueError(
            f"{folder}: it holds corrupted images with other {' and '.join(other)}: name another "
            f"folder, or remove this one"
        )
    return tuple(name for name in before.get("corruptions", {}) if name in files)


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(
            f"{folder}: {_size(needed)} are needed and {_size(free)} free: take fewer images, "
            f"corruptions or severities"
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _write(path: Path, shape: tuple[int, ...], dtype: np.dtype, pieces: Any) -> None:
    """An array, piece by piece, whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(3)}.part")
    try:
        with part.open("wb") as file:
            _write_header(file, shape, dtype)
            for piece in pieces:
                file.write(np.ascontiguousarray(piece).tobytes())
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _write_header(file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype) -> None:
    # A map of the file would end the process where the disk is full; writing raises.
    header = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
