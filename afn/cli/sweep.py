"""``python -m afn sweep SPEC.toml``: a sweep from its beginning to its table."""

import argparse
import csv
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from afn.cli.telling import Say
from afn.cli.terminal import Bar, bar
from afn.data import dataset_entry
from afn.engine.ready import check_ready
from afn.files import check_output
from afn.runs.history import History
from afn.runs.index import Line, RunIndex
from afn.runs.store import Run, RunStore
from afn.settings.config import TrainConfig
from afn.sweep.execution import Progress, begin, outdated_words, standing
from afn.sweep.plan import Planned, Point, SweepPlan, plan, words
from afn.sweep.saved import save
from afn.sweep.spec import read_spec
from afn.sweep.store import SweepStore
from afn.sweep.table import metrics, over_seeds, rows
from afn.wording import count_words, duration_words
from afn.work.cluster import runner_for
from afn.work.estimate import EntryOf, Pace, entries, expected_seconds, paces, seconds_of
from afn.work.runner import Runner

_POLL_SECONDS = 0.5
_SAY_SECONDS = 10.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("spec", type=Path, help="a TOML file; see docs/command-line.md")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="seeds 0 to N-1 (default: the file's)"
    )
    parser.add_argument("--max-runs", type=int, metavar="N", help="refuse to begin more than that")
    parser.add_argument("--plan", action="store_true", help="say what would be run, and end")
    parser.add_argument(
        "--output", type=Path, metavar="FILE",
        help="also write the table as .csv, or all results as .jsonl",
    )  # fmt: skip
    parser.add_argument(
        "--cluster", default="", metavar="ADDRESS",
        help="run on a Dask cluster, tcp:// or tls://host:port (default: AFN_CLUSTER, or here)",
    )  # fmt: skip


def run(options: argparse.Namespace, say: Say) -> None:
    """Begin or go on with a sweep, and tell its progress and its results."""
    spec = read_spec(options.spec)
    if options.seeds is not None:
        if options.seeds < 1:
            raise ValueError(f"--seeds must be at least 1, got {options.seeds}")
        spec = replace(spec, seeds=tuple(range(options.seeds)))
    if options.max_runs is not None:
        spec = replace(spec, max_runs=options.max_runs)
    if options.output and options.output.suffix not in (".csv", ".jsonl"):
        raise ValueError(f"--output takes a .csv or a .jsonl file, got {options.output}")
    if options.output:
        check_output(options.output)
    planned = plan(spec)
    _check_data(planned)
    store = RunStore()
    index = RunIndex(store)
    _say_plan(planned, index, say)
    if options.plan:
        return
    runner = runner_for(store, options.cluster)
    SweepStore(store).keep(spec)
    try:
        with bar("sweep", len(planned.runs)) as shown:
            _carry_out(planned, index, store, runner, shown, say)
    finally:
        runner.close()
    lines = lines_of(planned.runs, index)
    if options.output:
        if options.output.suffix == ".csv":
            _write(options.output, rows(planned.runs, lines))
        else:
            save(options.output, spec, planned.runs, lines)
        say(f"results in {options.output}", {"kind": "output", "path": str(options.output)})
    _say_results(planned, lines, say)


def lines_of(runs: Iterable[Planned], index: RunIndex) -> dict[str, Line]:
    """What is known of a sweep's runs, by their ids."""
    return index.some(planned.run_id for planned in runs)


def _check_data(planned: SweepPlan) -> None:
    entry_of = cache(dataset_entry)
    for run in planned.runs:
        check_ready(run.config, entry_of, to_its_end=True)


def _say_plan(planned: SweepPlan, index: RunIndex, say: Say) -> None:
    for skipped in planned.skipped:
        say(
            f"left out: {words(skipped.point)} ({skipped.reason})",
            {"kind": "skipped", "point": dict(skipped.point), "reason": skipped.reason},
        )
    lines = index.lines()
    by_id = {line.id: line for line in lines}
    progress = Progress.of(planned.runs, by_id)
    left = [
        run for run in planned.runs
        if standing(by_id.get(run.run_id)) in ("not begun", "interrupted")
    ]  # fmt: skip
    if older := outdated_words(planned.runs, by_id):
        say(older, {"kind": "older rule", "told": older})
    configs, entry_of = [run.config for run in left], entries()
    known = paces(lines, configs, entry_of)
    seconds = expected_seconds(configs, known, entry_of)
    told = (
        "unknown until the first are done"
        if seconds is None
        else f"about {duration_words(seconds)}"
    )
    say(
        f"{count_words(progress.total, 'run')}: {count_words(len(planned.points), 'point')} × "
        f"{count_words(len(planned.spec.seeds), 'seed')}; "
        f"{progress.ended} have their result; time for the rest: {told}",
        {
            "kind": "plan", "runs": progress.total, "points": len(planned.points),
            "ended": progress.ended, "seconds": seconds,
        },
    )  # fmt: skip
    _say_limits({run.point: run.config for run in left}, known, entry_of, say)


def _say_limits(
    left: Mapping[Point, TrainConfig], known: Sequence[Pace], entry_of: EntryOf, say: Say
) -> None:
    for point, config in left.items():
        entry, limit = entry_of(config.dataset), config.max_seconds
        seconds = seconds_of(config, known, entry) if entry else None
        if seconds is not None and seconds > limit:
            say(
                f"{words(point)} would take {duration_words(seconds)} and stop at its limit of "
                f"{duration_words(limit)}: raise max_seconds",
                {"kind": "limit", "point": dict(point), "seconds": seconds, "limit": limit},
            )


def _carry_out(
    planned: SweepPlan, index: RunIndex, store: RunStore, runner: Runner, shown: Bar, say: Say
) -> None:
    """Until every run has its result. What is lost on the way goes on once, and that is said."""
    resumed: set[str] = set()
    told = -_SAY_SECONDS
    while True:
        lines = lines_of(planned.runs, index)
        progress = Progress.of(planned.runs, lines)
        if progress.left or progress.active:
            runner.start()  # before anything is queued; a worker that died is replaced
        waiting = [run for run in planned.runs if run.run_id not in resumed]
        queued = begin(waiting, lines, store, runner)
        for work in queued:
            if work.id in lines:
                resumed.add(work.id)
                _say_resumed(work, lines[work.id], say)
        if queued:
            lines = lines_of(planned.runs, index)
        progress = Progress.of(planned.runs, lines)
        if not progress.active:
            return
        running = progress.counts.get("running", 0)
        shown.reach(progress.ended, progress.total, f"{count_words(running, 'run')} training")
        if time.monotonic() - told >= _SAY_SECONDS:
            told = time.monotonic()
            left = _seconds_left(planned, lines, index)
            _say_progress(progress, left, say, is_drawn=shown.is_drawn)
        time.sleep(_POLL_SECONDS)


def _say_resumed(work: Run, before: Line, say: Say) -> None:
    how = "goes on from its last checkpoint" if work.weights() else "begins again"
    say(
        f"{work.id} {how}: {before.reason or before.status}",
        {"kind": "resumed", "run": work.id, "reason": before.reason},
    )


def _seconds_left(planned: SweepPlan, lines: Mapping[str, Line], index: RunIndex) -> float | None:
    """From the paces of the runs that are done, and how far those are that run."""
    active = [
        run for run in planned.runs
        if standing(lines.get(run.run_id)) in ("waiting", "running")
    ]  # fmt: skip
    running = [standing(lines.get(run.run_id)) == "running" for run in active]
    shares = [
        History.of(index.store.open(run.run_id)).share_done(run.config.epochs) if runs else 0.0
        for run, runs in zip(active, running, strict=True)
    ]
    configs, entry_of = [run.config for run in active], entries()
    known = paces(index.lines(), configs, entry_of)
    # On a cluster as many run at once as there are workers.
    return expected_seconds(configs, known, entry_of, shares=shares, cores=sum(running) or None)


def _say_progress(
    progress: Progress, left: float | None, say: Say, *, is_drawn: bool = False
) -> None:
    told = f", about {duration_words(left)} left" if left else ""
    runs = progress.counts.get("running", 0)
    say(
        "" if is_drawn else f"{progress.ended} of {progress.total} done, {runs} run{told}",
        {
            "kind": "progress", **progress.to_json(), "seconds_left": left,
        },
    )  # fmt: skip


def _say_results(planned: SweepPlan, lines: Mapping[str, Line], say: Say) -> None:
    found = {
        metric.name: (metric, over_seeds(planned.runs, lines, metric))
        for metric in metrics(list(lines.values())).values()
    }
    for point in planned.points:
        told = []
        record: dict[str, Any] = {"kind": "result", "point": dict(point)}
        for name, (metric, by_point) in found.items():
            if (figures := by_point.get(point)) is None:
                continue
            record[name] = {
                "mean": figures.mean, "seeds": figures.n,
                "low95": figures.low if figures.n > 1 else None,
                "high95": figures.high if figures.n > 1 else None,
            }  # fmt: skip
            if name in ("clean", "corrupted", "step_ms") or (name == "diverged" and figures.mean):
                spread = f" ± {figures.half_width:.2f}" if figures.n > 1 else ""
                told.append(f"{metric.title} {figures.mean:.2f}{spread} {metric.unit}")
        say(f"{words(point)}: {'; '.join(told) or 'no result'}", record)
    progress = Progress.of(planned.runs, lines)
    failed = [lines[p.run_id] for p in planned.runs if _has_failed(lines.get(p.run_id))]
    for line in failed:
        say(f"{line.id} failed: {line.reason}", {"kind": "failed", "run": line.id})
    say(
        f"{progress.ended} of {count_words(progress.total, 'run')} have their result, "
        f"{progress.counts.get('diverged', 0)} diverged, {len(failed)} failed",
        {"kind": "end", **progress.to_json()},
    )


def _has_failed(line: Line | None) -> bool:
    return line is not None and standing(line) in ("failed", "interrupted")


def _write(path: Path, table: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
