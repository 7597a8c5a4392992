"""Model cards: what was shipped of each pretrained model, and what is said of it. Needs no torch.

A model called NAME is ``NAME.json`` (the card), ``NAME.safetensors`` (weights),
``NAME.events.jsonl.gz`` (its run, thinned) and ``NAME.cells.jsonl.gz`` (questions and answers).
"""

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afn.ask.records import Cell, GridFile, Question
from afn.plain import converted
from afn.pretrained.results import Accuracy
from afn.settings.config import TrainConfig
from afn.settings.corruptions import RULE

if TYPE_CHECKING:
    from afn.ask.network import Network

VERSION = 1
SUFFIXES = {"weights": ".safetensors", "events": ".events.jsonl.gz", "cells": ".cells.jsonl.gz"}
"""Of a model's files besides the card, by what they hold."""


INSTALLED = Path(__file__).with_name("shipped")
"""What an installed package carries: the embedded digits' models, and the table of all."""


def pretrained_dir() -> Path:
    """``AFN_PRETRAINED_DIR``, else what is installed with the package, or the repository's."""
    if named := os.environ.get("AFN_PRETRAINED_DIR"):
        return Path(named).expanduser()
    return INSTALLED if INSTALLED.is_dir() else Path(__file__).parents[2] / "pretrained"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What a model takes and gives."""

    image_shape: tuple[int, int, int]
    """(H, W, C) of its images, in [0, 1]."""
    mean: tuple[float, ...]
    """Of each channel of the training images."""
    std: tuple[float, ...]
    class_names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """A data set that a model was trained on or asked about."""

    name: str
    num_train: int
    """0 where only its test images were used."""
    num_test: int
    sha256: str
    """Of the images and labels used; see `afn.pretrained.checksums`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """One shipped model."""

    name: str
    folder: Path
    group: str
    setting: str
    """The paper's setting of channels, where there are two."""
    config: TrainConfig
    inputs: Inputs
    num_parameters: int
    trained_on: Data
    tested_on: tuple[Data, ...]
    steps: int
    seconds: float
    """Wall time of the training, its tests counted in."""
    created: str
    """The day on which it began, as in 2026-11-23."""
    versions: Mapping[str, str]
    """Of the packages it was trained with, and of the processor."""
    sha256: Mapping[str, str]
    """Of its files, by what they hold: weights, events, cells."""
    accuracies: tuple[Accuracy, ...]

    @property
    def rule(self) -> int | None:
        """The rule by which the images that it was asked about were corrupted; None where none was.

        The oldest, should there be several.
        """
        return min((each.rule for each in self.accuracies if each.rule), default=None)

    @property
    def id(self) -> str:
        """Its name, as a run has an id."""
        return self.name

    def path(self, what: str) -> Path:
        """Its file of weights, events or cells."""
        return self.folder / f"{self.name}{SUFFIXES[what]}"

    def read(self, what: str) -> bytes:
        """The content of its weights, events or cells, as it was shipped.

        Raises:
            FileNotFoundError: The file is missing.
            ValueError: It is not what was shipped.
        """
        path = self.path(what)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{path.name} is missing beside its card in {self.folder}: get it again, or make "
                f"it with `python -m afn pretrained train {self.name}`"
            ) from None
        if hashlib.sha256(content).hexdigest() != self.sha256[what]:
            raise ValueError(
                f"{path.name} is damaged: its SHA-256 is not the one that its card gives; "
                f"get it again"
            )
        return content

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Its run's events from number `offset` on, and the number to go on from.

        As ``Run.events`` gives them: the start, about 400 steps, every snapshot of γ̂ and β̂ and
        every test, with rounded figures.
        """
        events = _lines(self.read("events"))
        return events[offset:], len(events)

    def network(self, answers: Path | None = None) -> "Network":
        """It as evaluations see it.

        Args:
            answers: Where its answers are kept; `unpack_answers` puts those there that came along.
        """
        from afn.ask.network import Network

        return Network(
            id=self.name,
            config=self.config,
            image_shape=self.inputs.image_shape,
            class_names=self.inputs.class_names,
            weights=self.path("weights").absolute(),
            sha256=self.sha256["weights"],
            folder=(answers or self.folder / f".{self.name}").absolute(),
        )

    def unpack_answers(self, folder: Path) -> None:
        """Put what it was asked, and its answers, where evaluations look; adds what is lacking."""
        lacking: dict[Question, list[Cell]] = {}
        for question, cell in self.answers():
            lacking.setdefault(question, []).append(cell)
        for question, cells in lacking.items():
            file = GridFile(folder, question)
            known = {rule: file.cells(rule or RULE) for rule in {cell.rule for cell in cells}}
            for cell in cells:
                if cell.place not in known[cell.rule]:
                    file.append(cell)

    def answers(self) -> Iterator[tuple[Question, Cell]]:
        """What it was asked, and its answers image by image."""
        question: Question | None = None
        for record in _lines(self.read("cells")):
            if "answers" not in record:
                question = Question(**record)
            elif question is not None:
                yield question, Cell.from_json(record)

    def clean_accuracy(self, dataset: str | None = None) -> Accuracy | None:
        """On clean images of a domain (its own by default), in its norm's own statistics mode.

        Of several such, the one of most images.
        """
        wanted = dataset or self.config.dataset.partition("@")[0]
        found = [
            accuracy
            for accuracy in self.accuracies
            if accuracy.test_data == wanted
            and accuracy.corruption == "clean"
            and accuracy.networks == "on"
            and accuracy.statistics == self.config.statistics
        ]
        return max(found, key=lambda accuracy: accuracy.n, default=None)

    def to_json(self) -> dict[str, Any]:
        """All but the folder."""
        record = {"version": VERSION, **asdict(self), "config": self.config.to_json()}
        del record["folder"]
        return record

    @classmethod
    def from_json(cls, record: dict[str, Any], folder: Path) -> "Card":
        """The inverse of `to_json`.

        Raises:
            ValueError: Another version, or a value is missing or not of its kind.
        """
        if not isinstance(record, dict):
            raise ValueError("expected an object")
        if (version := record.get("version")) != VERSION:
            raise ValueError(f"a card of version {version!r}, expected {VERSION}")
        try:
            values = {key: value for key, value in record.items() if key != "version"} | {
                "folder": folder,
                "config": TrainConfig.from_json(record["config"]),
                "inputs": converted(record["inputs"], Inputs, "what a model takes"),
                "trained_on": converted(record["trained_on"], Data, "a data set"),
                "tested_on": converted(record["tested_on"], tuple[Data, ...], "data sets"),
                "accuracies": tuple(map(Accuracy.from_json, record["accuracies"])),
            }
            return cls(**values)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a model card: {error}") from error


def pretrained_names(folder: Path | None = None) -> list[str]:
    """The names of all shipped models."""
    return sorted(path.stem for path in (folder or pretrained_dir()).glob("[!.]*.json"))


def read_card(name: str, folder: Path | None = None) -> Card:
    """The card of a shipped model.

    Raises:
        ValueError: There is none of that name, or it is damaged.
    """
    folder = folder or pretrained_dir()
    known = pretrained_names(folder)
    if name not in known:
        raise ValueError(
            f"unknown pretrained model {name!r}; known: {', '.join(known) or 'none'}, in {folder} "
            f"(AFN_PRETRAINED_DIR names another folder)"
        )
    try:
        record = json.loads((folder / f"{name}.json").read_bytes())
        return Card.from_json(record, folder)
    except ValueError as error:
        raise ValueError(f"{name}.json is damaged: {error}; get it again") from error


def write_card(card: Card) -> None:
    """Write the card's own file, one accuracy a line."""
    record = card.to_json()
    lines = [json.dumps(row, ensure_ascii=False) for row in record.pop("accuracies")]
    head = json.dumps(record, indent=1, ensure_ascii=False)[:-2]
    rows = ",\n  ".join(lines)
    text = f'{head},\n "accuracies": [\n  {rows}\n ]\n}}\n'
    part = card.folder / f".{card.name}.json.part"
    part.write_text(text)
    part.replace(card.folder / f"{card.name}.json")


def _lines(compressed: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(compressed).splitlines()]
