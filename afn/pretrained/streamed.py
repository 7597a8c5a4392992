"""What pretrained networks did on streams of test images, as it is kept. Needs no torch."""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from afn.adapt.plan import AdaptMethod, StreamPlan
from afn.plain import converted
from afn.pretrained.export import packed
from afn.pretrained.gains import Gain
from afn.pretrained.noise import ImageAnswers, image_error
from afn.pretrained.plan import PLAN
from afn.pretrained.streams import StreamAsk
from afn.settings.corruptions import RULE
from afn.stats.intervals import joint_half_width
from afn.stats.over_seeds import OverSeeds

FILE = "streams.jsonl.gz"


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamAnswer:
    """What one network got right of one stream."""

    model: str
    """Without the seed."""
    seed: int
    """Of its training."""
    method: str
    plan: StreamPlan
    rule: int
    """By which the images were corrupted."""
    weights: str
    """SHA-256 of the network's file."""
    n: int
    correct: int
    collapsed: int | None
    """The batch at which it had collapsed, see `afn.adapt.records.collapse_of`."""
    right: str = ""
    """Whether each image was, a bit each in the data set's order, in base64; of the first seed."""

    @property
    def ask(self) -> StreamAsk:
        """The question."""
        return StreamAsk(self.model, AdaptMethod.read(self.method), self.plan)

    @property
    def hits(self) -> NDArray[np.bool_] | None:
        """(n,): whether each image was right; None where that is not kept."""
        if not self.right:
            return None
        bits = np.frombuffer(base64.b64decode(self.right), np.uint8)
        return np.unpackbits(bits, count=self.n).astype(bool)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "StreamAnswer":
        """From plain JSON values.

        Raises:
            ValueError: Something is missing or not of its kind.
        """
        plan = converted(record.get("plan"), StreamPlan, "a stream")
        return converted({**record, "plan": plan}, cls, "the answers to a stream")


class StreamResults:
    """What is known of streams, looked up by what was asked; of images made by today's rule."""

    def __init__(self, answers: Iterable[StreamAnswer]) -> None:
        self.answers = tuple(answers)

    @classmethod
    def read(cls, folder: Path) -> "StreamResults":
        """What is kept; empty where there is nothing.

        Raises:
            ValueError: It is damaged.
        """
        try:
            lines = gzip.decompress((folder / FILE).read_bytes()).splitlines()
            if not lines:
                raise EOFError("empty")
            return cls(StreamAnswer.from_json(json.loads(line)) for line in lines)
        except FileNotFoundError:
            return cls(())
        except (OSError, EOFError, ValueError) as error:
            raise ValueError(f"{FILE} is damaged ({error!r}): get it again") from error

    @cached_property
    def _by_ask(self) -> dict[StreamAsk, dict[int, StreamAnswer]]:
        found: dict[StreamAsk, dict[int, StreamAnswer]] = {}
        for answer in self.answers:
            if answer.rule == RULE:
                found.setdefault(answer.ask, {})[answer.seed] = answer
        return found

    def of(self, ask: StreamAsk) -> Mapping[int, StreamAnswer]:
        """By seed."""
        return self._by_ask.get(ask, {})

    def over_seeds(self, asks: Sequence[StreamAsk]) -> OverSeeds | None:
        """Mean accuracy over streams in percent, of each seed that has lived on all of them."""
        return OverSeeds.of(
            {
                seed: fmean(100 * answer.correct / answer.n for answer in answers)
                for seed, answers in self.complete(asks).items()
            }
        )

    def half_width(self, asks: Sequence[StreamAsk]) -> float:
        """Of the 95 % interval of that mean, over trainings and images; infinite with one seed."""
        found = self.over_seeds(asks)
        if found is None or found.n < 2:
            return float("inf")
        return joint_half_width(found.spread, found.n, self._image_error(asks))

    def gain(self, asks: Sequence[StreamAsk], over: Sequence[StreamAsk]) -> Gain | None:
        """Points over other asks, on the same streams in the same order."""
        ours, theirs = self.over_seeds(asks), self.over_seeds(over)
        if ours is None or theirs is None or not set(ours.seeds) & set(theirs.seeds):
            return None
        return Gain.of(ours, theirs, self._image_error(asks, over))

    def complete(self, asks: Sequence[StreamAsk]) -> dict[int, list[StreamAnswer]]:
        """The answers to all of some asks, by seed; of the seeds that have all."""
        shared = set.intersection(*(set(self.of(ask)) for ask in asks))
        return {seed: [self.of(ask)[seed] for ask in asks] for seed in sorted(shared)}

    def _image_error(self, asks: Sequence[StreamAsk], over: Sequence[StreamAsk] = ()) -> float:
        ours, theirs = self.complete(asks), self.complete(over) if over else {}
        seed = min(set(ours) & set(theirs) if over else ours)
        pairs = zip(ours[seed], theirs[seed] if over else [None] * len(asks), strict=True)
        tests = [
            ImageAnswers(
                PLAN[mine.model].config.dataset, mine.hits, other.hits if other else None,
                [(each.correct / each.n, each.n) for each in (mine, other) if each],
            )
            for mine, other in pairs
        ]  # fmt: skip
        return image_error(tests, is_difference=bool(over))


def update_streams(folder: Path, answers: Iterable[StreamAnswer]) -> int:
    """Put answers in the place of those to the same asks of the same seeds; returns the bytes."""
    known = {(each.ask, each.seed): each for each in StreamResults.read(folder).answers}
    known |= {(each.ask, each.seed): each for each in answers}
    records = sorted(
        (asdict(each) for each in known.values()),
        key=lambda each: (each["model"], each["seed"], each["method"], json.dumps(each["plan"])),
    )
    content = packed(records)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{FILE}.part"
    part.write_bytes(content)
    part.replace(folder / FILE)
    return len(content)
