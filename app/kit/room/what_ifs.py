"""What students who were let go tried on the Playground of their phones, and handed in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from afn.settings.config import TrainConfig

from .. import backend
from ..comparison import MAX_CONTENDERS, SHARED, from_url, names_of, opening_comparison
from ..draw.palette import run_colors
from .room import RoomError
from .script import RoomContender, WhatIf
from .training import ClassNetworks, RoomPart


def what_if(run_ids: str, began: str, owner: str | None) -> WhatIf:
    """Runs of the Playground, to be handed in.

    Args:
        run_ids: Ids with ``~`` between, as in its address.
        began: The link to the settings that it was opened with; empty where it was opened bare.
        owner: Who hands them in; None where the server is not shared.

    Raises:
        RoomError: There are none, too many, no such, or they are somebody else's.
    """
    ids = [each for each in run_ids.split("~") if each.strip("-")]
    if not ids:
        raise RoomError("nothing was trained here yet: press Start first")
    if len(ids) > MAX_CONTENDERS:
        raise RoomError(f"a what-if has {MAX_CONTENDERS} networks at most, not {len(ids)}")
    try:
        runs = [backend.store().open(run_id) for run_id in ids]
        configs, origins = [run.config() for run in runs], [run.origin() for run in runs]
    except (ValueError, OSError) as error:
        raise RoomError(f"{error}: press Start again") from None
    if owner is not None and any(run.owner != owner for run in runs):
        raise RoomError("somebody else started that: start it yourself")
    base = from_url(parse_qs(began.lstrip("?")))[0] if began else opening_comparison()
    colors = run_colors([config.norm for config in configs])
    return WhatIf(
        runs=tuple(ids),
        networks=tuple(
            RoomContender(name=name, color=color)
            for name, color in zip(names_of(configs, origins), colors, strict=True)
        ),
        changes=tuple(_changes(configs[0], base[0])),
    )


def _changes(config: TrainConfig, base: TrainConfig) -> list[str]:
    """What all its networks have in common that was otherwise before, in a few letters each."""
    return [
        setting.told(config) or f"{setting.title} {setting.words(value, config)}"
        for setting in SHARED
        if (value := getattr(config, setting.name)) != getattr(base, setting.name)
    ]


class WhatIfs:
    """Those of a class, with their results by now."""

    def __init__(self) -> None:
        self._networks = ClassNetworks(lambda number, config: RoomPart(config, number, number))

    def told(self, handed: Mapping[str, WhatIf]) -> list[dict[str, Any]]:
        """Each as the projector shows it, in the order they came."""
        return [
            {"number": number, **self._told(each)}
            for number, each in enumerate(handed.values(), start=1)
        ]

    def _told(self, handed: WhatIf) -> dict[str, Any]:
        found = {each.number: each.told for each in self._networks.read(handed.runs)}
        networks = [
            {"name": network.name, "color": network.color}
            | {name: found[number][name] for name in ("share", "is_over", "accuracy")}
            for number, network in enumerate(handed.networks)
            if number in found  # else it was deleted
        ]
        return {
            "runs": "~".join(handed.runs), "changes": list(handed.changes), "networks": networks,
        }  # fmt: skip
