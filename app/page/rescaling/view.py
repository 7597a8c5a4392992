"""What the γ/β page shows: its settings, their link form, and what is asked of a network."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from afn.ask.network import Network, Stats
from afn.ask.rescaling import Condition
from afn.ask.tasks import RescalingTask
from afn.corruptions.severities import SEVERITIES

from ...kit.batch_controls import BATCH_SIZES
from ...kit.draw.grid import in_order
from ...kit.families import current_name, other_domains
from ...kit.view import ViewState

CORRUPTIONS = tuple(in_order(SEVERITIES))
CONDITIONS = ("corruption", "domains")
MODES = ("trained", "running", "batch")
IMAGES = (100, 200, 500, 1000)
EVERY_LAYER = "all"
NEWEST = 0
"""Stands for the newest step, whichever that is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RescalingView:
    """Which network is looked at, where in it and when, and under which conditions."""

    run: str = ""
    """Id of a run or name of a pretrained model; empty for the newest."""
    layer: str = ""
    """A norm layer's name, or all; empty for the first."""
    step: int = NEWEST
    """Of a snapshot."""
    conditions: str = "corruption"
    corruption: str = "contrast"
    domains: tuple[str, ...] = ()
    """Beside the network's own; empty for all."""
    images: int = 200
    """Of each condition."""
    stats: str = "trained"
    """Whose statistics norms with the choice use; "trained" is as it was configured."""
    batch_size: int = 128

    def __post_init__(self) -> None:
        known: dict[str, tuple[object, ...]] = {
            "conditions": CONDITIONS,
            "corruption": CORRUPTIONS,
            "images": IMAGES,
            "stats": MODES,
            "batch_size": BATCH_SIZES,
        }
        for name, values in known.items():
            if (value := getattr(self, name)) not in values:
                text = f"{value}"[:40]
                raise ValueError(
                    f"{_URL[name]} is one of {', '.join(map(str, values))}, not {text!r}"
                )
        if not isinstance(self.step, int):
            raise ValueError(f"a step is a whole number, not {self.step[:40]!r}")


_URL = {
    "run": "run",
    "layer": "layer",
    "step": "step",
    "conditions": "under",
    "corruption": "corruption",
    "domains": "domains",
    "images": "n",
    "stats": "stats",
    "batch_size": "batch",
}
"""Field -> URL parameter."""


def nearest(step: int, steps: Sequence[int]) -> int:
    """The snapshot's step next to one; the newest is `NEWEST`."""
    if step == NEWEST or not steps:
        return NEWEST
    found = min(steps, key=lambda each: abs(each - step))
    return NEWEST if found == steps[-1] else found


# -- what is asked ---------------------------------------------------------------------------------


def conditions_of(view: RescalingView, dataset: str) -> tuple[Condition, ...]:
    """The network's own test images, and what is held against them."""
    clean: Condition = (dataset, None, 0)
    if view.conditions == "domains":
        others = other_domains(dataset)
        asked = {current_name(name) for name in view.domains}
        wanted = [name for name in others if name in asked] or list(others)
        return (clean, *((name, None, 0) for name in wanted))
    return (clean, *((dataset, view.corruption, severity) for severity in range(1, 6)))


def task_of(view: RescalingView, network: Network) -> RescalingTask:
    """What answers the view."""
    stats: Stats | None = None
    if view.stats != "trained":
        stats = "running" if view.stats == "running" else "batch"
    return RescalingTask(
        network=network,
        question=network.question(num_images=view.images, stats=stats, batch_size=view.batch_size),
        conditions=conditions_of(view, network.config.dataset),
    )


# -- the session -----------------------------------------------------------------------------------

_VIEW = ViewState("rescaling", RescalingView, _URL, anchor="run", things=("run", "layer"))

begin, from_url, to_url = _VIEW.begin, _VIEW.from_url, _VIEW.to_url
key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def propose(run: str) -> None:
    """A run for a visit that names none."""
    if not st.session_state[key("run")]:
        st.session_state[key("run")] = run
