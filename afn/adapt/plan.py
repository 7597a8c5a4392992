"""What a stream is, and how a network adapts to it. Needs no torch."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from afn.numbers import whole
from afn.settings.corruptions import CORRUPTION_NAMES, RULE

StreamOrder = Literal["mixed", "sorted", "comes and goes", "one at a time", "drifting"]
STREAM_ORDERS: tuple[StreamOrder, ...] = get_args(StreamOrder)
ORDER_WORDS: dict[StreamOrder, str] = {
    "mixed": "mixed",
    "sorted": "sorted by class",
    "comes and goes": "a corruption that comes and goes",
    "one at a time": "one image at a time",
    "drifting": "drifting severity",
}
STREAM_WAYS = {
    "running": "BN, as trained",
    "batch": "BN, test batch",
    "mix": "BN, mix",
    "prior": "BN, by batch size",
    "moving": "BN, moving averages",
    "tent": "TENT",
    "afn": "AFN",
    "frozen": "AFN, frozen",
}
"""Contenders: a norm and how it adapts, in words."""
_PHASES = 6
"""Of a corruption that comes and goes: clean, corrupted, clean, …"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamPlan:
    """Which test images come in which order; the same plan is the same stream, to the pixel.

    - ``mixed``: shuffled; ``sorted``: class after class; both under the corruption throughout.
    - ``comes and goes``: shuffled; six phases, clean and corrupted in turn, clean first.
    - ``one at a time``: shuffled, in batches of one.
    - ``drifting``: shuffled; the severity rises from 0 (clean) to `severity` and falls again.

    Example:
        >>> from afn import StreamPlan
        >>> plan = StreamPlan(order="drifting", severity=2, images=100, batch_size=20)
        >>> [plan.place(batch) for batch in range(plan.num_batches)]
        [(None, 0), ('contrast', 1), ('contrast', 2), ('contrast', 1), (None, 0)]
    """

    order: StreamOrder = "mixed"
    corruption: str | None = "contrast"
    """None leaves all images clean."""
    severity: int = 5
    """1 to 5; in a drift the worst."""
    batch_size: int = 20
    images: int = 1000
    """The first so many test images, each of them once."""
    seed: int = 0
    """Of the shuffling."""
    resets: tuple[int, ...] = ()
    """Batches before which every network is put back to what was trained."""

    def __post_init__(self) -> None:
        for name in ("severity", "batch_size", "images", "seed"):
            object.__setattr__(self, name, whole(getattr(self, name), name))
        resets = sorted({whole(each, "resets") for each in self.resets})
        object.__setattr__(self, "resets", tuple(resets))
        if self.order not in STREAM_ORDERS:
            raise ValueError(f"order must be one of {', '.join(STREAM_ORDERS)}, got {self.order!r}")
        if self.corruption is not None and self.corruption not in CORRUPTION_NAMES:
            raise ValueError(
                f"unknown corruption {self.corruption!r}; known: {', '.join(CORRUPTION_NAMES)}"
            )
        if not 1 <= self.severity <= 5:
            raise ValueError(f"severity must be from 1 to 5, got {self.severity}")
        if self.batch_size < 1 or self.images < 1:
            raise ValueError(
                f"batch_size and images must be at least 1, got {self.batch_size} and {self.images}"
            )
        if self.seed < 0:
            raise ValueError(f"seed must not be negative, got {self.seed}")
        if self.resets and not 0 < self.resets[0] <= self.resets[-1] < self.num_batches:
            raise ValueError(
                f"resets must be batches from 1 to {self.num_batches - 1}, got {self.resets}"
            )

    @property
    def size(self) -> int:
        """Images of a batch; the last one may hold fewer."""
        return 1 if self.order == "one at a time" else self.batch_size

    @property
    def num_batches(self) -> int:
        """Of the whole stream."""
        return -(-self.images // self.size)

    def place(self, batch: int) -> tuple[str | None, int]:
        """Corruption and severity of a batch; (None, 0) is clean."""
        severity = self.severity
        if self.order == "comes and goes":
            severity *= batch * _PHASES // self.num_batches % 2
        elif self.order == "drifting":
            from_end = min(batch, self.num_batches - 1 - batch)
            half = max((self.num_batches - 1) // 2, 1)
            severity = min(severity, from_end * (severity + 1) // (half + 1))
        return (self.corruption, severity) if self.corruption and severity else (None, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _MethodRow:
    title: str
    value: str = ""
    """What its number is; empty where it has none."""
    default: float | None = None
    most: float = math.inf
    may_be_zero: bool = False


ADAPT_METHODS = {
    "running": _MethodRow(title="running averages"),
    "batch": _MethodRow(title="test batch"),
    "mix": _MethodRow(title="mix", value="α", default=0.5, most=1.0, may_be_zero=True),
    "prior": _MethodRow(title="by batch size", value="N", default=16.0, may_be_zero=True),
    "moving": _MethodRow(title="moving averages", value="momentum", default=0.1, most=1.0),
    "tent": _MethodRow(title="TENT", value="learning rate", default=1e-3, most=1.0),
    "frozen": _MethodRow(title="test batch, networks frozen"),
}
"""Ways to adapt, by name."""


@dataclass(frozen=True, slots=True)
class AdaptMethod:
    """One way to adapt, with its number where it has one.

    Example:
        >>> from afn.adapt.plan import AdaptMethod
        >>> AdaptMethod.read("mix=0.3"), f"{AdaptMethod('tent')}"
        (AdaptMethod(name='mix', value=0.3), 'tent=0.001')
    """

    name: str
    value: float | None = None
    """By default what `ADAPT_METHODS` says."""

    def __post_init__(self) -> None:
        if self.name not in ADAPT_METHODS:
            raise ValueError(
                f"unknown way to adapt {self.name!r:.40}; known: {', '.join(ADAPT_METHODS)}"
            )
        row = ADAPT_METHODS[self.name]
        value = row.default if self.value is None else self.value
        if value is not None:
            if not row.value:
                raise ValueError(f"{self.name} takes no number, got {value:g}")
            if not 0 <= value <= row.most or not (value or row.may_be_zero) or value == math.inf:
                low = "at least 0" if row.may_be_zero else "above 0"
                high = f" and at most {row.most:g}" if row.most < math.inf else ""
                raise ValueError(f"{row.value} of {self.name} must be {low}{high}, got {value:g}")
        object.__setattr__(self, "value", value)

    @classmethod
    def read(cls, text: str) -> "AdaptMethod":
        """From ``NAME`` or ``NAME=NUMBER``.

        Raises:
            ValueError: It is none.
        """
        name, equals, number = text.partition("=")
        try:
            value = float(number) if equals else None
        except ValueError:
            raise ValueError(f"expected a number behind {name}=, got {number[:40]!r}") from None
        return cls(name, value)

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value:g}"

    @property
    def title(self) -> str:
        """In words."""
        row = ADAPT_METHODS[self.name]
        return f"{row.title}, {row.value} {self.value:g}" if row.value else row.title


def stream_key(weights: str, dataset: str, plan: StreamPlan, method: AdaptMethod) -> str:
    """A name for files: the same answers have the same one, 16 hexadecimal digits."""
    told: dict[str, Any] = {
        "weights": weights, "dataset": dataset, "plan": asdict(plan), "method": str(method),
        "rule": RULE,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
