"""What theory says of gains and gradients, beside what the shipped trainings began with."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from statistics import fmean

from afn.stats.gain import gain_limit, logit_slope, stacked_limit

from .mechanisms import STARTS, TrainingCourse


@dataclass(frozen=True, slots=True)
class FirstStep:
    """A start of λ: the limits, and the first training step."""

    variant: str
    label: str
    lambda_sigma: float
    """Mean over layers, before the first step."""
    gains: tuple[float, ...]
    """By layer: how much louder than BN it is in the first batch, σ / σ̂ over channels."""
    limit: float
    """Of one layer's gain."""
    stacked: float
    """The product of the limits of all layers."""
    gradient: float
    """Norm of the first gradient, in that of BN's."""
    logit_gradient: float
    """Norm of the first gradient of all layers' logits of λ_σ; 0 where it was not recorded."""

    @property
    def stacked_gains(self) -> float:
        """The product of the gains as they were measured."""
        return prod(self.gains)

    @property
    def slope(self) -> float:
        """How far λ_σ moves with its logit."""
        return logit_slope(self.lambda_sigma)


def first_steps(courses: Sequence[TrainingCourse]) -> list[FirstStep]:
    """The starts of λ that are there, beside BN; none without it."""
    known = {course.variant: course for course in courses if course.gradients}
    bn = known.get("bn")
    if bn is None:
        return []
    found = []
    for variant in STARTS:
        if (course := known.get(variant)) and course.start and course.first_moves:
            sigmas = [start[1] for start in course.start]
            found.append(
                FirstStep(
                    variant=variant,
                    label=course.label,
                    lambda_sigma=fmean(sigmas),
                    gains=tuple(1 / moves.spread for moves in course.first_moves),
                    limit=max(map(gain_limit, sigmas)),
                    stacked=stacked_limit(sigmas),
                    gradient=course.gradients[0] / bn.gradients[0],
                    logit_gradient=course.logit_gradient,
                )
            )
    return found
