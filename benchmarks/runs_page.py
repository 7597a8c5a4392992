"""The Runs page with thousands of runs: ``python -m benchmarks.runs_page``.

Lays finished runs, as quick to make as files are, into a temporary folder and times the page under
Streamlit's AppTest, whole script, in one process: cold (no index yet), cold again (a new process's
first look, with the index that the last one left on disk) and warm (every rerun after it).
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

from afn.engine.config import TrainConfig
from afn.runs import RunStore
from app import backend

NORMS = ("afn", "asrnorm", "bn", "in", "gn")


def lay(root: Path, count: int) -> None:
    """So many finished runs."""
    store = RunStore(root)
    for i in range(count):
        config = TrainConfig(norm=NORMS[i % len(NORMS)], seed=i, lr=0.05 if i % 2 else 0.1)
        run = store.create(config, name=f"run {i}", run_id=f"run-{i:05d}")
        (run.path / "checkpoints" / "step-00000093.safetensors").touch()
        run.events_path.write_text(json.dumps({"kind": "start", "step": 0, "seconds": 0}) + "\n")
        summary = {"step": 93, "epoch": 3, "accuracy": 0.9, "seconds": 8.0, "changes": 0}
        run.end("finished", "", summary)


def page() -> None:
    """The Runs page by itself; AppTest runs its source."""
    import streamlit as st

    from app.views import runs

    elsewhere = st.Page(lambda: None, title="Elsewhere", url_path="elsewhere")
    shown = st.Page(
        lambda: runs.render(open_page=elsewhere, dynamics_page=elsewhere),
        title="Runs", url_path="runs", default=True,
    )  # fmt: skip
    st.navigation([shown, elsewhere]).run()


def timed(at: AppTest) -> float:
    """Seconds that a run of the whole script takes."""
    began = time.perf_counter()
    at.run()
    seconds = time.perf_counter() - began
    assert not at.exception, at.exception
    return seconds


def first_look(count: int) -> float:
    """Seconds of a run in a server that knows nothing yet."""
    st.cache_resource.clear()
    at = AppTest.from_function(page, default_timeout=600)
    seconds = timed(at)
    assert len(at.dataframe[0].value) == count
    return seconds


def told(what: str, seconds: list[float]) -> None:
    """Print a line."""
    middle = statistics.median(seconds)
    every = ", ".join(f"{each:.2f}" for each in seconds)
    print(f"{what:<28}{middle:6.2f} s  ({every})")


def main() -> None:
    """Lay, measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AFN_RUNS_DIR"] = folder
        lay(Path(folder), options.runs)
        timed(AppTest.from_function(page, default_timeout=600))  # imports are not the page's
        cold = []
        for _ in range(options.times):
            (Path(folder) / ".index.jsonl").unlink(missing_ok=True)
            cold.append(first_look(options.runs))
        told(f"{options.runs} runs, no index", cold)
        told("a new server, index on disk", [first_look(options.runs) for _ in cold])
        at = AppTest.from_function(page, default_timeout=600)
        timed(at)
        told("every rerun (target 1 s)", [timed(at) for _ in cold])
        began = time.perf_counter()
        backend.index().lines()
        print(f"of which the index{time.perf_counter() - began:16.2f} s")


if __name__ == "__main__":
    main()
