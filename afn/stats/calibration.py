r"""Whether a network is right as often as it says: calibration. Needs no torch.

A network that gives its answers a confidence of 0.8 should be right on 80 % of them. Answers are
sorted into M bins of equal width by their confidence, and the expected calibration error is

.. math::
    ECE = \sum_{m=1}^{M} \frac{|B_m|}{n} \left| acc(B_m) - conf(B_m) \right|

with the share of right answers and the mean confidence of each bin. Bin m holds confidences in
((m - 1) / M, m / M]; M is 15 here. Of several tests (corruptions, severities) the mean of their
ECE is told: of answers thrown together, too much confidence in one test would hide too little in
another.

ECE is a sum of absolute values, so that chance alone lifts it: by some thousandths with 2,000
images. Compare models on the same images.

Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On Calibration of Modern Neural Networks,
ICML 2017, section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from afn.ask.records import Cell

BINS = 15
_STEPS = 255
"""Confidences are kept in so many steps; a multiple of `BINS`, so that no step is cut in two."""
_RESAMPLES = 500
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers of which a network was about equally sure."""

    low: float
    """Confidences above it …"""
    high: float
    """… and up to it."""
    n: int
    confidence: float
    """Mean of these answers; nan where there are none."""
    accuracy: float
    """Share of right ones; nan where there are none."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure a network is, and how right; means over tests, and over seeds where several."""

    ece: float
    low: float
    high: float
    """95 % interval, ± 1.96 bootstrap standard deviations over images, and over seeds."""
    confidence: float
    accuracy: float
    bins: tuple[Bin, ...]
    """Of the answers of all tests, for the reliability diagram."""
    tests: int
    n: int
    """Images of each test."""
    seeds: int

    @property
    def excess(self) -> float:
        """Mean confidence above the share of right answers; below 0 a network is too modest."""
        return self.confidence - self.accuracy


def expected_calibration_error(cell: Cell) -> float:
    """ECE of one test, 0 to 1.

    Example:
        >>> from afn.stats.calibration import expected_calibration_error
        >>> from afn.ask.records import Cell
        >>> sure = Cell(
        ...     corruption=None, severity=0, source="clean", loss=0.0, answers=bytes([1, 1]),
        ...     confidences=bytes([255, 255]), labels=bytes([1, 0]),
        ... )
        >>> expected_calibration_error(sure)  # certain twice, right once
        0.5
    """
    return float(np.abs(_gaps(cell).sum(0)).sum() / cell.n)


def calibration(*seeds: Sequence[Cell]) -> Calibration:
    """What the answers to several tests say, with an interval.

    The interval is a bootstrap: images are drawn anew, the same for all tests and seeds, since an
    image's answers depend on each other; where there are several seeds, these are drawn anew too.
    Two or three seeds say little of how seeds differ: the interval is then too narrow.

    Args:
        seeds: For each training, its answers to the same tests.

    Raises:
        ValueError: There is no test, or seeds were not asked the same.

    Example:
        >>> from afn import corruption_grid, load_pretrained
        >>> from afn.stats.calibration import calibration
        >>> from afn.data import load_dataset
        >>> model, data = load_pretrained("mnist5k-bn"), load_dataset("mnist5k")
        >>> asked = {"num_images": 200, "corruptions": ["contrast"], "severities": [1, 5]}
        >>> found = calibration(list(corruption_grid(model, data, **asked)))
        >>> found.tests, found.n, found.excess > 0.1
        (3, 200, True)
    """
    if not seeds or not seeds[0]:
        raise ValueError("calibration needs the answers to at least one test, got none")
    first = seeds[0]
    for cells in seeds:
        if len(cells) != len(first) or not all(map(Cell.is_alike, cells, first)):
            raise ValueError("calibration over seeds needs answers to the same tests of each")
    if len({cell.n for cell in first}) > 1:
        raise ValueError("calibration needs as many images in each test")
    n, num_seeds = first[0].n, len(seeds)
    random = np.random.default_rng(0)
    weights = random.multinomial(n, np.full(n, 1 / n), _RESAMPLES).astype(np.float32)
    weights = np.vstack([np.ones((1, n), np.float32), weights])  # the first one as it was measured
    by_seed = np.stack([_errors(cells, weights) for cells in seeds])  # (seeds, 1 + resamples)
    drawn = random.multinomial(num_seeds, np.full(num_seeds, 1 / num_seeds), _RESAMPLES)
    resampled = (by_seed[:, 1:] * drawn.T).sum(0) / num_seeds
    ece, half = float(by_seed[:, 0].mean()), _Z95 * float(resampled.std(ddof=1))
    every = [cell for cells in seeds for cell in cells]
    sure = np.concatenate([_steps(cell) for cell in every])
    hits = np.concatenate([cell.hits for cell in every])
    return Calibration(
        ece=ece,
        low=max(0.0, ece - half),
        high=min(1.0, ece + half),
        confidence=float(sure.mean()) / _STEPS,
        accuracy=float(hits.mean()),
        bins=tuple(_bins(sure, hits)),
        tests=len(first),
        n=n,
        seeds=num_seeds,
    )


def _steps(cell: Cell) -> NDArray[np.int64]:
    """(N,) confidences in 255ths."""
    return np.frombuffer(cell.confidences, np.uint8).astype(np.int64)


def _bin_of(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 to 14; an upper end belongs to its bin."""
    return np.maximum(-(-steps * BINS // _STEPS) - 1, 0)


def _gaps(cell: Cell) -> NDArray[np.float32]:
    """(N, bins): right (1) or not (0) less the confidence, in the bin of each image."""
    steps = _steps(cell)
    found = np.zeros((cell.n, BINS), np.float32)
    found[np.arange(cell.n), _bin_of(steps)] = cell.hits - steps / _STEPS
    return found


def _errors(cells: Sequence[Cell], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """(R,): the mean over tests of ECE, with each row of weights (R, N) of the images."""
    total = np.zeros(len(weights))
    for cell in cells:
        total += np.abs(weights @ _gaps(cell)).sum(1) / cell.n
    return total / len(cells)


def _bins(steps: NDArray[np.int64], hits: NDArray[np.bool_]) -> list[Bin]:
    which = _bin_of(steps)
    counts = np.bincount(which, minlength=BINS)
    with np.errstate(invalid="ignore"):
        sure = np.bincount(which, steps / _STEPS, BINS) / counts
        right = np.bincount(which, hits.astype(float), BINS) / counts
    return [
        Bin(m / BINS, (m + 1) / BINS, int(counts[m]), float(sure[m]), float(right[m]))
        for m in range(BINS)
    ]
