"""A pretrained network that lives on streams of test images, in several ways."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from afn.adapt.plan import AdaptMethod, StreamPlan
from afn.adapt.records import StreamStep
from afn.adapt.task import StreamTask
from afn.plain import converted
from afn.settings.corruptions import RULE
from afn.wording import count_words

from ....kit import cards
from .evaluations import Evaluated, sha256_of, subject

Streams = Mapping[str, Sequence[StreamStep]]
"""By the label of each life: its batches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """One way to adapt, on one stream."""

    label: str
    method: str
    plan: StreamPlan


@dataclass(frozen=True, kw_only=True)
class Lives(Evaluated[Streams]):
    """Ways to adapt of one network."""

    model: str
    """Name of its card."""
    lives: tuple[Life, ...]

    def config(self) -> dict[str, Any]:
        """The streams, and the checksum of the weights."""
        lives = [
            {
                "label": each.label,
                "method": each.method,
                "plan": {**asdict(each.plan), "resets": list(each.plan.resets)},
            }
            for each in self.lives
        ]
        return {
            "kind": "streams", "lives": lives, "weights": {self.model: sha256_of(self.model)},
            "rule": RULE,
        }  # fmt: skip

    def tasks(self, folder: Path) -> list[StreamTask]:
        """One for each life."""
        network = subject(self.model, folder)
        return [
            StreamTask(
                network=network, dataset=network.config.dataset, plan=each.plan,
                method=AdaptMethod.read(each.method),
            )
            for each in self.lives
        ]  # fmt: skip

    def record(self, folder: Path, work: str) -> dict[str, Any]:
        """What it answered to each batch."""
        return {
            "lives": {
                each.label: [step.to_json() for step in task.steps()]
                for each, task in zip(self.lives, self.tasks(folder), strict=True)
            }
        }

    def read(self, record: dict[str, Any]) -> Streams:
        """What `record` said."""
        found = converted(record["lives"], dict[str, tuple[StreamStep, ...]], "streams")
        for each in self.lives:
            if len(found[each.label]) != each.plan.num_batches:
                raise ValueError(f"{each.label} is not whole: run the experiment again")
        return found

    def conditions(self, data: Streams) -> str:
        """Network, images and batches."""
        config, plan = cards.card_of(self.model).config, self.lives[0].plan
        title = f"{plan.corruption or 'clean'}".replace("_", " ")
        return (
            f"pretrained {self.model} · seed {config.seed} · the same "
            f"{count_words(plan.images, 'test image')} of {config.dataset} for each, "
            f"{title} {plan.severity} · statistics: those of each batch of {plan.batch_size}"
        )
