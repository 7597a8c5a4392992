"""Which test images a model got right, image by image, of one seed of each. Needs no torch.

Models that come along with their weights have it among their answers; of the others it is all that
is kept, a bit an image, in ``NAME.hits.jsonl.gz``.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from afn.ask.records import Cell, Question
from afn.pretrained.cards import read_card
from afn.pretrained.export import packed
from afn.pretrained.spec import Spec
from afn.settings.norms import NORM_ROWS

Right = NDArray[np.bool_]
"""Of each image, in the data set's order."""
_SUFFIX = ".hits.jsonl.gz"


class HitPlace(NamedTuple):
    """One test of one model in one way."""

    data: str
    corruption: str
    """ "clean" where there is none."""
    severity: int
    statistics: str
    """running, batch, or own."""
    networks: str
    """on, off or frozen."""
    rule: int | None

    @classmethod
    def of(cls, norm: str, question: Question, cell: Cell) -> "HitPlace":
        """Where an answer is looked up."""
        return cls(
            question.dataset, cell.corruption or "clean", cell.severity,
            mode_of(norm, question.statistics), question.networks, cell.rule,
        )  # fmt: skip


def mode_of(norm: str, statistics: str) -> str:
    """A statistics mode as it is looked up: running or batch, "own" where a norm has no choice."""
    if not NORM_ROWS[norm].is_switchable:
        return "own"
    return "batch" if statistics.startswith("test batch") else statistics


class Hits:
    """Whether shipped models were right, image by image.

    Args:
        folder: Where their cards are; None where there is none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, dict[HitPlace, Right]] = {}

    def of(self, model: str) -> Mapping[HitPlace, Right]:
        """By test; of two of the same, that of more images. Empty where the model is not there."""
        if model not in self._known:
            self._known[model] = dict(self._read(model))
        return self._known[model]

    def _read(self, model: str) -> dict[HitPlace, Right]:
        if self._folder is None:
            return {}
        found: dict[HitPlace, Right] = {}
        try:
            card = read_card(model, self._folder)
            for question, cell in card.answers():
                place = HitPlace.of(card.config.norm, question, cell)
                if place not in found or len(found[place]) < cell.n:
                    found[place] = cell.hits
        except (ValueError, OSError):  # without weights, not made yet, or damaged
            return _kept_hits(self._folder / f"{model}{_SUFFIX}")
        return found


def keep_hits(folder: Path, spec: Spec, answers: Mapping[Question, Iterable[Cell]]) -> int:
    """Write which images a model that comes along without weights got right; returns the bytes."""
    records = [
        {
            **HitPlace.of(spec.config.norm, question, cell)._asdict(),
            "n": cell.n,
            "right": base64.b64encode(np.packbits(cell.hits).tobytes()).decode(),
        }
        for question, cells in answers.items()
        for cell in cells
    ]
    content = packed(records)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{spec.name}{_SUFFIX}.part"
    part.write_bytes(content)
    part.replace(folder / f"{spec.name}{_SUFFIX}")
    return len(content)


def _kept_hits(path: Path) -> dict[HitPlace, Right]:
    found: dict[HitPlace, Right] = {}
    try:
        for record in map(json.loads, gzip.decompress(path.read_bytes()).splitlines()):
            n, right = record.pop("n"), base64.b64decode(record.pop("right"))
            place, hits = HitPlace(**record), np.unpackbits(np.frombuffer(right, np.uint8), count=n)
            if place not in found or len(found[place]) < n:
                found[place] = hits.astype(bool)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return {}  # counts have to do
    return found
