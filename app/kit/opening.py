"""Opening runs on another page."""

from collections.abc import Sequence
from typing import Any

from . import address

PLAYGROUND_RUNS = "run"
DYNAMICS_RUNS = "runs"
"""What those pages call the runs in their addresses."""


def in_playground(run_ids: Sequence[str], page: Any) -> None:
    """Open runs in the Playground, which is `page`."""
    address.go(page, {PLAYGROUND_RUNS: "~".join(run_ids)})


def in_dynamics(run_ids: Sequence[str], page: Any) -> None:
    """Open runs on the page of λ dynamics, which is `page`."""
    address.go(page, {DYNAMICS_RUNS: "~".join(run_ids)})
