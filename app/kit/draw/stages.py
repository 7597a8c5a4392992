"""A network's norm layers, before it is built and folded into stages: as its diagram shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from afn.settings.config import TrainConfig

from .legend import short_layer

MOST = 4
"""So many stages stand beside each other."""
_BLOCKS = {"resnet8": 1, "resnet20": 3}
"""In each of three stages."""


@dataclass(frozen=True, slots=True)
class NetworkStage:
    """Layers that are drawn as one until they are unfolded."""

    title: str
    layers: tuple[int, ...]
    """Their places among the network's norm layers."""


def expected_layers(config: TrainConfig) -> list[str]:
    """Names of the norm layers that a configuration's network will have, in the order of its pass.

    Example:
        >>> expected_layers(TrainConfig(widths=(8, 16)))
        ['backbone.blocks.0.norm', 'backbone.blocks.1.norm']
    """
    if config.backbone in _BLOCKS:
        names = ["norm"] + [
            f"stages.{stage}.{block}.norm{number}"
            for stage in range(3)
            for block in range(_BLOCKS[config.backbone])
            for number in (1, 2)
        ]
    elif config.backbone == "efficientnet_lite0":
        parts = ("expand", "depthwise", "project")
        inner = [f"blocks.{block}.{part}.norm" for block in range(16) for part in parts]
        names = ["stem.norm", *inner[1:], "head.norm"]  # the first block expands nothing
    else:
        names = [f"blocks.{block}.norm" for block in range(len(config.widths))]
    return [f"backbone.{name}" for name in names]


def stages_of(layers: Sequence[str]) -> list[NetworkStage]:
    """The stages of a network: a layer each where there are few, else what its names group.

    What stands before the first stage or block goes with it, what stands behind the last as well.

    Example:
        >>> stages_of(["backbone.blocks.0.norm"])
        [NetworkStage(title='norm 1', layers=(0,))]
    """
    if len(layers) <= MOST:
        return [NetworkStage(short_layer(name), (place,)) for place, name in enumerate(layers)]
    kinds = [_kind(name) for name in layers]
    known = [kind for kind in kinds if kind]
    if not known:
        return _merged(
            [NetworkStage(short_layer(name), (i,)) for i, name in enumerate(layers)], "layers"
        )
    filled, last = [], known[0]
    for kind in kinds:
        last = kind or last
        filled.append(last)
    groups = groupby(range(len(layers)), filled.__getitem__)
    stages = [NetworkStage(f"{word} {number}", tuple(places)) for (word, number), places in groups]
    return _merged(stages, f"{known[0][0]}s")


def _kind(name: str) -> tuple[str, int] | None:
    """Of which stage or block a layer is."""
    match name.removeprefix("backbone.").split("."):
        case ["stages" | "blocks" as word, number, *_] if number.isdigit():
            return word.removesuffix("s"), int(number) + 1
    return None


def _merged(stages: Sequence[NetworkStage], word: str) -> list[NetworkStage]:
    """At most `MOST`, of which each holds about as many."""
    if len(stages) <= MOST:
        return list(stages)
    ends = [round(len(stages) * part / MOST) for part in range(MOST + 1)]
    return [
        NetworkStage(
            f"{word} {first + 1}–{end}",
            tuple(place for stage in stages[first:end] for place in stage.layers),
        )
        for first, end in pairwise(ends)
    ]
