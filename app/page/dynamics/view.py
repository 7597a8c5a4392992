"""What the λ page shows: its settings and their link form."""

from dataclasses import dataclass
from typing import get_args

from afn.runs.course import Quantity
from afn.settings.lambda_init import LAMBDAS

from ...kit.view import View, ViewState, in_link
from .words import HELP

MAX_RUNS = 8
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
ALL = "all"
BY = ("λ", "layer")
SEEDS = ("band", "lines")
AXES = ("linear", "log")


@dataclass(frozen=True, kw_only=True, slots=True)
class DynamicsView(View):
    """Which runs are looked at, and how."""

    runs: tuple[str, ...] = in_link("runs", (), most=MAX_RUNS)
    """Ids of runs and names of pretrained models; empty for the newest comparison."""
    quantity: Quantity = in_link("show", "lambda", QUANTITIES)
    which: str = in_link("of", ALL, (ALL, *LAMBDAS))
    """One λ, or all four."""
    by: str = in_link("by", "λ", BY)
    """What has a panel of its own."""
    seeds: str = in_link("seeds", "band", SEEDS)
    """How runs are drawn that differ by their seed alone."""
    axis: str = in_link("steps", "linear", AXES)
    """Of the steps."""

    @property
    def offered(self) -> tuple[str, ...]:
        """What ``which`` can be: of effective moves there are two, and layers show one λ each."""
        names = LAMBDAS[:2] if self.quantity == "move" else LAMBDAS
        return names if self.by == "layer" else (ALL, *names)

    @property
    def panels(self) -> tuple[str, ...]:
        """The λ that are drawn."""
        which = self.which if self.which in self.offered else self.offered[0]
        return self.offered[1:] if which == ALL else (which,)


VIEW = ViewState("dynamics", DynamicsView, anchor="runs", help=HELP)
