"""What a sweep costs besides its training: ``python -m benchmarks.sweeps``.

A sweep of short runs on the embedded digits, in a fresh runs folder and a worker that is warm:
how busy the cores are with runs, how long a run takes from its submission to its first step, and
what is left to do after the worker was killed in the middle. Times are of this machine; all
processes share its cores, so keep it quiet.
"""

import argparse
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from afn.cli.sweep import lines_of
from afn.runs.index import RunIndex
from afn.runs.store import Run, RunStore
from afn.settings.config import TrainConfig
from afn.sweep.execution import Progress, begin
from afn.sweep.plan import SweepPlan, plan
from afn.sweep.spec import SweepSpec
from afn.work.runner import LocalRunner

_POLL = 0.02
_PATIENCE = 1200.0


def main() -> None:
    """Print the figures beside what they are to be."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--runs", type=int, default=40, help="of the sweep (default 40)")
    options.add_argument("--repeats", type=int, default=9, help="of the start (default 9)")
    options.add_argument("--images", type=int, default=5000, help="to train on (default 5000, all)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        runner = LocalRunner(store)
        try:
            warm(store, runner)
            starts = [start_seconds(store, runner, seed) for seed in range(given.repeats)]
            print(
                f"submit to first step, warm: median {statistics.median(starts):.2f} s, worst "
                f"{max(starts):.2f} s (asked: 0.30 s)"
            )
            share, seconds = busy_share(store, runner, given.runs, given.images)
            print(
                f"{given.runs} runs in {seconds:.0f} s: cores busy with runs {100 * share:.0f} % "
                f"of the time (asked: 85 %)"
            )
            print(after_a_kill(store, runner, given.images))
        finally:
            runner.close()


def warm(store: RunStore, runner: LocalRunner) -> None:
    """One run to its end: the worker is there."""
    run = store.create(TrainConfig(epochs=1, corruptions=(), seed=999))
    runner.submit_behind([run])
    wait_for(lambda: run.state().status == "finished")


def start_seconds(store: RunStore, runner: LocalRunner, seed: int) -> float:
    """From a run's submission to its first step's event, with nothing else to do."""
    run = store.create(TrainConfig(epochs=1, corruptions=(), seed=seed))
    began = time.perf_counter()
    runner.submit_behind([run])
    wait_for(lambda: any(event["kind"] == "step" for event in run.events()[0]))
    seconds = time.perf_counter() - began
    wait_for(lambda: run.state().status == "finished")
    return seconds


def busy_share(
    store: RunStore, runner: LocalRunner, num_runs: int, images: int
) -> tuple[float, float]:
    """Share of the cores' time in which runs were executed, and how long all took."""
    planned = sweep_of(num_runs, images, first_seed=100)
    began = time.perf_counter()
    begin(planned.runs, {}, store, runner)
    index = RunIndex(store)
    wait_for(lambda: _progress(planned, index).ended == num_runs, 0.2)
    seconds = time.perf_counter() - began
    lines = lines_of(planned.runs, index).values()
    executed = sum(line.summary["seconds"] for line in lines)
    return executed / (seconds * (os.cpu_count() or 1)), seconds


def after_a_kill(store: RunStore, runner: LocalRunner, images: int) -> str:
    """Kill the worker and its runs amid a sweep; go on; say what was lost."""
    planned = sweep_of(12, images, first_seed=1000, epochs=6)
    index = RunIndex(store)
    begin(planned.runs, {}, store, runner)
    wait_for(lambda: _progress(planned, index).ended >= 4)
    wait_for(lambda: any(_has_checkpoint(store, run.run_id) for run in planned.runs[4:]))
    worker = runner.worker_pid
    assert worker is not None
    for pid in (*_children(worker), worker):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not _progress(planned, index).counts.get("running"))
    before = lines_of(planned.runs, index)
    ended = _progress(planned, index).ended
    cut = [run for run in planned.runs if _is_cut_short(store.open(run.run_id))]
    kept = {run.run_id: _last_checkpoint(store.open(run.run_id)) for run in cut}
    begin(planned.runs, before, store, runner)
    runner.start()
    wait_for(lambda: _progress(planned, index).ended == len(planned.runs))
    again = [e for run in cut for e in store.open(run.run_id).events()[0] if e["kind"] == "resume"]
    resumed = {event["step"] for event in again}
    return (
        f"worker killed: {ended} of 12 runs were finished and stayed; {len(cut)} were cut short, "
        f"{len(again)} of them went on from steps {sorted(resumed)} of their last checkpoints "
        f"{sorted(kept.values())}; all 12 finished"
    )


def sweep_of(num_runs: int, images: int, *, first_seed: int, epochs: int = 2) -> SweepPlan:
    """AFN and BN, by seed."""
    seeds = range(first_seed, first_seed + num_runs // 2)
    base = {
        "dataset": "mnist5k",
        "epochs": epochs,
        "corruptions": [],
        "evals_per_epoch": 1,
        "train_images": images,
    }
    return plan(
        SweepSpec.from_json({"base": base, "axes": {"norm": ["bn", "afn"]}, "seeds": list(seeds)})
    )


def wait_for(condition: Callable[[], bool], poll: float = _POLL) -> None:
    """Until it is so."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the sweep does not get on: see the runs folder")
        time.sleep(poll)


def _progress(planned: SweepPlan, index: RunIndex) -> Progress:
    return Progress.of(planned.runs, lines_of(planned.runs, index))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _has_checkpoint(store: RunStore, run_id: str) -> bool:
    run = store.open(run_id)
    return run.state().status == "running" and run.weights() is not None


def _is_cut_short(run: Run) -> bool:
    return (run.path / "claim.json").exists() and not (run.path / "end.json").exists()


def _last_checkpoint(run: Run) -> int:
    weights = run.weights()
    return int(weights.stem.removeprefix("step-")) if weights else 0


if __name__ == "__main__":
    main()
