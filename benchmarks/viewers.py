"""Many who watch one live comparison: ``python -m benchmarks.viewers``.

Three trainings run on this machine, and two servers beside them show them; the servers differ in
one setting, whether Streamlit collects all garbage after every rerun. Viewers are sessions over
websockets that do what a browser does: they open the page and ask for their live part once a
second. A tick lasts from the question to the word that the part is done. Both servers are measured
in turns, the first in each turn alternating, and told as ratios; machines that are busy with else
tell less, so the load before each turn is printed.

``--sessions N`` lets N visitors come and go on each server, and tells what memory that took.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from afn import TrainConfig
from afn.runs.store import RunStore
from afn.work.runner import LocalRunner
from app.kit.garbage import EVERY_SECONDS
from tests.app.browser import ROOT, streamlit_server
from tests.waiting import wait_for

SETTING = "STREAMLIT_RUNNER_POST_SCRIPT_GC"
FIRST_SECONDS = 60.0
AT_ONCE = 20
"""So many visitors are there at the same time when they come and go."""


class Viewer:
    """One session: it opens a page and follows its live part."""

    def __init__(self, address: str, query: str) -> None:
        self.url, self.query = address.replace("http", "ws", 1) + "/_stcore/stream", query
        self.ticks: list[float] = []
        self.problems: list[str] = []
        self.is_open = asyncio.Event()
        self._is_done = asyncio.Event()
        self._part: tuple[str, float] | None = None

    async def watch(self) -> None:
        """Until it is cancelled, or the server goes away."""
        async with connect(self.url, subprotocols=["streamlit"], max_size=None) as link:  # type: ignore[list-item]
            reading = asyncio.create_task(self._read(link))
            try:
                await self._ask(link, "")
                self.is_open.set()
                while self._part:
                    part, interval = self._part
                    began = time.perf_counter()
                    await self._ask(link, part)
                    self.ticks.append(time.perf_counter() - began)
                    await asyncio.sleep(max(0.0, interval - self.ticks[-1]))
            finally:
                reading.cancel()
                with suppress(asyncio.CancelledError, ConnectionClosed):
                    await reading

    async def _ask(self, link: ClientConnection, part: str) -> None:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.fragment_id = part
        message.rerun_script.is_auto_rerun = bool(part)
        self._is_done.clear()
        await link.send(message.SerializeToString())
        await asyncio.wait_for(self._is_done.wait(), FIRST_SECONDS)

    async def _read(self, link: ClientConnection) -> None:
        async for data in link:
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            match message.WhichOneof("type"):
                case "auto_rerun":
                    self._part = message.auto_rerun.fragment_id, message.auto_rerun.interval
                case "delta" if message.delta.new_element.WhichOneof("type") == "exception":
                    self.problems.append(message.delta.new_element.exception.type)
                case "script_finished" if (
                    message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
                ):
                    self._is_done.set()


async def watched(address: str, query: str, count: int, seconds: float) -> list[float]:
    """The ticks of so many viewers within so many seconds, once all have opened the page."""
    viewers = [Viewer(address, query) for _ in range(count)]
    tasks = []
    for viewer in viewers:
        tasks.append(asyncio.create_task(viewer.watch()))
        await asyncio.sleep(1 / count)
    await asyncio.gather(*(viewer.is_open.wait() for viewer in viewers))
    await asyncio.sleep(2)
    seen = [len(viewer.ticks) for viewer in viewers]
    await asyncio.sleep(seconds)
    ticks = [tick for v, first in zip(viewers, seen, strict=True) for tick in v.ticks[first:]]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if problems := [problem for viewer in viewers for problem in viewer.problems]:
        raise RuntimeError(f"pages showed {', '.join(dict.fromkeys(problems))}")
    if not ticks:
        raise RuntimeError("no viewer had a tick: has the comparison ended?")
    return ticks


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def memory_mb(address: str) -> float:
    """Of the server at an address, a child of this process."""
    port = address.rpartition(":")[2]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if b"--server.port" in words and port.encode() in words:
                text = (path.parent / "status").read_text()
                return int(text.partition("VmRSS:")[2].split()[0]) / 1024
    raise RuntimeError(f"no server at {address}")


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 20, 60])
    parser.add_argument("--turns", type=int, default=2, help="of each server (default 2)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of one turn (default 15)")
    parser.add_argument("--sessions", type=int, default=0, help="that come and go (default 0)")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "runs")
        runner = LocalRunner(store)
        runs = [
            store.create(replace(TrainConfig(), norm=norm, epochs=200, max_seconds=24 * 3600))
            for norm in ("afn", "asrnorm", "bn")
        ]
        runner.submit(runs)
        try:
            wait_for(lambda: all(run.events()[0] for run in runs), "the trainings to begin")
            _measure(store, "run=" + "~".join(run.id for run in runs), options)
        finally:
            runner.close()


def _measure(store: RunStore, query: str, options: argparse.Namespace) -> None:
    env = {"AFN_RUNS_DIR": str(store.root), "AFN_DATA_DIR": str(store.root / "no-data")}
    script, log = ROOT / "app" / "server.py", store.root.parent
    with (
        streamlit_server(script, {**env, SETTING: "true"}, log / "on.log") as on,
        streamlit_server(script, {**env, SETTING: "false"}, log / "off.log") as off,
    ):
        for address in (on, off):  # the first visit warms it up
            asyncio.run(watched(address, query, 1, 2))
        for count in options.viewers:
            _told(count, {"on": on, "off": off}, query, options)
        if options.sessions:
            for name, address in (("on", on), ("off", off)):
                before = memory_mb(address)
                for _ in range(-(-options.sessions // AT_ONCE)):
                    asyncio.run(watched(address, query, AT_ONCE, 1))
                time.sleep(EVERY_SECONDS + 5)
                after = memory_mb(address)
                print(
                    f"collection after every rerun {name:<3}  {options.sessions} further sessions: "
                    f"{before:.0f} to {after:.0f} MB",
                    flush=True,
                )
            _told(1, {"on": on, "off": off}, query, options)


def _told(count: int, servers: dict[str, str], query: str, options: argparse.Namespace) -> None:
    """Measure so many viewers on both servers in turns, and print it."""
    found: dict[str, list[list[float]]] = {name: [] for name in servers}
    loads = []
    for turn in range(options.turns):
        for name in list(servers)[:: 1 if turn % 2 == 0 else -1]:
            loads.append(os.getloadavg()[0])
            found[name].append(asyncio.run(watched(servers[name], query, count, options.seconds)))
    for name, turns in found.items():
        ticks = [tick for turn in turns for tick in turn]
        print(
            f"{count:>3} viewers  collection after every rerun {name:<3}  tick "
            f"{1000 * statistics.median(ticks):6.0f} ms median, {1000 * p95(ticks):6.0f} p95  "
            f"({len(ticks)} ticks)",
            flush=True,
        )
    ratios = [
        (statistics.median(a) / statistics.median(b), p95(a) / p95(b))
        for a, b in zip(found["on"], found["off"], strict=True)
    ]
    medians, tails = zip(*ratios, strict=True)
    print(
        f"{count:>3} viewers  on / off: {statistics.median(medians):.1f} of the medians, "
        f"{statistics.median(tails):.1f} of the p95; load before each turn "
        f"{', '.join(f'{load:.1f}' for load in loads)}",
        flush=True,
    )


if __name__ == "__main__":
    main()
