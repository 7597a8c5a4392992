"""What the λ page shows: its settings and their link form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import streamlit as st

from afn.course import Quantity
from afn.lambda_init import LAMBDAS

from ...kit import links
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


def to_url(view: DynamicsView) -> dict[str, str]:
    """Query parameters that reproduce the view; defaults are left out."""
    return links.to_url(view, _URL)


def from_url(url: Mapping[str, Sequence[str]]) -> tuple[DynamicsView, list[str]]:
    """The view that a link asks for, and one line for each thing in it that cannot be."""
    return links.from_url(DynamicsView, _URL, url)


# -- the session -----------------------------------------------------------------------------------

_VIEW = ViewState("dynamics", from_url, to_url, anchor="runs")
_PROPOSED = "dynamics.proposed"

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> list[str]:
    """Adopt what the address asks for, ready the widgets; returns its problems."""
    is_asked, _ = _VIEW.begin()
    if is_asked:
        st.session_state.pop(_PROPOSED, None)
    return _VIEW.problems()


def propose(runs: Sequence[str]) -> None:
    """Runs for an address that names none: once, for the visitor may want to clear them."""
    if _PROPOSED not in st.session_state:
        st.session_state[_PROPOSED] = True
        if not st.session_state[key("runs")]:
            st.session_state[key("runs")] = list(runs)
