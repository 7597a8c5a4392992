"""A server in use for long: ``python -m benchmarks.soak``.

Visitors come and go on all pages, press Start and look at what trains, and now and then a process
that trains, or the worker that all of them come from, is killed. Told are how many came, started
and were killed, what memory the server took, and what went wrong, of which there is to be nothing:
no page with an error, no line in the server's log, no run that neither trains nor says why not.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path

from afn.runs.store import Run, RunStore
from afn.work.folder import ENDED, read_json
from benchmarks.sessions import opened, within
from benchmarks.viewers import memory_mb
from tests.app.browser import app_server
from tests.waiting import wait_for

PAGES = (
    "", "lessons", "lambda", "gamma-beta", "robustness", "domains", "ablations", "inside", "cost",
    "paper", "runs",
)  # fmt: skip
LINK = "c=afn&c=bn&data=digits8&widths=4-8&epochs=40"
AT_ONCE = 4
KILL_EVERY = 20.0
"""Seconds, on average."""


def start(address: str) -> str:
    """Order a comparison as the button does; says why where it was refused."""
    order = {"order": f"{time.perf_counter_ns()}", "link": LINK}
    request = urllib.request.Request(
        f"{address}/start", json.dumps(order).encode(), {"Sec-Fetch-Site": "same-origin"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.loads(answer.read()).get("refused", ""))


def killed(runs: list[Run], chance: random.Random) -> str:
    """Kill something that trains, or the worker behind it; says what."""
    pids = [(read_json(run.path / "claim.json") or {}).get("pid") for run in runs]
    alive = [pid for pid in pids if pid and Path(f"/proc/{pid}").exists()]
    if not alive:
        return ""
    pid, what = chance.choice(alive), "a run"
    if chance.random() < 0.3:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        pid, what = int(stat[1]), "the worker"
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return what


def use(address: str, store: RunStore, minutes: float, chance: random.Random) -> Counter[str]:
    """Use the server for so long; counts what was done, and what went wrong."""
    done: Counter[str] = Counter()
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        page = chance.choice(PAGES)
        try:
            asyncio.run(within(1, AT_ONCE, partial(opened, page=page), address))
            done["visits"] += AT_ONCE
        except (RuntimeError, TimeoutError, OSError) as error:
            done[f"wrong: /{page}: {error!r}"] += 1
        running = [run for run in store.list() if run.state().status == "running"]
        if len(running) < 2:
            refused = start(address)
            done["comparisons"] += 1
            if refused:
                done[f"wrong: {refused}"] += 1
        elif chance.random() < 2.0 / KILL_EVERY and (what := killed(running, chance)):
            done[f"killed: {what}"] += 1
        time.sleep(1)
    return done


def main() -> None:
    """Use a server, and print how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=30.0, help="of use (default 30)")
    parser.add_argument("--seed", type=int, default=0, help="of what is done (default 0)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, log = RunStore(Path(folder) / "runs"), Path(folder) / "log"
        env = {"AFN_RUNS_DIR": str(store.root), "AFN_DATA_DIR": f"{folder}/no-data"}
        with app_server(env, log) as address:
            asyncio.run(opened(address))
            before = memory_mb(address)
            chance = random.Random(options.seed)
            done = use(address, store, options.minutes / 2, chance)
            half = memory_mb(address)
            done += use(address, store, options.minutes / 2, chance)
            after = memory_mb(address)
            start(address)  # what is left, and one more, comes to its end
            with suppress(AssertionError, TimeoutError):
                wait_for(
                    lambda: all(run.state().status in ENDED for run in store.list()), "all runs"
                )
            left = [run for run in store.list() if run.state().status not in ENDED]
            newest = store.list()[0].state()
        told = [line for line in log.read_text().splitlines() if line and "http://" not in line]
    for what, count in sorted(done.items()):
        print(f"{what:<50} {count}")
    print(f"{'memory':<50} {before:.0f} MB before, {half:.0f} at half, {after:.0f} after")
    print(f"{'runs that stand still':<50} {len(left)}   target 0")
    print(f"{'the last comparison':<50} {newest.status}   target finished")
    print(f"{'lines in the log':<50} {len(told)}   target 0")
    for line in told[:20]:
        print(f"    {line}")


if __name__ == "__main__":
    main()
