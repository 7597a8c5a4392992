"""What the λ page shows: its settings and their link form."""

from dataclasses import dataclass
from typing import get_args

from afn.runs.course import Quantity
from afn.settings.lambda_init import LAMBDAS

from ...kit.view import ViewState

MAX_RUNS = 8
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
ALL = "all"
BY = ("λ", "layer")
SEEDS = ("band", "lines")
AXES = ("linear", "log")


@dataclass(frozen=True, kw_only=True, slots=True)
class DynamicsView:
    """Which runs are looked at, and how."""

    runs: tuple[str, ...] = ()
    """Ids of runs and names of pretrained models; empty for the newest comparison."""
    quantity: Quantity = "lambda"
    which: str = ALL
    """One λ, or all four."""
    by: str = "λ"
    """What has a panel of its own."""
    seeds: str = "band"
    """How runs are drawn that differ by their seed alone."""
    axis: str = "linear"
    """Of the steps."""

    def __post_init__(self) -> None:
        for name, known in (
            ("quantity", QUANTITIES),
            ("which", (ALL, *LAMBDAS)),
            ("by", BY),
            ("seeds", SEEDS),
            ("axis", AXES),
        ):
            if (value := getattr(self, name)) not in known:
                text = f"{value}"[:40]
                raise ValueError(f"{_URL[name]} is one of {', '.join(known)}, not {text!r}")
        if len(self.runs) > MAX_RUNS:
            raise ValueError(f"up to {MAX_RUNS} runs fit, not {len(self.runs)}")

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


_URL = {
    "runs": "runs",
    "quantity": "show",
    "which": "of",
    "by": "by",
    "seeds": "seeds",
    "axis": "steps",
}
"""Field -> URL parameter."""


# -- the session -----------------------------------------------------------------------------------

_VIEW = ViewState("dynamics", DynamicsView, _URL, anchor="runs")

begin, from_url, to_url = _VIEW.begin, _VIEW.from_url, _VIEW.to_url
key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write
propose, settle = _VIEW.propose, _VIEW.settle
