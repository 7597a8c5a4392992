"""What is measured of somebody's own model, and under which plan. Needs no torch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from afn.numbers import whole
from afn.pretrained.gains import Gain
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.stats.over_seeds import OverSeeds

AS_IS = "as it is"
TEST_BATCH = "bn, test batch"
WAYS = (AS_IS, TEST_BATCH, "afn", "asrnorm", "gn")
"""What can be done with a model: nothing; its BN by the test batch's statistics; other norms."""
CONVERTED = WAYS[2:]
"""Ways that are norms put in the place of BN, by their names in `NORMS`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdvicePlan:
    """What is to be measured.

    Raises:
        ValueError: A number is out of range, or a corruption unknown.

    Example:
        >>> from afn import AdvicePlan
        >>> AdvicePlan(seeds=5, corruptions=("fog",)).steps
        100
    """

    seeds: int = 3
    """Fine-tunings of each way; with fewer than 3 there is no recommendation."""
    steps: int = 100
    """Of each fine-tuning."""
    lr: float = 0.01
    """Where its learning rate begins; it falls to 0 on a line."""
    batch_size: int = 64
    """Of fine-tuning and of tests."""
    images: int = 500
    """At most so many test images, clean and under each corruption."""
    corruptions: tuple[str, ...] = ("gaussian_noise", "defocus_blur", "fog", "contrast")
    severity: int = 3
    rounds: int = 20
    """Timed steps of each."""

    def __post_init__(self) -> None:
        for name, (low, high) in {
            "seeds": (1, 100), "steps": (1, 100_000), "batch_size": (2, 4096),
            "images": (2, 1_000_000), "severity": (1, 5), "rounds": (1, 10_000),
        }.items():  # fmt: skip
            value = whole(getattr(self, name), name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low:,} to {high:,}, got {value:,}")
        if not 0 < self.lr <= 10:
            raise ValueError(f"lr must be above 0 and at most 10, got {self.lr:g}")
        if unknown := [name for name in self.corruptions if name not in CORRUPTION_NAMES]:
            raise ValueError(
                f"unknown corruption {unknown[0]!r}; known: {', '.join(CORRUPTION_NAMES)}"
            )
        if not self.corruptions:
            raise ValueError("name one corruption or more")


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What a way costs."""

    parameters: int
    ms_one: float
    """Milliseconds of an answer to one image; the median, on one thread."""
    ms_batch: float
    """Of a batch of 32."""
    peak_bytes: int
    """Of memory, while a batch of 32 is answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSize:
    """The same images, asked in batches of some size, against the largest."""

    size: int
    error: str = ""
    """Why it does not run; empty where it does."""
    moved: float = 0.0
    """How far logits are from those in the largest batches, in standard deviations of these."""
    changed: float = 0.0
    """Share of images with another answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accuracies:
    """Accuracies of one way, in percent."""

    clean: float
    corrupted: float
    """The mean over the corruptions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdvisedWay:
    """All that is known of one way."""

    name: str
    price: Price | None = None
    batches: tuple[BatchSize, ...] = ()
    before: Accuracies | None = None
    """Without any fine-tuning."""
    after: Mapping[int, Accuracies] = field(default_factory=dict)
    """By seed, fine-tuned."""
    error: str = ""
    """Why it cannot be; empty where it can."""

    def over_seeds(self, what: str) -> OverSeeds | None:
        """ "clean" or "corrupted" accuracy of the fine-tuned networks."""
        return OverSeeds.of({seed: getattr(each, what) for seed, each in self.after.items()})


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What was measured."""

    model: str
    dataset: str
    machine: str
    num_images: int
    num_norms: int
    """Batch normalizations that can be replaced."""
    plan: AdvicePlan
    ways: tuple[AdvisedWay, ...]
    image_errors: Mapping[str, float] = field(default_factory=dict)
    """Standard errors over images, in points, by ``"WAY, OTHER WAY, clean|corrupted"``."""
    notes: tuple[str, ...] = ()

    def way(self, name: str) -> AdvisedWay | None:
        """By its name; None where it was not measured, or cannot be."""
        return next((each for each in self.ways if each.name == name and not each.error), None)

    def gain(self, ours: str, theirs: str, what: str = "corrupted") -> Gain | None:
        """Points of one fine-tuned way over another; None where either is lacking."""
        mine, other = self.way(ours), self.way(theirs)
        if mine is None or other is None:
            return None
        error = self.image_errors.get(f"{ours}, {theirs}, {what}", 0.0)
        return Gain.of(mine.over_seeds(what), other.over_seeds(what), error)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"kind": "findings", **asdict(self)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Findings":
        """The inverse of `to_json`.

        Raises:
            ValueError: It is none.
        """
        try:
            given = {name: record[name] for name in cls.__dataclass_fields__}
            plan = {**given["plan"], "corruptions": tuple(given["plan"]["corruptions"])}
            return cls(
                **{
                    **given,
                    "plan": AdvicePlan(**plan),
                    "ways": tuple(_way(each) for each in given["ways"]),
                    "notes": tuple(given["notes"]),
                }
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"these are no findings of `afn advise`: {error!r}") from None


def _way(record: Mapping[str, Any]) -> AdvisedWay:
    def tested(values: Mapping[str, Any]) -> Accuracies:
        return Accuracies(**values)

    return AdvisedWay(
        name=record["name"],
        price=Price(**record["price"]) if record["price"] else None,
        batches=tuple(BatchSize(**each) for each in record["batches"]),
        before=tested(record["before"]) if record["before"] else None,
        after={int(seed): tested(each) for seed, each in record["after"].items()},
        error=record["error"],
    )


def image_error(differences: Sequence[float]) -> float:
    """The standard error of the mean of each image's difference, in points."""
    n = len(differences)
    mean = math.fsum(differences) / n
    variance = math.fsum((each - mean) ** 2 for each in differences) / max(1, n - 1)
    return 100 * math.sqrt(variance / n)
