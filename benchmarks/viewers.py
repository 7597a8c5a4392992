"""Many who watch one live comparison: ``python -m benchmarks.viewers``.

Three trainings run on this machine, and one server shows them. A viewer is what a browser is to
the server: a session over a websocket that opens the page, and the one connection of its feed. With
``--browsers N`` so many real ones look besides. Told are how long a step takes from the run's file
to the viewer (with real browsers: to the frame that paints it), what a viewer receives, what of one
core the server takes, and how long opening the page took.

``--sessions N`` lets N further visitors come and go, and tells what memory that took.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import tempfile
import threading
import time
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
from playwright.sync_api import ViewportSize
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from afn import TrainConfig
from afn.runs.store import Run, RunStore
from afn.work.runner import LocalRunner
from tests.app.browser import app_server, launched_chromium
from tests.waiting import IN_A_BROWSER, wait_for

FIRST_SECONDS = 120.0
AT_ONCE = 20
"""So many visitors are there at the same time when they come and go."""
CHART = "lambdas"
PAINTED = """() => {
  window.painted = [];
  let last = -1;
  const look = () => {
    const plot = [...document.querySelectorAll('.live-chart')]
      .find((chart) => chart.ariaLabel?.startsWith('λ over steps'))
      ?.querySelector('.js-plotly-plot');
    const step = plot?.data?.[0]?.x.at(-1) ?? -1;
    if (step > last) window.painted.push([step, performance.timeOrigin + performance.now()]);
    last = Math.max(step, last);
    requestAnimationFrame(look);
  };
  look();
}"""


class Steps:
    """When a run made each step, on this machine's clock.

    Events say it in seconds since the run's start; that is when the quickest event was seen.
    """

    def __init__(self, run: Run) -> None:
        self.seconds: dict[int, float] = {}
        self.start = float("inf")
        self._run, self._is_over = run, False
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        _, offset = self._run.events()
        while not self._is_over:
            events, offset = self._run.events(offset)
            now = time.time()
            for event in events:
                if event["kind"] == "step":
                    self.seconds[event["step"]] = event["seconds"]
                    self.start = min(self.start, now - event["seconds"])
            time.sleep(0.01)

    def lags(self, newest: list[tuple[int, float]]) -> list[float]:
        """How long after each recorded step a reader, told of the newest by and by, had it."""
        found: list[float] = []
        recorded = sorted(self.seconds)
        for (before, _), (now, at) in pairwise(newest):
            steps = recorded[bisect_right(recorded, before) : bisect_right(recorded, now)]
            found += [at - self.start - self.seconds[step] for step in steps]
        return found

    def close(self) -> None:
        self._is_over = True
        self._thread.join()


@dataclass
class Viewer:
    """One session and its feed."""

    address: str
    query: str
    opened: float = 0.0
    """Seconds until the page had come."""
    heard: list[tuple[int, float]] = field(default_factory=list)
    """Newest step of λ, and when it came."""
    received: int = 0
    """Bytes of the feed, packed as they come."""
    told: int = 0
    """The same unpacked."""
    problems: list[str] = field(default_factory=list)

    async def watch(self, is_open: asyncio.Event) -> None:
        """Until it is cancelled, or the server goes away."""
        url = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        began = time.perf_counter()
        async with connect(
            url, subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None, open_timeout=FIRST_SECONDS,
        ) as link:  # fmt: skip
            message = BackMsg()
            message.rerun_script.query_string = self.query
            await link.send(message.SerializeToString())
            channels: dict[str, str] = {}
            async with asyncio.timeout(FIRST_SECONDS):
                async for data in link:
                    assert isinstance(data, bytes)
                    if self._is_done(ForwardMsg.FromString(data), channels):
                        break
            self.opened = time.perf_counter() - began
            is_open.set()
            rest = asyncio.create_task(self._drain(link))
            try:
                await self._listen(channels)
            finally:
                rest.cancel()
                with suppress(asyncio.CancelledError, ConnectionClosed):
                    await rest

    def _is_done(self, message: ForwardMsg, channels: dict[str, str]) -> bool:
        match message.WhichOneof("type"):
            case "delta":
                element = message.delta.new_element
                if element.WhichOneof("type") == "exception":
                    self.problems.append(element.exception.type)
                elif element.WhichOneof("type") == "bidi_component" and element.bidi_component.json:
                    sent = json.loads(element.bidi_component.json)
                    if "channel" in sent:
                        channels[sent["key"]] = sent["channel"]
            case "script_finished":
                return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False

    async def _drain(self, link: object) -> None:
        async for _ in link:  # type: ignore[attr-defined]
            pass

    async def _listen(self, channels: dict[str, str]) -> None:
        where = urlsplit(self.address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**24)
        query = urlencode([("c", f"{name}::-1") for name in channels.values()])
        lines = [f"GET /feed?{query} HTTP/1.0", f"Host: {where.netloc}", "Accept-Encoding: gzip"]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        try:
            await reader.readuntil(b"\r\n\r\n")
            unpacking, text = zlib.decompressobj(31), b""
            while packed := await reader.read(2**16):
                self.received += len(packed)
                told = unpacking.decompress(packed)
                self.told += len(told)
                *whole, text = (text + told).split(b"\n")
                for line in whole:
                    name, _, body = line.removeprefix(b"data: ").partition(b" ")
                    if name.decode() == channels.get(CHART):
                        self._hear(json.loads(body))
        finally:
            writer.close()

    def _hear(self, message: dict[str, list[dict[str, list[list[str]]]]]) -> None:
        now = time.time()
        for chunk in message["chunks"]:
            for first, steps, _ in chunk.get("pts", []):
                if first == 0:  # the first run's
                    newest = np.frombuffer(base64.b64decode(steps), "<f4")[-1]
                    self.heard.append((int(newest), now))


async def watched(
    address: str, query: str, count: int, seconds: float
) -> tuple[list[Viewer], float]:
    """So many viewers, within so many seconds after all have opened the page; and when that was."""
    viewers = [Viewer(address, query) for _ in range(count)]
    opened = [asyncio.Event() for _ in viewers]
    tasks = []
    for viewer, event in zip(viewers, opened, strict=True):
        tasks.append(asyncio.create_task(viewer.watch(event)))
        await asyncio.sleep(5 / count)
    are_open = asyncio.gather(*(event.wait() for event in opened))
    await asyncio.wait([are_open, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in filter(asyncio.Task.done, tasks):
        raise RuntimeError("a viewer left before all had come") from task.exception()
    await asyncio.sleep(2)
    for viewer in viewers:
        viewer.heard.clear()
        viewer.received = viewer.told = 0
    began, before, since = time.monotonic(), cpu_seconds(address), time.time()
    await asyncio.sleep(seconds)
    share = (cpu_seconds(address) - before) / (time.monotonic() - began)
    print(f"{count:>3} viewers  the server takes {100 * share:.0f} % of one core", flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if problems := [problem for viewer in viewers for problem in viewer.problems]:
        raise RuntimeError(f"pages showed {', '.join(dict.fromkeys(problems))}")
    return viewers, since


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def process_of(address: str) -> Path:
    """Of the server at an address, a child of this process."""
    port = address.rpartition(":")[2]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if b"--port" in words and port.encode() in words:
                return path.parent
    raise RuntimeError(f"no server at {address}")


def cpu_seconds(address: str) -> float:
    """Of the processor, that the server at an address has taken."""
    fields = (process_of(address) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(address: str) -> float:
    """What the server at an address has in memory."""
    text = (process_of(address) / "status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def browsers(address: str, query: str, count: int) -> Iterator[list[list[tuple[int, float]]]]:
    """Real browsers that look meanwhile; what each painted is there once they have ended."""
    found: list[list[tuple[int, float]]] = []
    if not count:
        yield found
        return
    is_ready, is_over = threading.Event(), threading.Event()

    def look() -> None:
        try:
            with_browsers()
        finally:
            is_ready.set()

    def with_browsers() -> None:
        with launched_chromium() as browser:
            size: ViewportSize = {"width": 1280, "height": 1400}  # λ lies below the diagrams
            pages = [browser.new_page(viewport=size) for _ in range(count)]
            for page in pages:
                page.goto(f"{address}/?{query}")
                page.wait_for_selector(".live-chart-plot .main-svg", timeout=IN_A_BROWSER)
                page.evaluate(PAINTED)
            is_ready.set()
            is_over.wait()
            for page in pages:
                painted = page.evaluate("window.painted")
                found.append([(int(step), at / 1000) for step, at in painted])

    thread = threading.Thread(target=look)
    thread.start()
    is_ready.wait()
    if not thread.is_alive():
        raise RuntimeError("the browsers could not look: what is said above")
    try:
        yield found
    finally:
        is_over.set()
        thread.join()


def _told(count: int, address: str, query: str, steps: Steps, options: argparse.Namespace) -> None:
    """Measure so many viewers and print it."""
    load = os.getloadavg()[0]
    with browsers(address, query, options.browsers) as painted:
        viewers, since = asyncio.run(watched(address, query, count, options.seconds))
    for who, readers in (
        ("heard by a viewer", [viewer.heard for viewer in viewers]),
        ("painted by a browser", [[p for p in pairs if p[1] > since] for pairs in painted]),
    ):
        if lags := [lag for heard in readers for lag in steps.lags(heard)]:
            print(
                f"{count:>3} viewers  a step is {who} after "
                f"{1000 * statistics.median(lags):.0f} ms, median, {1000 * p95(lags):.0f} p95 "
                f"({len(lags)} steps)",
                flush=True,
            )
        elif who.startswith("heard"):
            raise RuntimeError("no viewer heard of a step: has the comparison ended?")
    received, told = (
        statistics.mean(each) / options.seconds / 1024
        for each in zip(*((viewer.received, viewer.told) for viewer in viewers), strict=True)
    )
    opened = [viewer.opened for viewer in viewers]
    print(
        f"{count:>3} viewers  each receives {received:.1f} KB a second, packed from {told:.1f}; "
        f"the page came after {statistics.median(opened):.1f} s, median, {p95(opened):.1f} p95; "
        f"load before {load:.1f}",
        flush=True,
    )


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 20, 97])
    parser.add_argument("--browsers", type=int, default=3, help="real ones besides (default 3)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each number (default 15)")
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
            _measure(store, runs, options)
        finally:
            runner.close()


def _measure(store: RunStore, runs: list[Run], options: argparse.Namespace) -> None:
    env = {"AFN_RUNS_DIR": str(store.root), "AFN_DATA_DIR": str(store.root / "no-data")}
    query = "run=" + "~".join(run.id for run in runs)
    steps = Steps(runs[0])
    with app_server(env, store.root.parent / "log") as address:
        for count in options.viewers:
            _told(count, address, query, steps, options)
        if options.sessions:
            before = memory_mb(address)
            for _ in range(-(-options.sessions // AT_ONCE)):
                asyncio.run(watched(address, query, AT_ONCE, 1))
            after = memory_mb(address)
            print(
                f"{options.sessions} further sessions: {before:.0f} to {after:.0f} MB", flush=True
            )
            _told(1, address, query, steps, options)
    steps.close()


if __name__ == "__main__":
    main()
