"""Runs and Ablations pages with thousands of runs: ``python -m benchmarks.many_runs``.

Lays finished runs, as quick to make as files are, into a temporary folder and times each page under
Streamlit's AppTest, whole script, in one process: cold (no index, as after its file was lost: who
ends a run puts it there), a new server's first look (with the index on disk), and every rerun.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from app.kit import backend

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


def runs_page() -> None:
    """The Runs page by itself; AppTest runs its source."""
    import streamlit as st

    from app.kit import routes
    from app.page.runs import page as runs

    elsewhere = st.Page(lambda: None, title="Elsewhere", url_path="elsewhere")
    routes.know({"playground": elsewhere, "dynamics": elsewhere})
    shown = st.Page(runs.render, title="Runs", url_path="runs", default=True)
    st.navigation([shown, elsewhere]).run()


def ablations_page() -> None:
    """The Ablations page by itself, with a ready-made sweep's results."""
    import streamlit as st

    from app.kit import routes
    from app.page.ablations import page as ablations

    elsewhere = st.Page(lambda: None, title="Elsewhere", url_path="elsewhere")
    routes.know({"playground": elsewhere})
    shown = st.Page(ablations.render, title="Ablations", url_path="ablations", default=True)
    st.navigation([shown, elsewhere]).run()


PAGES: dict[str, Callable[[], None]] = {"Runs": runs_page, "Ablations": ablations_page}


def opened(page: Callable[[], None]) -> AppTest:
    """A visit that has not begun."""
    at = AppTest.from_function(page, default_timeout=600)
    at.query_params.update({"sweep": "stability", "guess": "?"})
    return at


def timed(at: AppTest) -> float:
    """Seconds that a run of the whole script takes."""
    began = time.perf_counter()
    at.run()
    seconds = time.perf_counter() - began
    assert not at.exception, at.exception
    return seconds


def first_look(page: Callable[[], None]) -> float:
    """Seconds of a run in a server that knows nothing yet."""
    st.cache_resource.clear()
    return timed(opened(page))


def told(what: str, seconds: list[float]) -> None:
    """Print a line."""
    middle = statistics.median(seconds)
    every = ", ".join(f"{each:.2f}" for each in seconds)
    print(f"{what:<40}{middle:6.2f} s  ({every})")


def main() -> None:
    """Lay, measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES), metavar="TITLE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AFN_RUNS_DIR"] = folder
        lay(Path(folder), options.runs)
        for title in options.pages:
            page = PAGES[title]
            timed(opened(page))  # imports are not the page's
            cold = []
            for _ in range(options.times):
                (Path(folder) / ".index.jsonl").unlink(missing_ok=True)
                cold.append(first_look(page))
            told(f"{title}, {options.runs} runs, no index", cold)
            told(f"{title}, a new server", [first_look(page) for _ in cold])
            at = opened(page)
            timed(at)
            told(f"{title}, every rerun (asked: 1 s)", [timed(at) for _ in cold])
            began = time.perf_counter()
            backend.index().lines()
            print(f"of which the index is {time.perf_counter() - began:.2f} s")
            backend.runner().close()


if __name__ == "__main__":
    main()
