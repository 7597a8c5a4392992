"""What probes and common steps cost a comparison: ``python -m benchmarks.race``.

Trains AFN, ASRNorm and BN with and without probes, one after the other in this process, and prints
the processor's time of all that the run does (steps, tests, events, pictures) with them as a ratio
to that without. Then it trains the three side by side in worker processes, as one comparison and
as runs that nobody waits for, and prints the ratio of the times from the first step to the last.
The smallest of the repeats is taken on each side, alternating: keep the machine quiet all the same.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from afn.cost.records import describe_machine
from afn.engine.execution import execute
from afn.engine.probing import Probe
from afn.runs.history import History
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.work.folder import ENDED
from afn.work.runner import LocalRunner

NORMS = ("afn", "asrnorm", "bn")


def main() -> None:
    """Print ratios."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--dataset", default=TrainConfig().dataset)
    options.add_argument("--backbone", default=TrainConfig().backbone)
    options.add_argument("--epochs", type=int, default=TrainConfig().epochs)
    given = options.parse_args()
    torch.set_num_threads(1)
    config = TrainConfig(dataset=given.dataset, backbone=given.backbone, epochs=given.epochs)
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        for norm in NORMS:
            print(_of_probes(store, replace(config, norm=norm), given.repeats), flush=True)
        runner = LocalRunner(store)
        try:
            print(_of_common_steps(store, runner, config, given.repeats))
        finally:
            runner.close()


def _of_probes(store: RunStore, config: TrainConfig, repeats: int) -> str:
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(repeats):
        for asks in seconds:
            run = store.create(config)
            began = time.process_time()
            with _asking() if asks else _silent():
                for _ in execute(run):
                    pass
            seconds[asks].append(time.process_time() - began)
    most, least = min(seconds[True]), min(seconds[False])
    return f"{config.norm:<8} with probes {most:.2f} s, without {least:.2f} s: {most / least:.3f}"


@contextmanager
def _asking() -> Iterator[None]:
    yield


@contextmanager
def _silent() -> Iterator[None]:
    ask = Probe.ask
    Probe.ask = lambda *_, **__: iter(())  # type: ignore[method-assign]
    try:
        yield
    finally:
        Probe.ask = ask  # type: ignore[method-assign]


def _of_common_steps(
    store: RunStore, runner: LocalRunner, config: TrainConfig, repeats: int
) -> str:
    seconds: dict[str, list[float]] = {"together": [], "": []}
    _raced(store, runner, replace(config, max_steps=2), "")  # the worker is warm then
    for _ in range(repeats):
        for group, found in seconds.items():
            found.append(_raced(store, runner, config, group))
    together, alone = min(seconds["together"]), min(seconds[""])
    return (
        f"three side by side: in common steps {together:.2f} s, each alone {alone:.2f} s: "
        f"{together / alone:.3f}"
    )


def _raced(store: RunStore, runner: LocalRunner, config: TrainConfig, group: str) -> float:
    """Seconds from the first event of three runs to their last."""
    runs = [store.create(replace(config, norm=norm), group=group) for norm in NORMS]
    runner.submit(runs)
    began = None
    while not all(run.state().status in ENDED for run in runs):
        time.sleep(0.005)
        if began is None and any(History.of(run).num_steps for run in runs):
            began = time.monotonic()
    return time.monotonic() - (began or 0.0)


if __name__ == "__main__":
    main()
