"""Accuracy over λ_μ and λ_σ, forced in every layer alike: a coarse grid, refined where it changes.

Needs no torch. Nodes are counted in `UNITS` of each side, so that none is missed by a rounding.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from afn.ask.records import Cell, Place, Question, where
from afn.jsonl import append_line, read_lines

UNITS = 24
"""Steps of each axis from 0 to 1, at its finest."""
_COARSE = 8
POINTS = 90
"""So many are measured where nothing else is said: 16 of the coarse grid, the others where the
accuracy changes."""
MOST_POINTS = (UNITS + 1) ** 2
Node = tuple[int, int]
"""λ_μ and λ_σ in units."""
_Square = tuple[int, int, int]
"""Its least λ_μ and λ_σ, and its side, in units."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MapPoint:
    """What a network answers with λ_μ and λ_σ of every layer forced."""

    mu: float
    """λ_μ, 0 to 1."""
    sigma: float
    """λ_σ, 0 to 1."""
    cell: Cell

    @property
    def node(self) -> Node | None:
        """Which of the grid it is; None off the grid."""
        mu, sigma = round(self.mu * UNITS), round(self.sigma * UNITS)
        return (mu, sigma) if at((mu, sigma)) == (self.mu, self.sigma) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class LambdaMap:
    """Accuracy over λ_μ and λ_σ; λ_γ and λ_β stay as they were learned.

    Example:
        >>> from afn import LambdaMap, lambda_map
        >>> found: LambdaMap = lambda_map("mnist5k-afn", num_images=100, points=16)
        >>> found.where, len(found.points), found.accuracies.shape
        ('clean', 16, (25, 25))
    """

    trained: Cell
    """With every λ as it was learned, each layer's own."""
    points: tuple[MapPoint, ...]
    """In the order of their making."""

    @property
    def where(self) -> str:
        """Corruption and severity: "clean", "fog 3"."""
        return where(self.trained.place)

    @property
    def best(self) -> MapPoint:
        """Where most answers are right; of several the one that came first."""
        return max(self.points, key=lambda point: point.cell.correct)

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """At every node [λ_μ, λ_σ], (25, 25): measured, or between what is measured around it.

        NaN while the coarse grid is not known.
        """
        return filled({point.node: point.cell.accuracy for point in self.points if point.node})

    def accuracy(self, mu: float, sigma: float) -> float:
        """The accuracy anywhere, interpolated between the nodes around it.

        Raises:
            ValueError: A λ is no share.
        """
        grid, places = self.accuracies, []
        for name, value in (("mu", mu), ("sigma", sigma)):
            check_share(name, value)
            low = min(int(value * UNITS), UNITS - 1)
            places.append((low, value * UNITS - low))
        (i, x), (j, y) = places
        corners = grid[i : i + 2, j : j + 2]
        return float(np.array([1 - x, x]) @ corners @ np.array([1 - y, y]))

    def rows(self) -> list[dict[str, Any]]:
        """A table: the network as trained, with empty λ, then every point."""
        every: list[tuple[float | None, float | None, Cell]] = [(None, None, self.trained)]
        every += [(point.mu, point.sigma, point.cell) for point in self.points]
        return [
            {
                "lambda_mu": mu, "lambda_sigma": sigma, "corruption": cell.corruption or "",
                "severity": cell.severity, "images": cell.n, "correct": cell.correct,
                "accuracy": cell.accuracy, "low": cell.interval[0], "high": cell.interval[1],
                "loss": cell.loss,
            }
            for mu, sigma, cell in every
        ]  # fmt: skip


def check_share(name: str, value: float) -> None:
    """Refuse a λ that is none.

    Raises:
        ValueError: It is below 0, above 1, or no number.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"λ_{name} is a share and must be in [0, 1], got {value!r}")


def at(node: Node) -> tuple[float, float]:
    """λ_μ and λ_σ of a node."""
    return node[0] / UNITS, node[1] / UNITS


def wanted(correct: Mapping[Node, int], points: int = POINTS) -> list[Node]:
    """The nodes that come next, by what is known; none once there are as many as are asked for.

    First the 4 × 4 of the coarse grid. Then, again and again, the square whose corners differ most,
    times its side, is quartered. Whoever asks in what portions, the nodes are the same.

    Args:
        correct: Right answers by node.
        points: How many nodes there are to be in all.

    Example:
        >>> from afn.ask.lambda_maps import wanted
        >>> coarse = wanted({})
        >>> len(coarse), coarse[:3]
        (16, [(0, 0), (0, 8), (0, 16)])
        >>> wanted({node: 90 if node == (24, 24) else 10 for node in coarse})
        [(16, 20), (20, 16), (20, 20), (20, 24), (24, 20)]
    """
    steps = range(0, UNITS + 1, _COARSE)
    taken = dict.fromkeys([(i, j) for i in steps for j in steps][:points])
    if missing := [node for node in taken if node not in correct]:
        return missing
    squares = [_ranked((i, j, _COARSE), correct) for i in steps[:-1] for j in steps[:-1]]
    heapify(squares)
    while len(taken) < points:
        *_, side, i, j = heappop(squares)
        if side == 1:
            continue
        half = side // 2
        around = [(i + a, j + b) for a in (0, half, side) for b in (0, half, side)]
        new = [node for node in around if node not in taken][: points - len(taken)]
        if missing := [node for node in new if node not in correct]:
            return missing
        taken |= dict.fromkeys(new)
        if len(taken) < points:
            for a in (0, half):
                for b in (0, half):
                    heappush(squares, _ranked((i + a, j + b, half), correct))
    return []


def _ranked(square: _Square, correct: Mapping[Node, int]) -> tuple[int, ...]:
    """What makes the square with the largest change the least; it ends in side and place."""
    i, j, side = square
    corners = [correct[i + a, j + b] for a in (0, side) for b in (0, side)]
    return -(max(corners) - min(corners)) * side, -side, side, i, j


def filled(known: Mapping[Node, float]) -> NDArray[np.float64]:
    """Every node, (25, 25): what is not known is halfway between what is around it."""
    grid = np.full((UNITS + 1, UNITS + 1), np.nan)
    for node, value in known.items():
        grid[node] = value
    side = _COARSE
    while side > 1:
        half, side = side // 2, side
        for i in range(0, UNITS + 1, half):
            for j in range(0, UNITS + 1, half):
                is_between = (i % side > 0, j % side > 0)
                if sum(is_between) != 1 or (i, j) in known:
                    continue
                a, b = (half, 0) if is_between[0] else (0, half)
                grid[i, j] = (grid[i - a, j - b] + grid[i + a, j + b]) / 2
        for i in range(half, UNITS, side):  # the middles, from the edges
            for j in range(half, UNITS, side):
                if (i, j) not in known:
                    edges = grid[[i - half, i + half, i, i], [j, j, j - half, j + half]]
                    grid[i, j] = edges.mean()
        side = half
    return grid


class MapFile:
    """A map's points, appended as they are known; what is there is never computed again."""

    def __init__(self, path: Path, question: Question, place: Place) -> None:
        self.path, self.question, self.place = path, question, place

    def read(self) -> tuple[Cell | None, list[MapPoint]]:
        """The network as trained, and the points in their order; damaged lines are skipped.

        Asked again, a file that has not grown is not read again.
        """
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return None, []
        trained, points = _read(self.path, stat.st_size, stat.st_mtime_ns)
        return trained, list(points)

    def append(self, cell: Cell, mu: float | None = None, sigma: float | None = None) -> None:
        """Keep what was answered with λ forced, or None: as trained."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            append_line(self.path, {**asdict(self.question), "place": list(self.place)})
        append_line(self.path, {"mu": mu, "sigma": sigma, **cell.to_json()})


@lru_cache(maxsize=32)
def _read(path: Path, size: int, modified: int) -> tuple[Cell | None, tuple[MapPoint, ...]]:
    trained: Cell | None = None
    points: dict[tuple[float, float], MapPoint] = {}
    for record in read_lines(path)[0]:
        if "answers" not in record:
            continue
        with suppress(ValueError, TypeError, KeyError):
            cell, mu, sigma = Cell.from_json(record), record["mu"], record["sigma"]
            if mu is None:
                trained = trained or cell
            else:
                points.setdefault((mu, sigma), MapPoint(mu=mu, sigma=sigma, cell=cell))
    return trained, tuple(points.values())


def correct_of(points: Iterable[MapPoint]) -> dict[Node, int]:
    """Right answers at the nodes among points."""
    return {point.node: point.cell.correct for point in points if point.node}


def map_of(trained: Cell | None, points: Sequence[MapPoint]) -> LambdaMap | None:
    """What is known so far; None before its coarse grid is there."""
    if trained is None or any(node not in correct_of(points) for node in wanted({})):
        return None
    return LambdaMap(trained=trained, points=tuple(points))
