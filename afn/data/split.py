"""The one way sets that come without a split are divided."""

import math

import numpy as np


def num_test_of(num_images: int) -> int:
    """A fifth, rounded up."""
    return math.ceil(num_images / 5)


def stratified_split(
    labels: np.ndarray, num_test: int, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Shuffled indices of the training and the test images.

    The totals are exact, and each class is within one image of its share.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    # Spread each class evenly over [0, 1): the first num_test positions then hold its share.
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels[order] == label)
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    order = order[np.argsort(position, kind="stable")]
    return rng.permutation(order[num_test:]), rng.permutation(order[:num_test])
