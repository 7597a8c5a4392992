"""The comparison that the Playground opens with: ``python -m benchmarks.demo [--keep]``.

Trains it, and BN with the test batch too, over several seeds, and prints how far apart clean and
pale digits are. With ``--keep`` what the runs of the first seed said and drew is laid into
``app/reference/demo``, where the page finds it. It needs no data folder.
"""

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from afn.engine.execution import execute
from afn.runs.recorded import Recorded
from afn.runs.store import Run, RunStore
from afn.settings.config import TrainConfig
from app.kit.comparison import labels
from app.kit.demo import recorded
from app.kit.folders import DEMO

_SHEETS = 12
"""So many of a run's sheets of feature maps are kept, evenly spread, and the first and last."""
_LEFT_OUT = ("checkpoint",)


def main() -> None:
    """Print accuracy, clean and pale, over seeds."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--keep", action="store_true", help="make the records anew")
    options.add_argument("--steps", type=int, help="train no further, to try this script")
    given = options.parse_args()
    torch.set_num_threads(1)  # as the worker trains
    configs = recorded()
    if given.steps:
        configs = [replace(config, max_steps=given.steps) for config in configs]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AFN_DATA_DIR"] = f"{folder}/no-data"
        store = RunStore(Path(folder) / "runs")
        for config, name in zip(configs, labels(tuple(configs)), strict=True):
            runs = [_trained(store, replace(config, seed=seed)) for seed in range(given.seeds)]
            print(f"{name}: {', '.join(_told(runs)) or 'untested'}", flush=True)
            if given.keep:
                _keep(config, runs[config.seed])
    if given.keep:
        for path in DEMO.iterdir():
            if path.name not in {config.hash() for config in configs}:
                shutil.rmtree(path)
        size = sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file())
        print(f"{size / 1000:.0f} kB in {DEMO.name}")


def _trained(store: RunStore, config: TrainConfig) -> Run:
    run = store.create(config)
    for _ in execute(run):
        pass
    return run


def _told(runs: Iterable[Run]) -> Iterator[str]:
    """The accuracy of each kind of image: mean and standard deviation over the seeds."""
    by_kind: dict[str, list[float]] = {}
    for run in runs:
        for test in (run.state().summary or {})["tests"]:
            by_kind.setdefault(test["corruption"] or "clean", []).append(test["accuracy"])
    for kind, shares in by_kind.items():
        spread = f" ± {stdev(shares):.1%}" if len(shares) > 1 else ""
        yield f"{kind} {mean(shares):.1%}{spread}"


def _keep(config: TrainConfig, run: Run) -> None:
    """What a run said and drew, without what only a live run needs."""
    kept = Recorded("", DEMO / config.hash())
    shutil.rmtree(kept.path, ignore_errors=True)
    kept.sheets_path.mkdir(parents=True)
    events = [event for event in run.events()[0] if event["kind"] not in _LEFT_OUT]
    sheets = [event for event in events if event["kind"] == "sheet"]
    step = max(1, round(len(sheets) / _SHEETS))
    shown = {event["step"] for event in [*sheets[::step], sheets[-1]]}
    told = [each for each in events if each["kind"] != "sheet" or each["step"] in shown]
    for event in told:
        if file := {"sheet": "file", "probes": "sheet"}.get(event["kind"]):
            shutil.copyfile(run.sheets_path / event[file], kept.sheets_path / event[file])
    kept.write([_line(event) for event in told])


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


if __name__ == "__main__":
    main()
