"""What of a stream is to be computed, and where it is kept. Needs no torch."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from afn.adapt.plan import AdaptMethod, StreamPlan, stream_key
from afn.adapt.records import StreamStep
from afn.ask.network import Network
from afn.jsonl import append_line, read_lines
from afn.plain import converted

SHOWN = 20
"""Images of a batch that are kept to be looked at."""
SHEET_ROWS = 5
"""A sheet holds so many rows of `SHOWN` images each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamTask:
    """A network that is to live on a stream in one way; its file grows by a line a batch."""

    UNIT: ClassVar[str] = "batch"
    network: Network
    dataset: str
    plan: StreamPlan
    method: AdaptMethod
    known: int = 0
    """Batches that it had answered when what was left was asked for."""

    @property
    def size(self) -> int:
        """How many results there will be."""
        return self.plan.num_batches - self.known

    @property
    def name(self) -> object:
        """What tells it from other tasks."""
        return str(self.path)

    @property
    def path(self) -> Path:
        """Where the answers are kept."""
        key = stream_key(self.network.sha256, self.dataset, self.plan, self.method)
        return self.network.folder / f"stream-{key}.jsonl"

    def steps(self) -> Sequence[StreamStep]:
        """The batches from the first on, as far as they are known.

        A stream that was stopped begins anew, and each batch comes out as it did: lines of batches
        that are known already tell nothing new.
        """
        try:
            stat = self.path.stat()
        except OSError:
            return ()
        return _steps(self.path, stat.st_size, stat.st_mtime_ns)

    def append(self, step: StreamStep) -> None:
        """Keep a batch's answers."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        append_line(self.path, step.to_json())

    def left(self) -> "StreamTask | None":
        """What of it is to be done; None if nothing is."""
        known = len(self.steps())
        return replace(self, known=known) if known < self.plan.num_batches else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": "stream", "subject": self.network.to_json(), "dataset": self.dataset,
            "plan": asdict(self.plan), "method": str(self.method),
        }  # fmt: skip

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "StreamTask":
        """The inverse."""
        return cls(
            network=Network.from_json(record["subject"]),
            dataset=record["dataset"],
            plan=converted(record["plan"], StreamPlan, "a stream"),
            method=AdaptMethod.read(record["method"]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetsTask:
    """The first images of each batch of a stream, side by side, to be looked at."""

    UNIT: ClassVar[str] = "sheet"
    folder: Path
    dataset: str
    plan: StreamPlan
    image_shape: tuple[int, int, int]
    """(H, W, C)."""

    @property
    def size(self) -> int:
        """How many results there will be."""
        return 1

    @property
    def name(self) -> object:
        """What tells it from other tasks."""
        return str(self.path)

    @property
    def id(self) -> str:
        """What tells their pictures from others; resets show no other images."""
        shape = "x".join(map(str, self.image_shape))
        plan = replace(self.plan, resets=())
        return f"stream.{stream_key(shape, self.dataset, plan, AdaptMethod('running'))}"

    @property
    def path(self) -> Path:
        """The folder that they are kept in."""
        return self.folder / self.id

    @property
    def sheets_path(self) -> Path:
        """Where its pictures lie."""
        return self.path / "sheets"

    def sheets(self) -> list[str]:
        """The pictures' names, each of up to `SHEET_ROWS` rows; none while they are not made.

        The images of all batches follow each other, `SHOWN` to a row, and a batch that has more
        shows its first `SHOWN`.
        """
        return sorted(each.name for each in self.sheets_path.glob("*.png"))

    def write(self, sheets: Sequence[bytes]) -> None:
        """Keep them, as PNG files: all of them or none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.folder, prefix=".stream") as made:
            (Path(made) / "sheets").mkdir()
            for number, sheet in enumerate(sheets):
                (Path(made) / "sheets" / f"{number:03d}.png").write_bytes(sheet)
            with suppress(OSError):  # somebody else was quicker, and has the same
                Path(made).rename(self.path)

    def left(self) -> "SheetsTask | None":
        """The task, unless they are there."""
        return None if self.path.exists() else self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": "sheets", "folder": str(self.folder), "dataset": self.dataset,
            "plan": asdict(self.plan), "image_shape": list(self.image_shape),
        }  # fmt: skip

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "SheetsTask":
        """The inverse."""
        height, width, channels = record["image_shape"]
        return cls(
            folder=Path(record["folder"]),
            dataset=record["dataset"],
            plan=converted(record["plan"], StreamPlan, "a stream"),
            image_shape=(height, width, channels),
        )


@lru_cache(maxsize=64)
def _steps(path: Path, size: int, modified: int) -> tuple[StreamStep, ...]:
    found: list[StreamStep] = []
    for record in read_lines(path)[0] if size else []:
        if record.get("batch") == len(found):
            found.append(StreamStep.from_json(record))
    return tuple(found)
