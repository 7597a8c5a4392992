"""The protocol by which adapting at test time is compared in print. Needs no torch.

CIFAR-10-C's fifteen corruptions at severity 5, in their order, in batches of 200; each network is
put back to what was trained before each corruption. What is told is the error in percent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from afn.adapt.plan import StreamPlan
from afn.ask.records import STANDARD

PROTOCOL_BATCH, PROTOCOL_SEVERITY = 200, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedLevels:
    """Errors that others have published for one way to adapt."""

    method: str
    """Ours that is the same."""
    network: str
    source: str
    errors: tuple[float, ...]
    """In percent, of the fifteen corruptions in order."""
    mean: float
    """As it was published."""

    @property
    def by_corruption(self) -> Mapping[str, float]:
        """By name."""
        return dict(zip(STANDARD, self.errors, strict=True))


_SOURCE = "README of github.com/DequanWang/tent, by the authors of arXiv 2006.10726"
_WIDE = "WRN-28-10 (RobustBench's standard), 36.5 million parameters"
PUBLISHED_LEVELS = (
    PublishedLevels(
        method="running", network=_WIDE, source=_SOURCE, mean=43.5,
        errors=(
            72.3, 65.7, 72.9, 46.9, 54.3, 34.8, 42.0, 25.1, 41.3, 26.0, 9.3, 46.7, 26.6, 58.5, 30.3
        ),
    ),
    PublishedLevels(
        method="batch", network=_WIDE, source=_SOURCE, mean=20.4,
        errors=(
            28.1, 26.1, 36.3, 12.8, 35.3, 14.2, 12.1, 17.3, 17.4, 15.3, 8.4, 12.6, 23.8, 19.7, 27.3
        ),
    ),
    PublishedLevels(
        method="tent", network=_WIDE, source=_SOURCE, mean=18.6,
        errors=(
            24.8, 23.5, 33.0, 12.0, 31.8, 13.7, 10.8, 15.9, 16.2, 13.7, 7.9, 12.1, 22.0, 17.3, 24.2
        ),
    ),
)  # fmt: skip
"""Of the authors' example, in the same protocol; on the published images of CIFAR-10-C."""


def protocol_plans(images: int = 10_000, seed: int = 0) -> Iterator[StreamPlan]:
    """The fifteen streams.

    Deviation: the images are shuffled by `seed`, so that an interval over orders can be told; in
    print they come as they are in the files, which are mixed by class, too.

    Example:
        >>> from afn.adapt.protocol import protocol_plans
        >>> plan = next(protocol_plans())
        >>> plan.corruption, plan.severity, plan.size, plan.num_batches
        ('gaussian_noise', 5, 200, 50)
    """
    for corruption in STANDARD:
        yield StreamPlan(
            order="mixed", corruption=corruption, severity=PROTOCOL_SEVERITY,
            batch_size=PROTOCOL_BATCH, images=images, seed=seed,
        )  # fmt: skip
