"""What γ̂ and β̂ are under several conditions: corruptions, or domains. Needs no torch."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Condition = tuple[str, str | None, int]
"""Whose test images, their corruption (None: as they are) and its severity (0 where none)."""
Varies = Literal["nothing", "batches", "images"]
"""What γ̂ and β̂ of a layer follow: they are fixed, or each batch or each image has its own."""
Profile = tuple[tuple[float, ...], ...]
"""A number for each condition, or domain, and channel."""
_PROFILES = ("gamma", "beta", "gamma_spread", "beta_spread")


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerRescaling:
    """One norm layer's γ̂ and β̂."""

    name: str
    varies: Varies
    gamma: Profile
    """Mean of γ̂ over the images of each condition."""
    beta: Profile
    gamma_spread: Profile
    """Standard deviation of γ̂ over those images; images of one batch may share theirs."""
    beta_spread: Profile
    hidden: int = 0
    """Units of the rescaling network; 0 where there is none, or it was not counted."""
    dead: tuple[int, int] = (0, 0)
    """So many of them are 0 for all images of all conditions: behind γ̂, and behind β̂."""

    def shifts(self, which: Literal["gamma", "beta"]) -> Profile:
        """Of each condition but the first: its mean of each channel, less that of the first."""
        first, *others = getattr(self, which)
        return tuple(
            tuple(value - held for value, held in zip(each, first, strict=True)) for each in others
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescaling:
    """All norm layers of a network, in the order of its forward pass."""

    conditions: tuple[Condition, ...]
    """The first is what the others are held against."""
    num_images: tuple[int, ...]
    """Of each condition."""
    batch_size: int
    layers: tuple[LayerRescaling, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Rescaling":
        """The inverse of `to_json`.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        try:
            conditions = tuple(condition_from_json(each) for each in record["conditions"])
            return cls(
                conditions=conditions,
                num_images=tuple(int(n) for n in record["num_images"]),
                batch_size=int(record["batch_size"]),
                layers=tuple(_layer(each, len(conditions)) for each in record["layers"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a record of rescaling: {error!r}") from error


def condition_from_json(record: Sequence[Any]) -> Condition:
    """A condition from plain JSON values."""
    dataset, corruption, severity = record
    return str(dataset), None if corruption is None else str(corruption), int(severity)


def _layer(record: dict[str, Any], num_conditions: int) -> LayerRescaling:
    if record["varies"] not in get_args(Varies):
        raise ValueError(f"unknown kind of variation {record['varies']!r}")
    gamma, beta, gamma_spread, beta_spread = profiles = [
        tuple(tuple(_number(value) for value in row) for row in record[name]) for name in _PROFILES
    ]
    dead = record.get("dead", (0, 0))  # older records do not say
    if any(len(each) != num_conditions for each in profiles):
        raise ValueError(f"expected values of {num_conditions} conditions")
    if len({len(row) for each in profiles for row in each}) > 1:
        raise ValueError("expected as many channels under every condition")
    return LayerRescaling(
        name=str(record["name"]),
        varies=record["varies"],
        gamma=gamma,
        beta=beta,
        gamma_spread=gamma_spread,
        beta_spread=beta_spread,
        hidden=int(record.get("hidden", 0)),
        dead=(int(dead[0]), int(dead[1])),
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {value!r:.40}")
    return float(value)
