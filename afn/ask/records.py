"""The cells of corruption grids, their file, and what follows from them. Needs no torch."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from afn.corruptions.applying import Place as Place
from afn.corruptions.severities import rule_words, why_unchanged
from afn.jsonl import append_line, read_lines
from afn.numbers import whole
from afn.settings.corruptions import MIN_SIDE, RULE
from afn.stats.intervals import paired_interval, wilson_interval
from afn.wording import count_words

Order = Literal[
    "mixed", "by label", "1 class", "2 classes", "3 classes", "4 classes", "5 classes",
    "6 classes", "7 classes", "8 classes", "9 classes", "10 classes",
]  # fmt: skip
"""In which order test images come: as they are; sorted by class, so that batches hold few of them;
or so that each batch holds so many, in equal shares."""
ORDERS: tuple[Order, ...] = ("mixed", "by label")
"""Those that every test offers."""
COUNTED: dict[Order, int] = {
    order: number for number, order in enumerate(get_args(Order)[len(ORDERS) :], start=1)
}
"""Classes of a batch, by the order that sees to it."""
Networks = Literal["on", "off", "frozen"]
"""Whether AFN's and ASRNorm's networks take part: as trained; not, with every λ forced to 0, which
leaves what the layer is without them; or frozen, given running averages, so that they answer
constants."""
NETWORKS: tuple[Networks, ...] = get_args(Networks)
STANDARD = (
    "gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur",
    "zoom_blur", "snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate",
    "jpeg_compression",
)  # fmt: skip
"""The fifteen corruptions over which the mean corruption error is taken."""
_SMALLEST = (MIN_SIDE, MIN_SIDE, 1)
_PER_IMAGE = ("answers", "confidences", "labels")
_LEFT_OUT = re.compile(r"[\d,]+ images? of unknown classes left out \(.*\)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What one grid answers; the same question has the same answer, down to the bit."""

    weights: str
    """SHA-256 of the weights' file."""
    dataset: str
    num_images: int
    """The first so many test images."""
    statistics: str
    """Whose statistics the norms use, in words: "running", "test batch of 128", ..."""
    batch_size: int
    order: Order = "mixed"
    networks: Networks = "on"
    classes: str = ""
    """SHA-256 of the data set's class names where they are not the network's; else empty."""

    def __post_init__(self) -> None:
        for name in ("num_images", "batch_size"):
            object.__setattr__(self, name, whole(getattr(self, name), name))
        object.__setattr__(self, "networks", networks_of(self.networks))

    @property
    def key(self) -> str:
        """A name for files, 16 hexadecimal digits."""
        values = asdict(self)
        # So that questions of before there was any of it keep their names.
        values["networks"] = networks_as_of_old(self.networks)
        if not self.classes:
            del values["classes"]
        text = json.dumps(values, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def networks_of(given: bool | str) -> Networks:
    """The way in which networks take part; as it was said of old, True is "on" and False "off".

    Raises:
        ValueError: There is no such way.

    Example:
        >>> from afn.ask.records import networks_of
        >>> networks_of(False), networks_of("frozen")
        ('off', 'frozen')
    """
    found = ("off", "on")[given] if isinstance(given, bool) else given
    if found not in NETWORKS:
        raise ValueError(f'networks are "on", "off" or "frozen", got {given!r}')
    return found


def networks_as_of_old(networks: Networks) -> bool | str:
    """The inverse of `networks_of`, where what was kept under a name is to be found again."""
    return networks if networks == "frozen" else networks == "on"


def classes_of(dataset: Sequence[str], network: Sequence[str]) -> str:
    """What a question says of the class names of a data set that a network is asked about."""
    if tuple(dataset) == tuple(network):
        return ""
    return hashlib.sha256("\n".join(dataset).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A model's answers under one corruption at one severity.

    Example:
        >>> from afn import Cell, answers
        >>> [(_, cell)] = answers({"it": {"network": "mnist5k-bn"}}, num_images=100)
        >>> isinstance(cell, Cell), cell.where, cell.n, cell.predicted.shape
        (True, 'clean', 100, (100,))
    """

    corruption: str | None
    """None for clean images."""
    severity: int
    """1 to 5; 0 for clean images."""
    source: str
    """Where the images are from: "clean", "generated, CIFAR-10-C's constants", ..."""
    loss: float
    """Mean cross-entropy in nats."""
    answers: bytes
    """The predicted class of each image, in the test set's own order: a label of the test set, or
    beyond them a class that the network alone knows, see `afn.data.classes.Naming`. A byte each;
    of more than 256 classes two, the lower first. `predicted` are the numbers."""
    confidences: bytes
    """The softmax probability of each answer, in 255ths."""
    labels: bytes
    """The true class of each, in as many bytes; `true` are the numbers."""
    rule: int | None = None
    """The rule by which the images were corrupted here; None for clean ones and an archive's."""

    @property
    def n(self) -> int:
        """Images."""
        return len(self.confidences)

    @property
    def predicted(self) -> NDArray[np.integer[Any]]:
        """The class of each answer, (N,) unsigned."""
        return np.frombuffer(self.answers, self._dtype)

    @property
    def true(self) -> NDArray[np.integer[Any]]:
        """The class of each image, (N,) unsigned."""
        return np.frombuffer(self.labels, self._dtype)

    @property
    def _dtype(self) -> str:
        return "<u2" if len(self.labels) > self.n else "u1"

    @property
    def hits(self) -> NDArray[np.bool_]:
        """Whether each answer is right."""
        return self.predicted == self.true

    @property
    def correct(self) -> int:
        """Right answers."""
        return int(np.count_nonzero(self.hits))

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1."""
        return self.correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        return wilson_interval(self.correct, self.n)

    def gain_over(self, other: "Cell") -> tuple[float, float, float]:
        """Accuracy above another model's on the same images, and its paired 95 % interval.

        Raises:
            ValueError: The images are not the same.
        """
        if not self.is_alike(other):
            raise ValueError(
                f"a paired difference needs the same images, got {self.describe()} and "
                f"{other.describe()}"
            )
        low, high = paired_interval(self.hits, other.hits)
        return self.accuracy - other.accuracy, low, high

    def is_alike(self, other: "Cell") -> bool:
        """Whether both are answers to the same images, so that they may be compared."""
        mine, theirs = ((each.place, each.source, each.rule) for each in (self, other))
        return mine == theirs and self.has_labels_of(other)

    def has_labels_of(self, other: "Cell") -> bool:
        """Whether both are of as many images of the same classes, in the same order."""
        return self.labels == other.labels or np.array_equal(self.true, other.true)

    @property
    def left_out(self) -> str:
        """How many images of which classes the network does not know, in words; "" for none."""
        found = _LEFT_OUT.search(self.source)
        return found[0] if found else ""

    @property
    def place(self) -> Place:
        """Corruption and severity."""
        return self.corruption, self.severity

    @property
    def where(self) -> str:
        """Its place in words: "clean", "fog 3"."""
        return where(self.place)

    def describe(self) -> str:
        """In a few words."""
        return f"{count_words(self.n, 'image')}, {self.where} ({self.told_source})"

    @property
    def told_source(self) -> str:
        """Where the images are from, and under which rule if that is not today's."""
        return ", ".join(filter(None, [self.source, rule_words(self.rule)]))

    def to_json(self) -> dict[str, Any]:
        """A flat record."""
        return {
            **asdict(self),
            **{name: base64.b64encode(getattr(self, name)).decode() for name in _PER_IMAGE},
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Cell":
        """The inverse of `to_json`.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        try:
            values = {f.name: record[f.name] for f in fields(cls) if f.name != "rule"}
            is_made = values["source"].startswith("generated")
            values["rule"] = record.get("rule", 1 if is_made else None)  # of before there were two
            for name in _PER_IMAGE:
                values[name] = base64.b64decode(values[name], validate=True)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"not a cell of a grid: {error!r}") from error
        n = len(values["confidences"])
        widths = {len(values["answers"]), len(values["labels"])}
        if not n or widths not in ({n}, {2 * n}):
            raise ValueError("a cell of a grid needs one answer for each of one or more images")
        return cls(**values)


class GridFile:
    """One question's cells, appended as they are known; what is there is never computed again.

    Unless the images would come out otherwise today: cells of an older rule of corruptions are
    kept and can be looked at, but never beside those of today's.
    """

    def __init__(self, folder: Path, question: Question) -> None:
        self.path = folder / f"{question.key}.jsonl"
        self.question = question

    def cells(self, rule: int = RULE) -> Mapping[Place, Cell]:
        """The cells under one rule of corruptions, by place; damaged lines are skipped.

        Asked again, a file that has not grown is not read again.
        """
        return _under(*self._state, rule)

    def shown(self) -> Mapping[Place, Cell]:
        """The cells under today's rule or, while there are more of them, under an older one."""
        every = {(cell.rule, cell.corruption, cell.severity) for cell in _cells(*self._state)}
        counts = Counter(
            rule
            for rule, corruption, severity in every
            # What changes nothing in some images was asked of all of them under rule 1.
            if rule and not why_unchanged(str(corruption), severity, _SMALLEST)
        )
        return self.cells(max(counts, key=lambda rule: (counts[rule], rule), default=RULE))

    def outdated(self) -> Mapping[Place, Cell]:
        """The cells under older rules, where none is known under today's."""
        known = self.cells()
        return {
            cell.place: cell
            for cell in _cells(*self._state)
            if cell.rule not in (None, RULE) and cell.place not in known
        }

    @property
    def _state(self) -> tuple[Path, int, int]:
        """What tells whether it has grown."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return self.path, 0, 0
        return self.path, stat.st_size, stat.st_mtime_ns

    def append(self, cell: Cell) -> None:
        """Keep a cell; the file begins with its question."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            append_line(self.path, asdict(self.question))
        append_line(self.path, cell.to_json())


@lru_cache(maxsize=128)
def _cells(path: Path, size: int, modified: int) -> tuple[Cell, ...]:
    found = []
    for record in read_lines(path)[0] if size else []:
        if "answers" in record:
            with suppress(ValueError):
                found.append(Cell.from_json(record))
    return tuple(found)


@lru_cache(maxsize=256)
def _under(path: Path, size: int, modified: int, rule: int) -> Mapping[Place, Cell]:
    every = _cells(path, size, modified)
    return MappingProxyType({cell.place: cell for cell in every if cell.rule in (None, rule)})


def where(place: Place) -> str:
    """A place in words: "clean", "fog 3"."""
    corruption, severity = place
    return f"{corruption} {severity}" if corruption else "clean"


def mean_corruption_error(cells: Iterable[Cell], baseline: Iterable[Cell]) -> float:
    r"""Mean corruption error over the corruptions of ``STANDARD`` that both have.

    .. math::
        mCE = \frac1{|C|} \sum_{c \in C}
            \frac{\sum_s 1 - accuracy_{c,s}}{\sum_s 1 - accuracy^{baseline}_{c,s}}

    Args:
        cells: A model's.
        baseline: Another's; to be named wherever the result is.

    Raises:
        ValueError: They have no corruption in common, one has severities that the other lacks,
            their images were corrupted under different rules, or the baseline makes no errors.

    Source: Hendrycks & Dietterich 2019, section 4.
    """
    ours, theirs = _by_corruption(cells), _by_corruption(baseline)
    common = [name for name in STANDARD if name in ours and name in theirs]
    if not common:
        raise ValueError("no standard corruption is in both grids: compute one in both")
    for name in common:
        if ours[name].keys() != theirs[name].keys():
            raise ValueError(f"{name} has other severities in one grid than in the other")
        if any(ours[name][s].rule != theirs[name][s].rule for s in ours[name]):
            raise ValueError(
                f"{name} was corrupted under another rule in one grid than in the other: "
                f"ask the older one again"
            )
        if not _errors(theirs[name]):
            raise ValueError(f"the baseline makes no errors under {name}: take another baseline")
    return fmean(_errors(ours[name]) / _errors(theirs[name]) for name in common)


def _by_corruption(cells: Iterable[Cell]) -> dict[str, dict[int, Cell]]:
    found: dict[str, dict[int, Cell]] = {}
    for cell in cells:
        if cell.corruption is not None:
            found.setdefault(cell.corruption, {})[cell.severity] = cell
    return found


def _errors(cells: Mapping[int, Cell]) -> float:
    return sum(1 - cell.accuracy for cell in cells.values())


def places(corruptions: Iterable[str], severities: Collection[int]) -> Iterator[Place]:
    """A grid's cells in the order of their making: clean, then corruption by corruption."""
    yield None, 0
    numbers = [whole(severity, "severity", "an integer from 1 to 5") for severity in severities]
    for corruption in corruptions:
        for severity in numbers:
            yield str(corruption), severity
