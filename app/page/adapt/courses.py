"""The numbers of a stream batch by batch: of the batch, of a window up to it, and of all so far.

The same as `afn.adapt.records` says of batches one by one, for all of them at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from afn.adapt.records import COLLAPSED, WINDOW, StreamStep

Numbers = np.ndarray
Windows = tuple[Numbers, Numbers]
"""First batch of a window, and the one behind its last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Courses:
    """A number a batch, of one contender: each (batches,)."""

    accuracy: Numbers
    """Over a window, 0 to 1."""
    entropy: Numbers
    """Over a window, in nats."""
    pull: Numbers
    """Over a window, the share of images that are wrongly told to be of one and the same class."""
    pulled_to: Numbers
    """That class."""
    moved: Numbers
    """Of the batch."""
    rescaled: Numbers
    """Of the batch."""
    all_accuracy: Numbers
    """Over all so far; so are the others of that name."""
    all_confidence: Numbers
    all_entropy: Numbers
    all_moved: Numbers
    fall: int | None
    """The batch, from 0, by which it had collapsed; None where it never did."""


def courses_of(steps: Sequence[StreamStep], num_classes: int) -> Courses:
    """Those of a contender."""
    counts = np.array([len(step.labels) for step in steps])
    hits = np.array([sum(step.hits) for step in steps])
    entropies = np.array([step.entropy for step in steps])
    moved = np.array([step.moved for step in steps])
    wrong = np.zeros((len(steps), num_classes), dtype=int)
    for at, step in enumerate(steps):
        for answer, label in zip(step.answers, step.labels, strict=True):
            wrong[at, answer] += answer != label
    seen = np.cumsum(counts)
    # The latest start from which on there are enough images, or the first batch.
    first = np.searchsorted(np.append(0, seen), seen - WINDOW, side="right") - 1
    windows = first.clip(0), np.arange(len(steps)) + 1
    images = _over(counts, windows)
    wrongly = _over(wrong, windows)
    pull = wrongly.max(1, initial=0) / images
    fallen = np.flatnonzero((pull >= COLLAPSED) & (images >= min(WINDOW, counts.sum())))
    return Courses(
        accuracy=_over(hits, windows) / images,
        entropy=_over(entropies * counts, windows) / images,
        pull=pull,
        pulled_to=wrongly.argmax(1),
        moved=moved,
        rescaled=np.array([step.rescaled for step in steps]),
        all_accuracy=np.cumsum(hits) / seen,
        all_confidence=np.cumsum([sum(step.confidences) for step in steps]) / seen,
        all_entropy=np.cumsum(entropies * counts) / seen,
        all_moved=np.cumsum(moved) / windows[1],
        fall=int(fallen[0]) if len(fallen) else None,
    )


def _over(values: Numbers, windows: Windows) -> Numbers:
    """The sum of each window."""
    first, behind = windows
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    found: Numbers = sums[behind] - sums[first]
    return found
