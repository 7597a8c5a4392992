"""Writing what is shipped of a trained model."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from afn.ask.records import Cell, Question
from afn.pretrained.cards import SUFFIXES, Card, write_card

STEPS = 400
"""At most about so many training steps are kept of a run ..."""
FIRST_STEPS = 100
"""... besides the first ones, where a start shows what it does to the gradients."""
_DIGITS = 4


def export(card: Card, contents: Mapping[str, bytes]) -> None:
    """Write a model's files, the card last.

    Args:
        card: Its SHA-256 are those of the contents.
        contents: Of weights, events and cells.
    """
    card.folder.mkdir(parents=True, exist_ok=True)
    for what, content in contents.items():
        part = card.folder / f".{card.name}{SUFFIXES[what]}.part"
        part.write_bytes(content)
        part.replace(card.path(what))
    write_card(card)


def sha256(content: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def packed(records: Iterable[Mapping[str, Any]]) -> bytes:
    """JSON lines, compressed; the same records give the same bytes."""
    lines = (json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in records)
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def cell_records(answers: Mapping[Question, Iterable[Cell]]) -> list[dict[str, Any]]:
    """Each question and, behind it, its cells."""
    records = []
    for question, cells in answers.items():
        records.append(asdict(question))
        records += [cell.to_json() for cell in cells]
    return records


def thinned(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A run's start, tests and snapshots, and some of its steps, in figures of four digits.

    What was recorded after the checkpoint from which the run was resumed is left out, as if never
    interrupted.
    """
    kept: list[dict[str, Any]] = []
    marks: dict[int, int] = {}  # per checkpoint, by its step: how much was recorded before it
    for event in events:
        match event["kind"]:
            case "start":  # once more, where there was no checkpoint
                kept = [event]
            case "step" | "snapshot" | "evaluation":
                kept.append(event)
            case "checkpoint":
                marks[event["step"]] = len(kept)
            case "resume":
                by_step = sum(each["step"] <= event["step"] for each in kept)
                del kept[marks.get(event["step"], by_step) :]
    steps = [event["step"] for event in kept if event["kind"] == "step"]
    chosen = set(_evenly(steps))
    return [_rounded(event) for event in kept if event["kind"] != "step" or event["step"] in chosen]


def _evenly(steps: list[int]) -> list[int]:
    """The first ones, the last, and as many between as there is room for."""
    if len(steps) <= STEPS:
        return steps
    spread = [steps[round(i * (len(steps) - 1) / (STEPS - 1))] for i in range(STEPS)]
    return sorted({*steps[:FIRST_STEPS], *spread})


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.{_DIGITS}g}")
        case dict():
            return {key: _rounded(each) for key, each in value.items()}
        case list():
            return [_rounded(each) for each in value]
    return value
