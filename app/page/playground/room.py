"""A comparison as a room: each phone trains a contender with a seed, or λ starts, of its own."""

import math
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qs

from afn.stats.over_seeds import difference
from afn.wording import number_words

from ...kit.comparison import Comparison, from_url, labels
from ...kit.draw.palette import run_colors
from ...kit.room.script import Finding, Poll, RoomContender, RoomSource, Script
from ...kit.room.training import FEWEST, PhoneNetwork, RoomPart, by_column

_STARTS = "starts:"
"""Before a link: its first contender with λ, from other starts of λ."""
_LAMBDAS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Starts of λ_μ and λ_σ."""
_ORDER = (0, 4, 2, 1, 3)
"""In which phones take them: the ends first, which are compared."""


def source() -> RoomSource:
    """Rooms of comparisons."""
    return RoomSource(script=script_of, experiment=finding, part=part_of)


def script_of(subject: str) -> Script:
    """What a class goes through.

    Args:
        subject: The comparison, as in the Playground's address; of starts of λ where `_STARTS` is
            before it.

    Raises:
        ValueError: It is none, or has no two contenders, or no λ.
    """
    comparison, is_of_starts = _read(subject)
    return (_script_of_starts if is_of_starts else _script_of_seeds)(subject, comparison)


def _script_of_seeds(subject: str, pair: Comparison) -> Script:
    ours, theirs = labels(pair)
    others = (("with another start of λ on each phone", f"playground:{_STARTS}{subject}"),)
    return Script(
        subject=f"playground:{subject}",
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
                f"{_images(pair)} better?",
                options=(ours, theirs, "Nothing that so many phones can tell"),
                why=(
                    "What adapts is expected to do better on what is new.",
                    "What is simpler is expected to be more robust.",
                    "Seeds differ by more than norms do, is the expectation.",
                ),
            ),
        ),
        link=f"?{subject}",
        tries=f"?{subject}",
        contenders=_contenders(pair),
        others=others if any(config.is_adaptive for config in pair) else (),
    )


def _script_of_starts(subject: str, alone: Comparison) -> Script:
    [name] = labels(alone)
    link = subject.removeprefix(_STARTS)
    return Script(
        subject=f"playground:{subject}",
        title=f"Where should λ of {name} start? The class finds out",
        minutes=10,
        aims=(
            "Know that λ is a share, and that where it starts is a choice.",
            "Read a scatter plot: what stands out from the spread of seeds?",
        ),
        setup="Each phone trains one network: another start of λ, or another seed.",
        polls=(
            Poll(
                question=f"λ_μ and λ_σ of {name} start low (0.05), in between, or high (0.95). "
                f"Which networks read {_images(alone)} better?",
                options=("Low starts", "High starts", "Nothing that so many phones can tell"),
                why=(
                    "An untrained network's statistics are noise: better take little of them.",
                    "What is proposed is expected to be better than what is measured.",
                    "Training is expected to repair any start.",
                ),
            ),
        ),
        link=f"?{link}",
        tries=f"?{link}",
        contenders=_contenders(alone),
        places=tuple(f"{value:g}" for value in _LAMBDAS),
        axis="λ_μ and λ_σ at the start",
        others=(("with another seed on each phone", f"playground:{link}"),),
    )


def part_of(subject: str, number: int) -> RoomPart:
    """What the phone of a number trains."""
    comparison, is_of_starts = _read(subject)
    size = len(_LAMBDAS) if is_of_starts else len(comparison)
    seed, column = divmod(number, size)
    if not is_of_starts:
        config = replace(comparison[column], seed=seed, epochs=1, evals_per_epoch=0)
        return RoomPart(config=config, contender=column, place=column)
    place = _ORDER[column]
    logit = math.log(_LAMBDAS[place] / (1 - _LAMBDAS[place]))
    lambda_init = replace(comparison[0].lambda_init, mu=logit, sigma=logit)
    config = replace(comparison[0], lambda_init=lambda_init, seed=seed, epochs=1, evals_per_epoch=0)
    return RoomPart(config=config, contender=0, place=place)


def finding(subject: str, begins: bool, networks: Sequence[PhoneNetwork]) -> Finding:
    """What the class's networks say, by pairs of a seed that are done."""
    comparison, is_of_starts = _read(subject)
    ended = sum(each.is_over for each in networks)
    told = f"{ended} of {len(networks)} networks are trained"
    columns = by_column(networks)
    ends = ((0, 0), (0, len(_LAMBDAS) - 1)) if is_of_starts else ((0, 0), (1, 1))
    found = difference(*(columns.get(end) for end in ends))
    if found is None or found.n < FEWEST:
        return Finding(share=0.0, told=f"{told}; a verdict takes {FEWEST} pairs of one seed")
    words = [number_words(value, 3) for value in (found.mean, found.low, found.high)]
    ours, theirs = ("λ from 0.05", "from 0.95") if is_of_starts else labels(comparison)
    return Finding(
        share=ended / len(networks),
        told=told,
        right=2 if not found.is_clear else 0 if found.mean > 0 else 1,
        answer=f"{ours} less {theirs}: {words[0]} points ({words[1]} to {words[2]}, 95 % interval "
        f"over {found.n} pairs of one seed).",
    )


def _images(comparison: Comparison) -> str:
    return "damaged images" if comparison[0].corruptions else "images"


def _contenders(comparison: Comparison) -> tuple[RoomContender, ...]:
    colors = run_colors([config.norm for config in comparison])
    return tuple(
        RoomContender(name=name, color=color)
        for name, color in zip(labels(comparison), colors, strict=True)
    )


def _read(subject: str) -> tuple[Comparison, bool]:
    """The contenders of a room, and whether it is of starts of λ."""
    is_of_starts = subject.startswith(_STARTS)
    comparison, problems = from_url(parse_qs(subject.removeprefix(_STARTS)))
    if problems:
        raise ValueError(problems[0])
    if is_of_starts:
        found = tuple(config for config in comparison if config.is_adaptive)[:1]
        if not found:
            raise ValueError("no contender of this link has λ that could start elsewhere")
        return found, True
    if len(comparison) < 2:
        raise ValueError("a class compares two contenders; this link has one")
    return comparison[:2], False
