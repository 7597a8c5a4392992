"""Advice that is kept beside the runs, for the app. Needs no torch."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from afn.advice.findings import Findings
from afn.advice.recommend import Recommendation, recommend
from afn.runs.store import runs_dir

_FOLDER = ".advice"
_MOST_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class KeptAdvice:
    """One piece of advice, by the name of its file."""

    name: str
    findings: Findings

    @property
    def recommendation(self) -> Recommendation:
        """By today's rules."""
        return recommend(self.findings)


def keep(record: dict[str, Any]) -> Path:
    """Write what ``Advice.to_json`` says; the same model, data and plan replace what was there."""
    of = record["findings"]
    digest = sha256(json.dumps(of["plan"], sort_keys=True).encode()).hexdigest()[:6]
    name = re.sub(r"[^\w.-]+", "-", f"{of['model']}-{of['dataset']}").strip("-.").lower()
    path = runs_dir() / _FOLDER / f"{name}-{digest}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def kept() -> Iterator[KeptAdvice]:
    """All of it, the newest first; what cannot be read is left out."""
    files = (runs_dir() / _FOLDER).glob("*.json")
    for path in sorted(files, key=lambda each: -each.stat().st_mtime):
        try:
            yield read(path)
        except (OSError, ValueError):
            continue


def read(path: Path) -> KeptAdvice:
    """One file.

    Raises:
        ValueError: It is no advice.
        OSError: It cannot be read.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{path.name} is too large to be advice")
    record = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(record, dict) or not isinstance(record.get("findings"), dict):
        raise ValueError(f"{path.name} is no advice of `afn advise --output`")
    return KeptAdvice(name=path.stem, findings=Findings.from_json(record["findings"]))
