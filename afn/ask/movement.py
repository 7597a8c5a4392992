"""How far the small networks of AFN and ASRNorm moved from their start. Needs no torch."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from afn.ask.records import STANDARD
from afn.ask.rescaling import Condition
from afn.corruptions.applying import applicable
from afn.plain import Finite, converted

NUM_IMAGES, BATCH_SIZE, SEVERITY = 512, 128, 5
"""Four test batches of each condition; corruptions at their strongest."""
Part = Literal["standardize", "rescale"]
Output = Literal["mu", "sigma", "gamma", "beta"]
Varying = Literal["batches", "images"]
WeightMovement = tuple[Finite, Finite]
"""Cosine to the start, and norm over the start's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkMovement:
    """One encoder with its two decoders, trained, held against its start."""

    layer: str
    part: Part
    """By its name in the layer."""
    weights: WeightMovement
    """Of its three matrices, taken as one vector."""
    matrices: dict[str, WeightMovement]
    """Of each: "encoder", "mu_decoder", …"""
    biases: WeightMovement
    """Of its three biases, likewise as one vector; weight decay leaves them alone."""
    hidden: int
    """Units of the encoder."""
    dead: tuple[int, int] | None = None
    """So many of them are 0 whatever was shown: fed with μ, and with σ. None: nothing was shown."""

    @property
    def is_silent(self) -> bool:
        """Whether all units are dead, so that both answers are the same whatever is shown."""
        return self.dead == (self.hidden, self.hidden)


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputMovement:
    """What one answer of a layer's networks does; figures are root mean squares over channels."""

    layer: str
    output: Output
    lambda_: Finite
    effect: Finite
    """λ times the mean answer; here and below λ without its sign, which a linear gate allows."""
    varies: Finite
    """λ times the standard deviation of the answer between test batches of clean images; where
    every image has statistics of its own, between images."""
    follows: Finite | None
    """λ times the standard deviation of its mean between the conditions; None: there is one."""
    measured: tuple[Finite, Finite | None] | None
    """The last two of what it is mixed with: 1 - λ times that of the measured μ or σ. None for γ
    and β: there it is added to parameters, which do not vary."""
    spread: Finite
    """Standard deviation of what it acts on: σ of the layer's input, for γ and β γ̂."""

    def in_spreads(self, value: float) -> float:
        """One of its figures in units of that spread; NaN where there is none."""
        return value / self.spread if self.spread else math.nan


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """All small networks of a network, in the order of the forward pass."""

    weights: WeightMovement
    """Of all their matrices, taken as one vector."""
    networks: tuple[NetworkMovement, ...]
    outputs: tuple[OutputMovement, ...]
    """Of every layer four; none where nothing was shown."""
    conditions: tuple[Condition, ...]
    """What was shown: clean images first."""
    num_images: int
    """Of each condition."""
    batch_size: int
    varies_between: Varying

    def of(self, layer: str, part: Part) -> NetworkMovement:
        """One of the networks."""
        return next(n for n in self.networks if (n.layer, n.part) == (layer, part))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Movement":
        """The inverse of `to_json`.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        return converted(record, cls, "a record of movement")


def conditions_of(dataset: str, image_shape: tuple[int, int, int]) -> tuple[Condition, ...]:
    """What a network is shown: clean test images, and those under the standard corruptions.

    Args:
        dataset: The network's own.
        image_shape: (H, W, C) of the images that it takes; corruptions that change none are left
            out.
    """
    places = applicable([(name, SEVERITY) for name in STANDARD], dataset, image_shape)
    return ((dataset, None, 0), *((dataset, str(name), severity) for name, severity in places))
