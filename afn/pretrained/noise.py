"""How much a figure depends on which images were drawn for the test. Needs no torch.

Weights and answers, image by image, are kept of one seed of each model. An image's share in a
figure is the mean over all tests that it is in, such as its 75 corrupted forms: these depend on
each other, so that the image is the unit. For a difference of two norms it is the image's own
difference. Images of different data sets are independent. Where answers are not kept, counts of
right ones give a bound: as if an image were right in all tests or in none, and two norms right on
different images.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from afn.engine.config import SWITCHABLE_NORMS
from afn.pretrained.cards import read_card

_Hits = NDArray[np.bool_]


class Place(NamedTuple):
    """One test of one model in one way."""

    data: str
    corruption: str
    """ "clean" where there is none."""
    severity: int
    statistics: str
    """running, batch, or own."""
    networks: str
    """on, off or frozen."""
    rule: int | None


def mode_of(norm: str, statistics: str) -> str:
    """A statistics mode as it is looked up: running or batch, "own" where a norm has no choice."""
    if norm not in SWITCHABLE_NORMS:
        return "own"
    return "batch" if statistics.startswith("test batch") else statistics


class Hits:
    """Whether shipped models were right, image by image.

    Args:
        folder: Where their cards are; None where there is none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, dict[Place, _Hits]] = {}

    def of(self, model: str) -> Mapping[Place, _Hits]:
        """By test; of two of the same, that of more images. Empty where the model is not there."""
        if model not in self._known:
            self._known[model] = dict(self._read(model))
        return self._known[model]

    def _read(self, model: str) -> dict[Place, _Hits]:
        if self._folder is None:
            return {}
        found: dict[Place, _Hits] = {}
        try:
            card = read_card(model, self._folder)
            for question, cell in card.answers():
                mode = mode_of(card.config.norm, question.statistics)
                place = Place(
                    question.dataset, cell.corruption or "clean", cell.severity, mode,
                    question.networks, cell.rule,
                )  # fmt: skip
                if place not in found or len(found[place]) < cell.n:
                    found[place] = cell.hits
        except (ValueError, OSError):  # not shipped, or damaged: counts have to do
            return {}
        return found


class Answered(NamedTuple):
    """One test, as what it says of its images."""

    data: str
    ours: _Hits | None
    """None where answers are not kept."""
    theirs: _Hits | None
    shares: Sequence[tuple[float, int]]
    """Accuracy, 0 to 1, and number of images; of ours, and of theirs for a difference."""


def image_error(tests: Sequence[Answered], *, is_difference: bool) -> float:
    """The standard error over images of a mean over tests, in percent or points.

    Args:
        tests: Weighted alike; tests of one data set are on the same images.
        is_difference: Of ours minus theirs, instead of ours.
    """
    ordered = sorted(tests, key=lambda test: test.data)
    groups = [list(group) for _, group in groupby(ordered, key=lambda test: test.data)]
    parts = [_group_error(group, is_difference) for group in groups]
    return 100 * math.hypot(*parts) / len(tests)


def _group_error(tests: Sequence[Answered], is_difference: bool) -> float:
    """Of the sum over the tests of one data set."""
    kept = [(test.ours, test.theirs) for test in tests]
    sizes = {len(hits) for pair in kept for hits in pair if hits is not None}
    is_kept = all(
        ours is not None and (theirs is not None) == is_difference for ours, theirs in kept
    )
    if not is_kept or len(sizes) != 1 or min(sizes) < 2:
        return math.fsum(_bound(test.shares) for test in tests)
    each = np.zeros(min(sizes))
    for ours, theirs in kept:
        if ours is not None:
            each += ours
        if theirs is not None:
            each -= theirs
    return float(each.std(ddof=1)) / math.sqrt(len(each))


def _bound(shares: Sequence[tuple[float, int]]) -> float:
    return math.sqrt(sum(share * (1 - share) / n for share, n in shares))
