"""The contenders as living diagrams, before Start and while they train."""

from ...kit import routes
from ...kit.draw.chart import Chart
from ...kit.draw.live_chart import live_chart
from ...kit.draw.network import Lane, network_chart
from .live import Live


def render_network(live: Live) -> None:
    """Draw a lane per contender."""
    inside = routes.path_of("inside")

    def make() -> Chart:
        shown, _ = live.look()
        lanes = [
            Lane(label=name, color=color, config=slot.config, shown=each)
            for each, slot, name, color in zip(
                shown, live.slots, live.names, live.colors, strict=True
            )
        ]
        return network_chart(lanes, inside=inside)

    live_chart("network", "The contenders as diagrams", live.key, make)
