"""A pretrained network's accuracy over λ_μ and λ_σ."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from afn.ask.lambda_maps import LambdaMap, MapPoint, map_of
from afn.ask.map_task import MapTask, task_of
from afn.ask.records import Cell, Place
from afn.settings.corruptions import RULE
from afn.wording import count_words, statistics_told

from ....kit import cards
from .evaluations import Evaluated, sha256_of, subject


@dataclass(frozen=True, kw_only=True)
class MapMeasured(Evaluated[LambdaMap]):
    """One network's map, in one place."""

    model: str
    """Name of its card."""
    place: Place
    num_images: int
    points: int

    def config(self) -> dict[str, Any]:
        """Place and points, and the checksum of the network's weights."""
        return {
            "kind": "map", "images": self.num_images, "points": self.points, "model": self.model,
            "place": list(self.place), "weights": sha256_of(self.model),
            **({"rule": RULE} if self.place[0] else {}),
        }  # fmt: skip

    def tasks(self, folder: Path) -> list[MapTask]:
        """The one."""
        corruption, severity = self.place
        return [
            task_of(
                subject(self.model, folder), corruption=corruption, severity=severity,
                num_images=self.num_images, points=self.points,
            )
        ]  # fmt: skip

    def record(self, folder: Path, work: str) -> dict[str, Any]:
        """The answers at every point."""
        [task] = self.tasks(folder)
        if (found := task.read()) is None:
            raise ValueError(f"{task.file.path.name} is damaged: run the experiment again")
        points = [{"at": [each.mu, each.sigma], **each.cell.to_json()} for each in found.points]
        return {"trained": found.trained.to_json(), "points": points}

    def read(self, record: dict[str, Any]) -> LambdaMap:
        """What `record` said."""
        points = [
            MapPoint(mu=mu, sigma=sigma, cell=Cell.from_json(each))
            for each in record["points"]
            for mu, sigma in [each["at"]]
        ]
        if (found := map_of(Cell.from_json(record["trained"]), points)) is None:
            raise ValueError("points of the coarse grid are missing")
        return found

    def conditions(self, data: LambdaMap) -> str:
        """Network, images and statistics mode."""
        config = cards.card_of(self.model).config
        return (
            f"pretrained {self.model} · seed {config.seed} · "
            f"{count_words(self.num_images, 'test image')} of {config.dataset}, {data.where} · "
            f"{count_words(len(data.points), 'point')} · statistics: "
            f"{statistics_told(config.statistics, self.num_images)}"
        )
