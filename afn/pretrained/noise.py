"""How much a figure depends on which images were drawn for the test. Needs no torch.

Which images were right is kept of one seed of each model, see `afn.pretrained.hits`. An image's
share in a figure is the mean over all tests that it is in, such as its 75 corrupted forms: these
depend on each other, so that the image is the unit. For a difference of two norms it is the image's
own difference. Images of different data sets are independent. Where that is not kept, counts of
right ones give a bound: as if an image were right in all tests or in none, and two norms right on
different images.
"""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class ImageAnswers(NamedTuple):
    """One test, as what it says of its images."""

    data: str
    ours: NDArray[np.bool_] | None
    """None where answers are not kept."""
    theirs: NDArray[np.bool_] | None
    shares: Sequence[tuple[float, int]]
    """Accuracy, 0 to 1, and number of images; of ours, and of theirs for a difference."""


def image_error(tests: Sequence[ImageAnswers], *, is_difference: bool) -> float:
    """The standard error over images of a mean over tests, in percent or points.

    Args:
        tests: Weighted alike; tests of one data set are on the same images.
        is_difference: Of ours minus theirs, instead of ours.
    """
    ordered = sorted(tests, key=lambda test: test.data)
    groups = [list(group) for _, group in groupby(ordered, key=lambda test: test.data)]
    parts = [_group_error(group, is_difference) for group in groups]
    return 100 * math.hypot(*parts) / len(tests)


def _group_error(tests: Sequence[ImageAnswers], is_difference: bool) -> float:
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
