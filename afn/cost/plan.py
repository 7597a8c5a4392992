"""What to measure: cases, norms, rounds; and the command that does it. Needs no torch."""

import shlex
from dataclasses import dataclass, fields

from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.norms import NORM_NAMES
from afn.wording import count_words

_NETWORKS = [row for row in BACKBONE_ROWS.values() if not row.is_imagenet]
SUBJECT_TITLES = {"layer": "one layer", **{row.name: row.title for row in _NETWORKS}}
SUBJECTS = tuple(SUBJECT_TITLES)
"""One layer, or a whole network for images of 3×32×32."""
CHANNELS = (8, 16, 32, 64)
SIZES = (8, 16, 32)
BATCH_SIZES = (8, 32, 128)
"""What a sweep goes through unless told otherwise."""
IMAGE = (3, 32)
"""Channels and side of the networks' images."""
WARMUP_ROUNDS = 4
"""Before those that are timed."""
STEPS_A_ROUND = 2
"""Of each norm: one to warm up, and the one that is timed."""
YARDSTICK = "bn"
"""The norm that ratios refer to; it is measured with any other."""

_LIMITS = {"channels": (1, 4096), "size": (1, 1024), "batch_size": (1, 4096)}
_ROUNDS = (1, 10_000)
_OPTIONS = {
    "channels": "--channels",
    "sizes": "--size",
    "batch_sizes": "--batch-size",
    "norms": "--norms",
    "rounds": "--rounds",
    "device": "--device",
}
_WORK = {"layer": 1.0, **{row.name: row.work for row in _NETWORKS}}
"""Time of one input value, relative to the layer's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A subject, and the shape (N, C, H, H) of its input.

    Raises:
        ValueError: An unknown subject, a number out of range, or images that are not the networks'.
    """

    subject: str
    """One of ``SUBJECTS``."""
    channels: int = IMAGE[0]
    size: int = IMAGE[1]
    """Height and width."""
    batch_size: int = 128

    def __post_init__(self) -> None:
        _check_choice("subject", self.subject, SUBJECTS)
        for name, limits in _LIMITS.items():
            _check_count(name, getattr(self, name), limits)
        if self.subject != "layer" and (self.channels, self.size) != IMAGE:
            raise ValueError(
                f"networks are measured on images of 3×32×32, got {self.channels} channels and "
                f'{self.size} pixels a side: vary those with the subject "layer"'
            )

    def __str__(self) -> str:
        channels = f", {count_words(self.channels, 'channel')}" if self.subject == "layer" else ""
        return f"{self.subject}{channels}, {self.size}×{self.size}, batch {self.batch_size}"

    @property
    def work(self) -> float:
        """About how long a step takes, in arbitrary units."""
        return _WORK[self.subject] * self.channels * self.size**2 * self.batch_size


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A sweep: every norm in every combination of the sizes.

    Raises:
        ValueError: Nothing to measure, an unknown name, or a number out of range.
    """

    subjects: tuple[str, ...] = ("layer",)
    channels: tuple[int, ...] = CHANNELS
    """Of the layer; networks take images of 3×32×32."""
    sizes: tuple[int, ...] = SIZES
    """Height and width of the layer's images."""
    batch_sizes: tuple[int, ...] = BATCH_SIZES
    norms: tuple[str, ...] = NORM_NAMES
    """Batch norm, the yardstick, is measured in any case."""
    rounds: int = 30
    """In each, every norm takes one timed step."""
    device: str = "cpu"

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) == ():
                raise ValueError(f"name at least one value for {field.name}")
        for norm in self.norms:
            _check_choice("norm", norm, NORM_NAMES)
        _check_count("rounds", self.rounds, _ROUNDS)
        _check_choice("device", self.device, ("cpu", "cuda"))
        _ = self.cases  # each checks itself

    @property
    def cases(self) -> tuple[Case, ...]:
        """All combinations."""
        return tuple(
            Case(subject=subject, channels=channels, size=size, batch_size=batch_size)
            for subject in self.subjects
            for channels in (self.channels if subject == "layer" else IMAGE[:1])
            for size in (self.sizes if subject == "layer" else IMAGE[1:])
            for batch_size in self.batch_sizes
        )

    @property
    def contenders(self) -> tuple[str, ...]:
        """The norms with the yardstick, each once."""
        return tuple(dict.fromkeys((YARDSTICK, *self.norms)))

    def arguments(self) -> list[str]:
        """What ``python -m afn bench`` is to be told; defaults are left out."""
        parts = ["--subject", *self.subjects]
        for field in fields(self)[1:]:
            if (value := getattr(self, field.name)) != field.default:
                values = value if isinstance(value, tuple) else (value,)
                parts += [_OPTIONS[field.name], *map(str, values)]
        return parts

    def command(self) -> str:
        """The line that measures it again."""
        return shlex.join(["python", "-m", "afn", "bench", *self.arguments()])


def _check_choice(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}; known: {', '.join(known)}")


def _check_count(name: str, value: object, limits: tuple[int, int]) -> None:
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, got {value!r}")
