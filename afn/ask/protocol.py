"""The protocol of a robustness number: all that must be the same for it to come out again.

Needs no torch.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, Literal

import numpy as np

from afn.ask.records import Cell, Order, where
from afn.corruptions.severities import CONSTANTS, constants_words
from afn.files import read_named_text
from afn.plain import converted
from afn.settings.corruptions import RULE
from afn.work.folder import write_json

KIND = "afn protocol card"
FORM = 1
"""Raised where older cards would be misread."""
NOISE = (
    "the noise of an image depends on corruption, severity and its number alone: a generator that "
    "is seeded by the first four bytes, big-endian, of SHA-256(corruption/severity) draws a seed "
    "for each image in turn"
)
_PACKAGES = ("torch", "torchvision", "numpy", "pillow")
_MOST_NAMES = 100
_CHUNK = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class NormFacts:
    """The norm layers of a kind that take the same statistics."""

    kind: str
    statistics: str
    """"running", "test batch", "per image", ..."""
    layers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFacts:
    """A model that was asked."""

    name: str
    kind: str
    """Its class."""
    statistics: str
    """Whose statistics its norms took, in words: "running", "test batch of 128", ..."""
    mode: Literal["eval", "train", "unknown"] = "eval"
    """Unknown of functions, which can be asked only."""
    networks: str = "on"
    """Whether the networks of AFN and ASRNorm took part: "on", "off", "frozen"."""
    norms: tuple[NormFacts, ...] = ()
    parameters: int = 0
    weights: str = ""
    """SHA-256 of its tensors by their names; empty where it is a function."""
    file: str = ""
    """SHA-256 of the weights' file, where they are of one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFacts:
    """The images that it was asked about, before they were corrupted."""

    dataset: str
    n: int
    shape: tuple[int, int, int]
    """(C, H, W)."""
    pixels: str
    """SHA-256 of all pixels and labels, see `pixels_digest`."""
    num_classes: int
    classes: str
    """SHA-256 of their names."""
    class_names: tuple[str, ...] = ()
    """None where there are more than 100, or they have numbers alone."""
    mean: tuple[float, ...] | None = None
    """What the model's inputs were normalized by, behind the corruption."""
    std: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerFacts:
    """What came out in one place."""

    corruption: str | None
    severity: int
    source: str
    """Where the images are from, with whose constants they were corrupted."""
    rule: int | None
    n: int
    correct: int
    accuracy: float
    answers: str
    """SHA-256 of each image's answer, the first 16 hexadecimal digits."""

    @classmethod
    def of(cls, cell: Cell) -> "AnswerFacts":
        """Of a cell."""
        numbers = np.stack([cell.predicted, cell.true]).astype("<u2")
        return cls(
            corruption=cell.corruption, severity=cell.severity, source=cell.source,
            rule=cell.rule, n=cell.n, correct=cell.correct, accuracy=cell.accuracy,
            answers=hashlib.sha256(numbers.tobytes()).hexdigest()[:16],
        )  # fmt: skip

    @property
    def where(self) -> str:
        """Its place in words."""
        return where((self.corruption, self.severity))


@dataclass(frozen=True, kw_only=True, slots=True)
class Test:
    """A model asked about a set of images in some places."""

    __test__ = False  # it is none of pytest's

    model: ModelFacts
    images: ImageFacts
    batch_size: int
    order: Order
    batches: tuple[tuple[int, int], ...]
    """The batches that were asked: their size, and how many in a row have it."""
    answers: tuple[AnswerFacts, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProtocolCard:
    """How robustness was measured, so that it can be measured again: `afn.verify` does.

    Nothing in it depends on the machine: no paths, no times.

    Example:
        >>> from afn import ProtocolCard, corruption_grid, load_dataset, load_pretrained
        >>> grid = corruption_grid(
        ...     load_pretrained("mnist5k-bn"), load_dataset("mnist5k"), num_images=100,
        ...     corruptions=["fog"], severities=[3],
        ... )
        >>> card = grid.card()
        >>> card.tests[0].batches, card.tests[0].model.statistics
        (((100, 1),), 'running')
        >>> ProtocolCard.from_json(card.to_json()) == card
        True
    """

    tests: tuple[Test, ...]
    rule: int = RULE
    """By which images were corrupted here."""
    noise: str = NOISE
    constants: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of the corruptions that were made here, by whose they are and by name, for severities 1 to
    5."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of what it was written with."""
    link: str = ""
    """The same question in the app, behind its address; empty where no page asked it."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"kind": KIND, "form": FORM, **json.loads(json.dumps(asdict(self)))}

    @classmethod
    def from_json(cls, record: Any) -> "ProtocolCard":
        """The inverse of `to_json`.

        Raises:
            ValueError: It is no card, or one of a later form.
        """
        if not isinstance(record, dict) or record.get("kind") != KIND:
            raise ValueError(f"expected a protocol card (“kind”: “{KIND}”), got other JSON")
        if record.get("form") != FORM:
            raise ValueError(
                f"expected a protocol card of form {FORM}, got {record.get('form')!r}: it is of a "
                f"later version of afn"
            )
        return converted(record, cls, "a protocol card")

    def save(self, path: Path | str) -> None:
        """Write it whole or not at all.

        Raises:
            OSError: It cannot be written.
        """
        write_json(Path(path), self.to_json())

    @classmethod
    def read(cls, path: Path | str) -> "ProtocolCard":
        """The card in a file.

        Raises:
            ValueError: It cannot be read, or is no card.
        """
        path = Path(path)
        try:
            record = json.loads(read_named_text(path, "a protocol card as JSON"))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}: expected a protocol card, got no JSON: {error}") from None
        try:
            return cls.from_json(record)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


def card_of(tests: Iterable[Test], *, link: str = "") -> ProtocolCard:
    """The card of some tests, with the constants of their corruptions and today's versions."""
    every = tuple(tests)
    made: dict[str, dict[str, Any]] = {}
    for test in every:
        for answer in test.answers:
            for whose, known in CONSTANTS.items():
                if answer.corruption and constants_words(whose) in answer.source:
                    made.setdefault(whose, {})[answer.corruption] = _plain(known[answer.corruption])
    return ProtocolCard(tests=every, constants=made, versions=versions(), link=link)


def _plain(values: Any) -> Any:
    return [_plain(each) for each in values] if isinstance(values, tuple) else values


def versions() -> dict[str, str]:
    """Of what decides pixels and answers; looked up without loading it."""
    found = {"python": python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # as a machine's own copy may be
            found[package] = "unknown"
    from afn import __version__

    return {"afn": __version__, **found}


def pixels_digest(images: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256 over shape and type, pixels and labels.

    Args:
        images: (N, C, H, W) uint8 or float32, in any layout of memory.
        labels: (N,).
    """
    digest = hashlib.sha256(f"{images.dtype.name} {images.shape}".encode())
    for start in range(0, len(images), _CHUNK):
        digest.update(np.ascontiguousarray(images[start : start + _CHUNK]).tobytes())
    digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()


def class_facts(names: Sequence[str] | None, num_classes: int) -> dict[str, Any]:
    """What is said of classes: by their names, or by how many there are."""
    told = tuple(names or (str(number) for number in range(num_classes)))
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    shown = tuple(names) if names and len(names) <= _MOST_NAMES else ()
    return {"num_classes": len(told), "classes": digest, "class_names": shown}


def batches_in_rows(sizes: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Sizes of batches in their order, as size and how many in a row have it.

    Example:
        >>> from afn.ask.protocol import batches_in_rows
        >>> batches_in_rows([128, 128, 44])
        ((128, 2), (44, 1))
    """
    rows: list[tuple[int, int]] = []
    for size in sizes:
        if rows and rows[-1][0] == size:
            rows[-1] = size, rows[-1][1] + 1
        else:
            rows.append((size, 1))
    return tuple(rows)


def plain_batches(n: int, batch_size: int) -> tuple[tuple[int, int], ...]:
    """Of images that are cut as they come, or sorted by class."""
    return batches_in_rows(
        [batch_size] * (n // batch_size) + [n % batch_size] * (n % batch_size > 0)
    )
