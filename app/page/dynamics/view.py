"""What the λ page shows: its settings and their link form."""

from dataclasses import dataclass
from typing import get_args

from afn.runs.course import Quantity
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.settings.lambda_init import LAMBDAS

from ...kit.view import View, ViewState, in_link
from .words import HELP

MAX_RUNS = 8
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
ALL = "all"
BY = ("λ", "layer")
SEEDS = ("band", "lines")
AXES = ("linear", "log")
CLEAN_IMAGES = "clean"
SEVERITIES = range(1, 6)


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
    map: str = in_link("map", "")
    """The network whose accuracy is mapped over λ; empty for the first that can be."""
    corruption: str = in_link("corruption", "contrast", (CLEAN_IMAGES, *CORRUPTION_NAMES))
    severity: int = in_link("severity", 5, SEVERITIES)
    point: tuple[str, ...] = in_link("point", (), most=2, repeats=True)
    """λ_μ and λ_σ, each 0 to 1, where the visitor's point stands; empty for where λ ended."""

    def __post_init__(self) -> None:
        super(DynamicsView, self).__post_init__()
        if self.point and (len(self.point) != 2 or not all(map(_is_share, self.point))):
            raise ValueError("point is λ_μ~λ_σ, each from 0 to 1, such as 0.5~0.25")

    @property
    def at(self) -> tuple[float, float] | None:
        """The visitor's point."""
        return (float(self.point[0]), float(self.point[1])) if self.point else None

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


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


VIEW = ViewState("dynamics", DynamicsView, anchor="runs", help=HELP)
