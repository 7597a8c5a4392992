"""What the page of one's own model shows: its settings and their link form."""

from dataclasses import dataclass

from afn.ask.network import Network, Stats
from afn.ask.records import Place, Question
from afn.ask.tasks import GridTask

from ...kit.batch_controls import BATCH_SIZES, STATISTICS
from ...kit.view import View, ViewState, in_link
from .words import HELP

CLEAN: Place = (None, 0)
IMAGES = 500
"""Test images that accuracy is counted on."""
NORMS = ("afn", "asrnorm", "bn", "in", "gn", "ln", "bin")
"""What a model can be converted to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class YoursView(View):
    """Which model, and on what its copies are tested."""

    model: str = in_link("model", "")
    """Of those that the server was started with; empty for the first."""
    dataset: str = in_link("data", "")
    """Empty for that of the model's classes."""
    stats: str = in_link("stats", "trained", tuple(STATISTICS))
    batch_size: int = in_link("batch", 128, BATCH_SIZES)
    norm: str = in_link("norm", "afn", NORMS)
    """That it may be converted to next."""

    def question(self, network: Network) -> Question:
        """What each copy is asked."""
        stats: Stats | None = None
        if self.stats == "running":
            stats = "running"
        elif self.stats == "batch":
            stats = "batch"
        return network.question(
            num_images=IMAGES, dataset=self.dataset, stats=stats, batch_size=self.batch_size
        )

    def task(self, network: Network) -> GridTask:
        """Its clean images."""
        return GridTask(network=network, question=self.question(network), places=(CLEAN,))


VIEW = ViewState("yours", YoursView, anchor="model", help=HELP)
