"""How far domains lie apart in the statistics that a norm layer sees and leaves. Needs no torch."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from afn.ask.rescaling import Profile

PlanePoint = tuple[float, float]
Span = tuple[float, float]
"""From and to, with 95 % confidence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """The statistics of images on one side of a norm layer: those of its input or its output.

    Of each image and channel they are mean and standard deviation over (H, W); how they are
    compared says `afn.ask.layer_statistics`.
    """

    mu: Profile
    """Mean over a domain's images of their means: the domain's profile."""
    sigma: Profile
    """Mean over a domain's images of their standard deviations."""
    points: tuple[tuple[PlanePoint, ...], ...]
    """For each domain some of its images, in the plane in which all images spread most; distances
    are in the unit of `shift`."""
    centers: tuple[PlanePoint, ...]
    """For each domain the mean of all its images in that plane."""
    explained: PlanePoint
    """The share of all variance that each of the two axes shows."""
    shift: float
    """How far the domains lie from their common mean: 0: they have the same mean statistics; 1:
    they differ by as much as the pixels of one image do."""
    shift95: Span
    scatter: float
    """How far the images of a domain lie from its mean, in the same unit."""
    separation: float
    """Variance between domains over variance within them. 0: all domains have the same mean
    statistics; 1: which domain an image is from makes up half of the variance."""
    separation95: Span


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerSpread:
    """One norm layer: the domains before it and after it."""

    name: str
    domains: tuple[str, ...]
    before: Side
    after: Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """All norm layers of a network, in the order of its forward pass."""

    domains: tuple[str, ...]
    num_images: tuple[int, ...]
    """Of each domain."""
    batch_size: int
    """Images of one domain that went through the network together."""
    layers: tuple[LayerSpread, ...]

    def to_json(self) -> dict[str, Any]:
        """A record in which the domains are named once."""
        record = asdict(self)
        for layer in record["layers"]:
            del layer["domains"]
        return record

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Spread":
        """The inverse of `to_json`.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        try:
            domains = tuple(str(name) for name in record["domains"])
            return cls(
                domains=domains,
                num_images=tuple(int(n) for n in record["num_images"]),
                batch_size=int(record["batch_size"]),
                layers=tuple(
                    LayerSpread(
                        name=str(layer["name"]),
                        domains=domains,
                        before=_side(layer["before"], len(domains)),
                        after=_side(layer["after"], len(domains)),
                    )
                    for layer in record["layers"]
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a record of layer statistics: {error!r}") from error


def _side(record: dict[str, Any], num_domains: int) -> Side:
    side = Side(
        mu=tuple(_numbers(row) for row in record["mu"]),
        sigma=tuple(_numbers(row) for row in record["sigma"]),
        points=tuple(tuple(_point(point) for point in points) for points in record["points"]),
        centers=tuple(_point(point) for point in record["centers"]),
        explained=_point(record["explained"]),
        shift=_number(record["shift"]),
        shift95=_point(record["shift95"]),
        scatter=_number(record["scatter"]),
        separation=_number(record["separation"]),
        separation95=_point(record["separation95"]),
    )
    if {len(each) for each in (side.mu, side.sigma, side.points, side.centers)} != {num_domains}:
        raise ValueError(f"expected values of {num_domains} domains")
    if len({len(row) for row in (*side.mu, *side.sigma)}) > 1:
        raise ValueError("expected as many channels of every domain")
    return side


def _point(values: Sequence[Any]) -> PlanePoint:
    x, y = _numbers(values)
    return x, y


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    return tuple(_number(value) for value in values)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {value!r:.40}")
    return float(value)
