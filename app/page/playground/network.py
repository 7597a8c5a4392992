"""The contenders as living diagrams, before Start and while they train."""

from contextlib import suppress

from afn.runs.history import History
from afn.settings.config import TrainConfig

from ...kit import routes
from ...kit.draw.chart import Chart
from ...kit.draw.live_chart import live_chart
from ...kit.draw.network import Lane, network_chart
from ...kit.looks import first_look
from ...kit.sheets import SHEETS
from .live import Live


def render_network(live: Live) -> None:
    """Draw a lane per contender."""
    inside = routes.path_of("inside")

    def make() -> Chart:
        shown, _ = live.look()
        lanes = [
            Lane(
                label=name,
                color=color,
                config=slot.config,
                shown=each,
                look=None if each else _look(slot.config),
            )
            for each, slot, name, color in zip(
                shown, live.slots, live.names, live.colors, strict=True
            )
        ]
        return network_chart(lanes, inside=inside)

    live_chart("network", "The contenders as diagrams", live.key, make)


def _look(config: TrainConfig) -> History | None:
    """Its network before the first step, where the server shows pictures and can have it."""
    if not SHEETS.is_served:
        return None
    with suppress(OSError):
        return first_look(config)
    return None
