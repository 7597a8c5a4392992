"""A sweep's results in one file, so that they show where its runs are not. Needs no torch.

A file of JSON lines: a head (what was asked, when, where), then one line for each run.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from afn.cost.records import describe_machine
from afn.jsonl import read_lines
from afn.runs.index import Line
from afn.sweep.plan import Planned
from afn.sweep.spec import SweepSpec

_LEFT_OUT = ("name", "group")
"""Of a run's line: what is of its store alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """Results as a file holds them."""

    spec: SweepSpec
    machine: str
    created: str
    """The day, as in 2026-11-25."""
    lines: Mapping[str, Line]
    """By the ids that the runs have today."""


def save(path: Path, spec: SweepSpec, runs: Sequence[Planned], lines: Mapping[str, Line]) -> None:
    """Write the results of all runs that have one.

    Raises:
        OSError: The file cannot be written.
    """
    head = {
        "kind": "head", "sweep": spec.to_json(), "machine": describe_machine(),
        "created": time.strftime("%Y-%m-%d"),
    }  # fmt: skip
    records: list[dict[str, Any]] = [head]
    for run in runs:
        if (line := lines.get(run.run_id)) and line.summary:
            record = {k: v for k, v in asdict(line).items() if k not in _LEFT_OUT and v != ""}
            records.append({"kind": "run", **record, "summary": rounded(line.summary)})
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text(text)


def read_saved(path: Path) -> Saved:
    """What `save` wrote.

    Raises:
        ValueError: It is damaged.
        FileNotFoundError: There is no such file.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is missing: get it again, or make it with --output")
    try:
        head, *records = read_lines(path)[0]
        lines = [Line(**{k: v for k, v in record.items() if k != "kind"}) for record in records]
        return Saved(
            spec=SweepSpec.from_json(head["sweep"]),
            machine=head["machine"],
            created=head["created"],
            lines={line.config().run_id: line for line in lines},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is damaged ({error!r:.200}): get it again") from error


def rounded(value: Any) -> Any:
    """JSON values, every number in them with five digits."""
    match value:
        case float():
            return float(f"{value:.5g}")
        case dict():
            return {key: rounded(each) for key, each in value.items()}
        case list():
            return [rounded(each) for each in value]
    return value
