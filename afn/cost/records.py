"""What was measured, as records. Needs no torch.

A report is a file of JSON lines, written as it goes: a head (machine, command, date), progress now
and then, one line per measurement, and an end that says how it went.
"""

import math
import os
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from afn.cost.plan import Case
from afn.jsonl import read_lines
from afn.plain import Amount, Count, converted
from afn.settings.norms import NORM_NAMES


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What one norm costs in one case."""

    case: Case
    norm: str
    statistics: str
    """Whose statistics inference used; training always takes those of the batch or the image."""
    parameters: Count
    macs: Count
    """Multiply-accumulates of one image at inference, see `afn.cost.counting`."""
    train_step_ms: Amount
    """Median over the rounds, as is `inference_ms`."""
    inference_ms: Amount
    train_ratio: Amount
    """Median over the rounds of this norm's time over batch norm's in the same round."""
    inference_ratio: Amount
    peak_bytes: Count
    """What one training step allocates at its peak, on top of weights, momentum and batch."""
    rounds: Count

    def __post_init__(self) -> None:
        if self.norm not in NORM_NAMES:
            raise ValueError(f"unknown norm {self.norm!r}; known: {', '.join(NORM_NAMES)}")

    def to_json(self) -> dict[str, Any]:
        """A flat record; what was timed has five digits."""
        record = asdict(self)
        for name in ("train_step_ms", "inference_ms", "train_ratio", "inference_ratio"):
            record[name] = float(f"{record[name]:.5g}")
        return {**record.pop("case"), **record}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Measurement":
        """The inverse of `to_json`; what it does not know is left aside.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        return converted({**record, "case": record}, cls, "a measurement")


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCost:
    """What the answers of one model cost, in evaluation mode on one thread."""

    name: str
    digest: str = ""
    """Of somebody's own; empty for one of this package's networks, with batch norm."""
    image_shape: tuple[int, int, int]
    """(H, W, C) of the images."""
    parameters: Count
    macs: Count
    """Multiply-accumulates of one image, see `afn.cost.counting`."""
    ms_one: Amount
    """Median time of an answer to one image; `ms_batch`: to 32."""
    ms_batch: Amount
    peak_bytes: Count
    """What the answer to 32 images allocates at its peak."""
    rounds: Count

    def to_json(self) -> dict[str, Any]:
        """A flat record; what was timed has five digits."""
        times = {name: float(f"{getattr(self, name):.5g}") for name in ("ms_one", "ms_batch")}
        return {**asdict(self), **times}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """How far a measurement is."""

    share: float
    """Of the whole plan's work, from 0 to 1; rough."""
    case: Case

    def to_json(self) -> dict[str, Any]:
        """A flat record."""
        return {"share": round(self.share, 4), **asdict(self.case)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A file of measurements, as far as it is written."""

    head: dict[str, Any]
    """``{"machine": ..., "command": ..., "created": ...}``; empty before it has begun."""
    measurements: tuple[Measurement, ...]
    models: tuple[ModelCost, ...] = ()
    share: float
    """How much of the work is done, from 0 to 1."""
    what: str = ""
    """What is done next, where it says so."""
    end: dict[str, Any] | None
    """``{"status": ..., "reason": ...}`` once it has ended."""

    @classmethod
    def read(cls, path: Path) -> "Report":
        """What a file holds; damaged lines are skipped, a missing file is empty."""
        head: dict[str, Any] = {}
        end: dict[str, Any] | None = None
        share, what = 0.0, ""
        measurements, models = [], []
        for record in read_lines(path)[0]:
            match record.get("kind"):
                case "head":
                    head = record
                case "progress":
                    share = _share(record.get("share"), share)
                    what = f"{record.get('what', '')}"
                case "measurement":
                    try:
                        measurements.append(Measurement.from_json(record))
                    except ValueError:
                        continue
                case "model":
                    with suppress(ValueError):
                        models.append(converted(record, ModelCost, "a model's cost"))
                case "end":
                    end = record
        return cls(
            head=head, measurements=tuple(measurements), models=tuple(models), share=share,
            what=what, end=end,
        )  # fmt: skip


def _share(value: object, before: float) -> float:
    if isinstance(value, int | float) and math.isfinite(value):
        return min(max(float(value), before), 1.0)
    return before


def describe_machine(device: str = "cpu") -> str:
    """This machine and the conditions of all measurements, in one line."""
    place = "" if device == "cpu" else f", {device}"
    return (
        f"{_cpu_model()}, {os.cpu_count()} cores{place}, torch {version('torch')}, 1 thread, "
        "channels_last"
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
