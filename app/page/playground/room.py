"""A comparison as a room: each phone trains one of two contenders, with a seed of its own."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qs

from afn.runs.store import Run
from afn.settings.config import TrainConfig
from afn.stats.over_seeds import OverSeeds, difference
from afn.wording import number_words
from afn.work.folder import ENDED

from ...kit import backend
from ...kit.comparison import Comparison, from_url, labels
from ...kit.room import training
from ...kit.room.script import Finding, Poll, RoomSource, Script

_FEWEST = 3
"""Pairs that a verdict takes."""


def source() -> RoomSource:
    """Rooms of comparisons."""
    return RoomSource(script=script_of, experiment=finding, config=config_of)


def script_of(link: str) -> Script:
    """What a class goes through.

    Args:
        link: The comparison, as in the Playground's address.

    Raises:
        ValueError: It is none, or has no two contenders.
    """
    ours, theirs = labels(_pair(link))
    images = "damaged images" if _pair(link)[0].corruptions else "images"
    return Script(
        subject=f"playground:{link}",
        title=f"{ours} or {theirs}? The class finds out",
        minutes=10,
        aims=(
            "See that one training is no evidence, and what thirty are.",
            f"Compare {ours} with {theirs} on equal seeds.",
        ),
        setup="Each phone trains one network. Two phones share a seed, one a contender.",
        polls=(
            Poll(
                question=f"A network on each phone, half of them {ours}, half {theirs}: which read "
                f"{images} better?",
                options=(ours, theirs, "Nothing that so many phones can tell"),
                why=(
                    "What adapts is expected to do better on what is new.",
                    "What is simpler is expected to be more robust.",
                    "Seeds differ by more than norms do, is the expectation.",
                ),
            ),
        ),
        link=f"?{link}",
        trains=True,
    )


def config_of(link: str, number: int) -> TrainConfig:
    """What the phone of a number trains: a contender in turn, a seed for each two."""
    config = _pair(link)[number % 2]
    return replace(config, seed=number // 2, epochs=1, evals_per_epoch=0)


def finding(link: str, begins: bool, trained: Sequence[str]) -> Finding:
    """What the class's networks say, by pairs of a seed that are done."""
    pair = _pair(link)
    values: tuple[dict[int, float], dict[int, float]] = ({}, {})
    ended = 0
    for number, run_id in enumerate(trained):
        run = Run(backend.store().root / run_id)
        ended += (status := run.state().status) in ENDED
        if status == "finished" and (value := training.accuracy(run)) is not None:
            values[number % 2][number // 2] = 100 * value
    told = f"{ended} of {len(trained)} networks are trained"
    found = difference(*map(OverSeeds.of, values))
    if found is None or found.n < _FEWEST:
        return Finding(share=0.0, told=f"{told}; a verdict takes {_FEWEST} pairs of one seed")
    ours, theirs = labels(pair)
    right = 2 if not found.is_clear else 0 if found.mean > 0 else 1
    words = [number_words(value, 3) for value in (found.mean, found.low, found.high)]
    return Finding(
        share=ended / len(trained),
        told=told,
        right=right,
        answer=f"{ours} less {theirs}: {words[0]} points ({words[1]} to {words[2]}, 95 % interval "
        f"over {found.n} pairs of one seed).",
    )


def _pair(link: str) -> Comparison:
    comparison, problems = from_url(parse_qs(link))
    if problems:
        raise ValueError(problems[0])
    if len(comparison) < 2:
        raise ValueError("a class compares two contenders; this link has one")
    return comparison[:2]
