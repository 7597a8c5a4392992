"""A map of accuracy over λ_μ and λ_σ that is to be measured. Needs no torch."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from afn.ask.lambda_maps import (
    MOST_POINTS,
    POINTS,
    LambdaMap,
    MapFile,
    Node,
    at,
    check_share,
    correct_of,
    map_of,
    wanted,
)
from afn.ask.network import Network, Stats
from afn.ask.records import Place, Question
from afn.corruptions.applying import left_out
from afn.corruptions.severities import constants_of
from afn.numbers import whole
from afn.settings.corruptions import RULE

NUM_IMAGES = 512
"""The first so many test images, where nothing else is said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MapTask:
    """Accuracy of a network over λ_μ and λ_σ, at one place."""

    UNIT: ClassVar[str] = "point"
    network: Network
    question: Question
    place: Place
    points: int = POINTS
    """How many of the grid."""
    beside: tuple[tuple[float, float], ...] = ()
    """More of them, λ_μ and λ_σ, that are measured first, once the coarse grid is there."""
    known: int = 0
    """How many of its results there were when somebody looked."""

    @property
    def size(self) -> int:
        """How many results there will be: of the network as trained, and each point."""
        return 1 + self.points + len(self.beside) - self.known

    @property
    def name(self) -> object:
        """What tells it from other tasks."""
        return str(self.file.path), self.points, self.beside

    @property
    def file(self) -> MapFile:
        """Where its points are kept; those under another rule of corruptions are another file."""
        rule = [RULE] if self.place[0] else []
        text = json.dumps([self.question.key, *self.place, *rule])
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        path = self.network.folder / f"map-{key}.jsonl"
        return MapFile(path, self.question, self.place)

    def read(self) -> LambdaMap | None:
        """What is known so far; None before its coarse grid is."""
        return map_of(*self.file.read())

    def left(self) -> "MapTask | None":
        """The task with what is known of it; None if that is all."""
        trained, found = self.file.read()
        known = {(point.mu, point.sigma) for point in found}
        nodes = self._nodes(correct_of(found))
        count = (trained is not None) + nodes + len(known.intersection(self.beside))
        done = 1 + self.points + len(self.beside)
        return replace(self, known=count) if count < done else None

    def _nodes(self, correct: Mapping[Node, int]) -> int:
        """How many of its nodes are known; other tasks may have asked for more."""
        if not wanted(correct, self.points):
            return self.points
        return min(len(correct), self.points - 1)

    def next_points(self) -> list[tuple[float, float]]:
        """The points that come next, by what is known; none once all are."""
        _, found = self.file.read()
        known = {(point.mu, point.sigma) for point in found}
        correct = correct_of(found)
        beside = [point for point in self.beside if point not in known]
        if beside and not any(node not in correct for node in wanted({})):
            return beside
        return [at(node) for node in wanted(correct, self.points)] or beside

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": "map",
            "subject": self.network.to_json(),
            "question": asdict(self.question),
            "place": list(self.place),
            "points": self.points,
            "beside": [list(point) for point in self.beside],
        }


def task_of(
    network: Network,
    *,
    corruption: str | None = None,
    severity: int = 0,
    dataset: str = "",
    num_images: int = NUM_IMAGES,
    points: int = POINTS,
    beside: tuple[tuple[float, float], ...] = (),
    statistics: Stats | None = None,
    batch_size: int = 128,
) -> MapTask:
    """What is to be measured; arguments are those of `afn.lambda_map`.

    Raises:
        TypeError: A number that is no integer.
        ValueError: One line says what cannot be mapped.
    """
    if not network.config.is_adaptive:
        raise ValueError(
            f"{network.id} has no λ: take a network with AFN or ASRNorm and its small networks"
        )
    least, points = len(wanted({})), whole(points, "points")
    if not least <= points <= MOST_POINTS:
        raise ValueError(f"points must be from {least} to {MOST_POINTS}, got {points}")
    for name, value in (("num_images", num_images), ("batch_size", batch_size)):
        if whole(value, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    for mu, sigma in beside:
        check_share("mu", mu)
        check_share("sigma", sigma)
    dataset = dataset or network.config.dataset
    if corruption is not None:
        constants_of(corruption, severity)
        if reasons := left_out([(corruption, severity)], dataset, network.image_shape):
            raise ValueError(f"{', '.join(reasons.values())}, and {dataset} is grey or too small")
    elif severity:
        raise ValueError(f"clean images have severity 0, got {severity}: name a corruption")
    question = network.question(
        num_images=num_images, dataset=dataset, stats=statistics, batch_size=batch_size
    )
    return MapTask(
        network=network, question=question, place=(corruption, severity), points=points,
        beside=beside,
    )  # fmt: skip
