"""A whole sweep in this process, one run after the other: for programs, not for long sweeps."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from afn.ask.sources import trained
from afn.runs.index import Line, RunIndex
from afn.runs.store import RunStore
from afn.stats.over_seeds import OverSeeds
from afn.sweep.plan import SweepPlan, plan, words
from afn.sweep.spec import SweepSpec
from afn.sweep.table import Metric, metrics, over_seeds


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep and what came out of it."""

    plan: SweepPlan
    lines: Mapping[str, Line]
    """What is known of each run, by its id in the plan."""

    def title(self, metric: str) -> str:
        """A metric's name as people read it."""
        return self._metric(metric).title

    def figures(self, metric: str) -> dict[str, OverSeeds]:
        """A metric at every point that has it, over seeds; in percent where it is an accuracy.

        Args:
            metric: "clean", "corrupted", a corruption, ...

        Raises:
            ValueError: No run has it.
        """
        found = over_seeds(self.plan.runs, self.lines, self._metric(metric))
        return {words(point): each for point, each in found.items()}

    def runs(self) -> dict[tuple[str, int], str]:
        """By its point and its seed each run's id in the store."""
        return {
            (words(run.point), run.config.seed): self.lines[run.run_id].id
            for run in self.plan.runs
            if run.run_id in self.lines
        }

    def _metric(self, name: str) -> Metric:
        known = metrics(list(self.lines.values()))
        if name not in known:
            raise ValueError(f"unknown metric {name!r}; these runs have {', '.join(known)}")
        return known[name]


def run_sweep(spec: Mapping[str, Any], store: RunStore | None = None) -> Swept:
    """Run a sweep in this process, one training after the other; what the store has is taken.

    Args:
        spec: As a sweep's file has it: ``base``, ``axes``, ``seeds``; see `afn.sweep.spec`.
        store: Where runs are found and kept; that of ``AFN_RUNS_DIR`` by default.

    Raises:
        ValueError: The specification does not fit, nothing is left of it, or it is too much.

    Example:
        >>> from afn import run_sweep
        >>> swept = run_sweep({
        ...     "name": "two rates", "seeds": [0], "axes": {"lr": [0.05, 0.1]},
        ...     "base": {"dataset": "digits8", "epochs": 1, "corruptions": []},
        ... })
        >>> list(swept.figures("clean"))
        ['lr 0.05', 'lr 0.1']
    """
    return Swept(*carry_out(SweepSpec.from_json(dict(spec)), store))


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
