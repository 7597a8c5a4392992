"""What γ̂ and β̂ are under several conditions: corruptions, or domains. Needs no torch."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from afn.plain import Finite, converted

Condition = tuple[str, str | None, int]
"""Whose test images, their corruption (None: as they are) and its severity (0 where none)."""
Varies = Literal["nothing", "batches", "images"]
"""What γ̂ and β̂ of a layer follow: they are fixed, or each batch or each image has its own."""
Profile = tuple[tuple[Finite, ...], ...]
"""A number for each condition, or domain, and channel."""


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

    def __post_init__(self) -> None:
        profiles = (self.gamma, self.beta, self.gamma_spread, self.beta_spread)
        if len({len(row) for each in profiles for row in each}) > 1:
            raise ValueError("expected as many channels under every condition")

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

    def __post_init__(self) -> None:
        num_conditions = len(self.conditions)
        for each in self.layers:
            profiles = (each.gamma, each.beta, each.gamma_spread, each.beta_spread)
            if any(len(profile) != num_conditions for profile in profiles):
                raise ValueError(f"expected values of {num_conditions} conditions")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Rescaling":
        """The inverse of `to_json`.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        return converted(record, cls, "a record of rescaling")
