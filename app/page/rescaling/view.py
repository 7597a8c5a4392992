"""What the γ/β page shows: its settings, their link form, and what is asked of a network."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from afn.ask.network import Network, Stats
from afn.ask.rescaling import Condition
from afn.ask.tasks import RescalingTask
from afn.settings.corruptions import CORRUPTION_NAMES

from ...kit.batch_controls import BATCH_SIZES
from ...kit.draw.grid import in_order
from ...kit.families import current_name, other_domains
from ...kit.view import View, ViewState, in_link, in_session
from .words import HELP

CORRUPTIONS = tuple(in_order(CORRUPTION_NAMES))
CONDITIONS = ("corruption", "domains")
MODES = ("trained", "running", "batch")
IMAGES = (100, 200, 500, 1000)
EVERY_LAYER = "all"
MOST_BESIDE = 3
"""Other networks."""
NEWEST = 0
"""Stands for the newest step, whichever that is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RescalingView(View):
    """Which network is looked at, where in it and when, and under which conditions."""

    run: str = in_link("run", "")
    """Id of a run or name of a pretrained model; empty for the newest."""
    beside: tuple[str, ...] = in_link("beside", (), most=MOST_BESIDE)
    """Other networks whose γ̂ and β̂ are drawn below it."""
    layer: str = in_link("layer", "")
    """A norm layer's name, or all; empty for the first."""
    step: int = in_link("step", NEWEST)
    """Of a snapshot."""
    conditions: str = in_link("under", "corruption", CONDITIONS)
    corruption: str = in_link("corruption", "contrast", CORRUPTIONS)
    domains: tuple[str, ...] = in_link("domains", ())
    """Beside the network's own; empty for all."""
    images: int = in_link("n", 200, IMAGES)
    """Of each condition."""
    stats: str = in_link("stats", "trained", MODES)
    """Whose statistics norms with the choice use; "trained" is as it was configured."""
    batch_size: int = in_link("batch", 128, BATCH_SIZES)


def nearest(step: int, steps: Sequence[int]) -> int:
    """The snapshot's step next to one; the newest is `NEWEST`."""
    if step == NEWEST or not steps:
        return NEWEST
    found = min(steps, key=lambda each: abs(each - step))
    return NEWEST if found == steps[-1] else found


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


VIEW = ViewState("rescaling", RescalingView, anchor="run", things=("run", "layer"), help=HELP)


def not_here(asked: Sequence[str], others: Collection[str]) -> str:
    """What of the domains that a link asks for is left out; "" once others are chosen."""
    told: dict[str, list[str]] = in_session(dict, "rescaling.not_here")
    known = [name for name in asked if name in others]
    if unknown := [name[:40] for name in asked if name not in others]:
        told.clear()
        told[
            f"In the link, domains={', '.join(unknown)}: not here, or without its classes. "
            "It is left out."
        ] = known
    return next((line for line, then in told.items() if then == known), "")
