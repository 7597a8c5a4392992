"""A whole sweep in this process, one run after the other: for programs, not for long sweeps."""

from collections.abc import Mapping
from contextlib import suppress

from afn.ask.sources import trained
from afn.runs.index import Line, RunIndex
from afn.runs.store import RunStore
from afn.sweep.plan import SweepPlan, plan
from afn.sweep.spec import SweepSpec


def carry_out(
    spec: SweepSpec, store: RunStore | None = None
) -> tuple[SweepPlan, Mapping[str, Line]]:
    """Train what the store lacks; ``python -m afn sweep`` uses all cores instead.

    Args:
        spec: What to run.
        store: Where runs are found and kept; that of ``AFN_RUNS_DIR`` by default.

    Returns:
        The runs, and what is known of each by its id: what `afn.sweep.table` takes. Those that
        diverged or failed say so there.

    Raises:
        ValueError: Nothing is left of the sweep, or it is too much.
    """
    store, planned = store or RunStore(), plan(spec)
    ids = {}
    for each in planned.runs:
        ids[each.run_id] = each.run_id
        with suppress(RuntimeError):  # its line tells
            ids[each.run_id] = trained(each.config, store=store).id
    lines = RunIndex(store).some(ids.values())
    return planned, {mine: lines[found] for mine, found in ids.items() if found in lines}
