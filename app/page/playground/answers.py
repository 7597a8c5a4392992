"""What each contender reads in the same test images, while it learns."""

from ...kit.draw.chart import Chart
from ...kit.draw.live_chart import live_chart
from ...kit.draw.wall import wall_chart
from ...kit.plot import heading
from ...kit.sheets import sheet_address
from .live import Live
from .words import ABOUT


def render_answers(live: Live) -> None:
    """Draw the wall."""

    def make() -> Chart:
        return wall_chart(live.shown(), sheet_address)

    heading("What each one reads", "answers", ABOUT["answers"])
    live_chart("answers", "What each one reads", live.key, make)
