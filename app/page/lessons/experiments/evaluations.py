"""Pretrained networks tested on images, or looked into while they see them."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from afn.adapt.task import StreamTask
from afn.ask.evaluation import undone
from afn.ask.map_task import MapTask
from afn.ask.network import Network, Stats
from afn.ask.records import Cell, Networks, Place, networks_as_of_old
from afn.ask.rescaling import Condition, Rescaling
from afn.ask.tasks import GridTask, RescalingTask
from afn.runs.history import History
from afn.settings.corruptions import RULE
from afn.wording import count_words, statistics_told
from afn.work.folder import ENDED

from ....kit import backend, cards, people
from ....kit.jobs import Job
from .experiment import Data, Experiment

Answers = Mapping[str, Mapping[Place, Cell]]
"""By the label of each question: a network's answers, by corruption and severity."""


class Evaluated(Experiment[Data]):
    """Tasks for the worker, whose results are kept in the experiment's own folder."""

    @abstractmethod
    def tasks(
        self, folder: Path
    ) -> "list[GridTask] | list[RescalingTask] | list[StreamTask] | list[MapTask]":
        """What is to be known."""

    def begin(self, folder: Path) -> str:
        """Have the worker execute what is not known yet."""
        left = undone(self.tasks(folder))
        evaluation = backend.evaluations().create(left, owner=people.me())
        backend.runner().evaluate(evaluation)
        return evaluation.id

    def job(self, folder: Path, work: str) -> Job:
        """By what is known."""
        tasks = self.tasks(folder)
        total, left = (sum(task.size for task in each) for each in (tasks, undone(tasks)))
        state = backend.evaluations().open(work).state()
        is_running = bool(left) and state.status not in ENDED
        problems = (state.summary or {}).get("problems") or [state.reason]
        return Job(
            share=(total - left) / total,
            told=f"{total - left} of {count_words(total, 'test')}",
            is_running=is_running,
            reason=str(problems[0]) if left and not is_running else "",
        )

    def end(self, folder: Path, work: str) -> None:
        """Stop after the test that it is at."""
        evaluation = backend.evaluations().open(work)
        if evaluation.state().status not in ENDED:
            backend.runner().stop(evaluation)


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonQuestion:
    """One question to a pretrained network."""

    label: str
    model: str
    """Name of its card."""
    places: tuple[Place, ...]
    stats: Stats | None = None
    """Whose statistics its norms use; None is as it was trained."""
    batch_size: int = 128
    networks: Networks = "on"


@dataclass(frozen=True, kw_only=True)
class Evaluations(Evaluated[Answers]):
    """Questions to pretrained networks, about the same images."""

    asks: tuple[LessonQuestion, ...]
    num_images: int = 500

    def config(self) -> dict[str, Any]:
        """The questions, and the checksum of every network's weights."""
        asks = [asdict(ask) for ask in self.asks]
        for ask in asks:
            ask["places"] = [list(place) for place in ask["places"]]
            ask["networks"] = networks_as_of_old(ask["networks"])
        is_corrupted = any(name for ask in self.asks for name, _ in ask.places)
        return {
            "kind": "evaluations", "images": self.num_images, "asks": asks,
            "weights": {ask.model: sha256_of(ask.model) for ask in self.asks},
            **({"rule": RULE} if is_corrupted else {}),
        }  # fmt: skip

    def tasks(self, folder: Path) -> list[GridTask]:
        """One for each question."""
        return [
            GridTask(
                network=network,
                question=network.question(
                    num_images=self.num_images, stats=ask.stats, batch_size=ask.batch_size,
                    networks=ask.networks,
                ),
                places=ask.places,
            )
            for ask in self.asks
            for network in [subject(ask.model, folder)]
        ]  # fmt: skip

    def record(self, folder: Path, work: str) -> dict[str, Any]:
        """The answers to every image."""
        found = []
        for ask, task in zip(self.asks, self.tasks(folder), strict=True):
            cells = task.network.file(task.question).cells()
            told = [cells[place].to_json() for place in ask.places]
            found.append(
                {"label": ask.label, "statistics": task.question.statistics, "cells": told}
            )
        return {"answers": found}

    def read(self, record: dict[str, Any]) -> Answers:
        """What `record` said."""
        found = {}
        for answer in record["answers"]:
            cells = [Cell.from_json(cell) for cell in answer["cells"]]
            found[answer["label"]] = {cell.place: cell for cell in cells}
        for ask in self.asks:
            if missing := set(ask.places) - set(found[ask.label]):
                raise ValueError(f"the answer of {ask.label} to {missing.pop()} is missing")
        return found

    def conditions(self, data: Answers) -> str:
        """Networks, images and statistics mode."""
        models = dict.fromkeys(ask.model for ask in self.asks)
        seeds = dict.fromkeys(str(cards.card_of(model).config.seed) for model in models)
        dataset = cards.card_of(self.asks[0].model).config.dataset
        modes: dict[str, None] = {}
        for ask in self.asks:
            config = cards.card_of(ask.model).config
            if ask.stats:
                config = replace(config, eval_stats=ask.stats)
            mode = replace(config, eval_batch_size=ask.batch_size).statistics
            modes[statistics_told(mode, self.num_images)] = None
        return (
            f"pretrained {', '.join(models)} · seed {' / '.join(seeds)} · the same "
            f"{count_words(self.num_images, 'test image')} of {dataset} for each · statistics: "
            f"{'; '.join(modes)}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescaled:
    """γ̂ and β̂ of one network under several conditions, and its trained λ."""

    rescaling: Rescaling
    lambdas: tuple[tuple[float, ...], ...]
    """λ_μ, λ_σ, λ_γ, λ_β of each norm layer at the end of training."""


@dataclass(frozen=True, kw_only=True)
class Rescalings(Evaluated[Mapping[str, Rescaled]]):
    """γ̂ and β̂ of pretrained networks, from one kind of images to another."""

    models: Mapping[str, str]
    """Label -> name of a card."""
    conditions_: tuple[Condition, ...]
    """The first is what the others are held against."""
    num_images: int = 512

    def config(self) -> dict[str, Any]:
        """The conditions, and the checksum of every network's weights."""
        is_corrupted = any(corruption for _, corruption, _ in self.conditions_)
        return {
            "kind": "rescaling", "images": self.num_images, "models": dict(self.models),
            "conditions": [list(condition) for condition in self.conditions_],
            "weights": {model: sha256_of(model) for model in self.models.values()},
            **({"rule": RULE} if is_corrupted else {}),
        }  # fmt: skip

    def tasks(self, folder: Path) -> list[RescalingTask]:
        """One for each network."""
        return [
            RescalingTask(
                network=network,
                question=network.question(num_images=self.num_images),
                conditions=self.conditions_,
            )
            for model in self.models.values()
            for network in [subject(model, folder)]
        ]

    def record(self, folder: Path, work: str) -> dict[str, Any]:
        """γ̂ and β̂ by layer, condition and channel, and λ as the card has it."""
        return {
            label: {"rescaling": _read(task).to_json(), "lambdas": _lambdas(task.network.id)}
            for label, task in zip(self.models, self.tasks(folder), strict=True)
        }

    def read(self, record: dict[str, Any]) -> Mapping[str, Rescaled]:
        """What `record` said."""
        return {
            label: Rescaled(
                rescaling=Rescaling.from_json(record[label]["rescaling"]),
                lambdas=tuple(tuple(map(float, layer)) for layer in record[label]["lambdas"]),
            )
            for label in self.models
        }

    def conditions(self, data: Mapping[str, Rescaled]) -> str:
        """Networks, images and statistics mode."""
        configs = [cards.card_of(model).config for model in self.models.values()]
        seeds = dict.fromkeys(str(config.seed) for config in configs)
        return (
            f"pretrained {', '.join(self.models.values())} · seed {' / '.join(seeds)} · up to "
            f"{count_words(self.num_images, 'image')} of each kind · statistics: "
            f"{statistics_told(configs[0].statistics, self.num_images)}"
        )


def _read(task: RescalingTask) -> Rescaling:
    if (found := task.read()) is None:
        raise ValueError(f"{task.path.name} is damaged: run the experiment again")
    return found


def subject(model: str, folder: Path) -> Network:
    """A pretrained network that keeps its answers apart from those that came along."""
    return replace(cards.network_of(cards.card_of(model)), folder=folder / model)


def sha256_of(model: str) -> str:
    """Of a pretrained network's weights."""
    return cards.card_of(model).sha256["weights"]


@lru_cache(maxsize=16)
def _lambdas(model: str) -> list[list[float]]:
    found: list[list[float]] = History.of(cards.card_of(model)).lambdas[:, :, -1].tolist()
    return found
