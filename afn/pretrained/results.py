"""Accuracies as a tidy table: one row for each model and question. Needs no torch."""

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from afn.ask.records import Cell, Question
from afn.corruptions.severities import rule_of
from afn.plain import converted
from afn.pretrained.plan import PLAN
from afn.pretrained.spec import Spec

FILE = "results.csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Accuracy:
    """What a model got right of what it was asked."""

    test_data: str
    corruption: str
    """ "clean" where there is none."""
    severity: int
    """0 where there is none."""
    statistics: str
    batch_size: int
    networks: str
    """ "on", "off" or "frozen", see `afn.ask.records.Networks`."""
    n: int
    correct: int
    accuracy: float
    rule: int | None = None
    """The rule by which the images were corrupted here; None for those that were not."""

    @classmethod
    def of(cls, question: Question, cell: Cell) -> "Accuracy":
        """In figures."""
        return cls(
            test_data=question.dataset,
            corruption=cell.corruption or "clean",
            severity=cell.severity,
            statistics=question.statistics,
            batch_size=question.batch_size,
            networks=question.networks,
            n=cell.n,
            correct=cell.correct,
            accuracy=round(cell.accuracy, 6),
            rule=cell.rule,
        )

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Accuracy":
        """From plain JSON values.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        return converted({**record, "rule": rule_of(record)}, cls, "an accuracy")


_OF_MODEL = ("model", "config", "group", "norm", "seed", "setting", "train_data")
COLUMNS = (*_OF_MODEL, *(field.name for field in fields(Accuracy)))


def rows_of(spec: Spec, accuracies: Iterable[Accuracy]) -> list[dict[str, Any]]:
    """A model's rows of the table."""
    config = spec.config
    model = (
        spec.name, config.hash(), spec.group, config.norm, config.seed, spec.setting,
        config.dataset,
    )  # fmt: skip
    return [dict(zip(_OF_MODEL, model, strict=True)) | asdict(accuracy) for accuracy in accuracies]


def read_results(folder: Path) -> list[dict[str, str]]:
    """The table as it is, all values as text; empty where there is none."""
    try:
        with (folder / FILE).open(newline="") as file:
            return [row | {"rule": f"{rule_of(row) or ''}"} for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []


def answered(folder: Path) -> set[tuple[str, str]]:
    """Names and configurations' hashes of the models that the table has answers of."""
    return {(row["model"], row["config"]) for row in read_results(folder)}


def update_results(folder: Path, spec: Spec, accuracies: Iterable[Accuracy]) -> None:
    """Put a model's rows in the place of those it had; models stay in the plan's order."""
    rows: list[dict[str, Any]] = [
        row for row in read_results(folder) if row["model"] != spec.name and row["model"] in PLAN
    ]
    order = {name: place for place, name in enumerate(PLAN)}
    rows += rows_of(spec, accuracies)
    rows.sort(key=lambda row: order.get(row["model"], len(order)))  # stable within a model
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{FILE}.{os.getpid()}"
    part.write_text(text.getvalue())
    part.replace(folder / FILE)
