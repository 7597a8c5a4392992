"""Visitors who come and go: ``python -m benchmarks.sessions``.

Told are what of the processor a session of the Playground takes the server to open, by itself and
with all that a browser loads on its first visit; how long thirty who come within five seconds wait
for the page; how long thirty who press Start within a second wait for their runs' place; and what
memory the server has more after many sessions were opened and closed. Sessions are a browser's
websocket, except where it says browser.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from benchmarks.viewers import AT_ONCE, FIRST_SECONDS, cpu_seconds, memory_mb, p95
from tests.app.browser import app_server, button, launched_chromium

BLOCK = 10
"""So many sessions are timed together: the clock of the processor ticks every 10 ms."""
LINK = "c=afn&c=bn&data=digits8&widths=4-8&epochs=1"


async def opened(address: str, page: str = "") -> float:
    """Seconds until a page has come to a new session, which then leaves."""
    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    began = time.perf_counter()
    async with asyncio.timeout(FIRST_SECONDS):
        async with connect(url, subprotocols=["streamlit"], max_size=None) as link:  # type: ignore[list-item]
            message = BackMsg()
            message.rerun_script.query_string = ""
            message.rerun_script.page_name = page
            await link.send(message.SerializeToString())
            async for data in link:
                assert isinstance(data, bytes)
                said = ForwardMsg.FromString(data)
                if said.delta.new_element.WhichOneof("type") == "exception":
                    raise RuntimeError(f"a page showed {said.delta.new_element.exception.type}")
                if said.WhichOneof("type") == "script_finished":
                    break
    return time.perf_counter() - began


async def started(address: str) -> float:
    """Seconds until an order is answered by its runs and their place."""
    order = {"order": f"{time.perf_counter_ns()}", "link": LINK}
    request = urllib.request.Request(
        f"{address}/start", json.dumps(order).encode(), {"Sec-Fetch-Site": "same-origin"}
    )

    def post() -> None:
        with urllib.request.urlopen(request, timeout=FIRST_SECONDS) as answer:
            assert "before" in json.loads(answer.read())

    began = time.perf_counter()
    await asyncio.to_thread(post)
    return time.perf_counter() - began


async def within(
    seconds: float, count: int, act: Callable[[str], Awaitable[float]], address: str
) -> list[float]:
    """So many who do it, evenly spread over so many seconds."""

    async def one(number: int) -> float:
        await asyncio.sleep(seconds * number / count)
        return await act(address)

    return list(await asyncio.gather(*map(one, range(count))))


def say(what: str, times: list[float], unit: str, target: str) -> None:
    told = f"{statistics.median(times):.2f} {unit}, median, {p95(times):.2f} p95 ({len(times)})"
    print(f"{what:<58} {told:<42} target {target}", flush=True)


def costs(address: str, repeats: int) -> list[float]:
    """Milliseconds of the processor for a session, by blocks."""
    found = []
    for _ in range(repeats):
        before = cpu_seconds(address)
        for _ in range(BLOCK):
            asyncio.run(opened(address))
        found.append(1000 * (cpu_seconds(address) - before) / BLOCK)
    return found


def first_visits(address: str, count: int) -> list[float]:
    """Milliseconds of the processor for a browser that has nothing of the app yet."""
    found = []
    with launched_chromium() as browser:
        for _ in range(count + 1):
            before = cpu_seconds(address)
            visitor = browser.new_context()
            page = visitor.new_page()
            page.goto(address)
            button(page, "Start").wait_for()
            page.wait_for_timeout(1500)  # what it loads for later
            found.append(1000 * (cpu_seconds(address) - before))
            visitor.close()
    return found[1:]  # the first had the files packed


def come_and_go(address: str, count: int) -> None:
    for _ in range(-(-count // AT_ONCE)):
        asyncio.run(within(1, AT_ONCE, opened, address))


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=6, help="blocks that are timed (default 6)")
    parser.add_argument("--browsers", type=int, default=5, help="first visits (default 5)")
    parser.add_argument("--people", type=int, default=30, help="at the same time (default 30)")
    parser.add_argument("--sessions", type=int, default=500, help="that come and go (default 500)")
    parser.add_argument("--rest", type=float, default=150, help="seconds after them (default 150)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = {"AFN_RUNS_DIR": f"{folder}/runs", "AFN_DATA_DIR": f"{folder}/no-data"}
        with app_server(env, Path(folder) / "log") as address:
            come_and_go(address, 50)
            asyncio.run(started(address))
            young = costs(address, options.repeats)
            say("processor for a session", young, "ms", "<= 120 ms")
            if options.browsers:
                times = first_visits(address, options.browsers)
                say("processor for a browser's first visit", times, "ms", "<= 120 ms")
            times = asyncio.run(within(5, options.people, opened, address))
            say(f"{options.people} who come within 5 s have the page after", times, "s", "<= 5 s")
            if options.sessions:
                before = memory_mb(address)
                come_and_go(address, options.sessions)
                at_once = memory_mb(address)
                time.sleep(options.rest)
                asyncio.run(opened(address))  # what is kept too long is dropped when one comes
                print(
                    f"{options.sessions} sessions came and went: {before:.0f} MB before, "
                    f"{at_once:.0f} behind, {memory_mb(address):.0f} after a rest   "
                    "target <= 60 MB more",
                    flush=True,
                )
                old = costs(address, options.repeats)
                say("processor for a session then", old, "ms", "as before")
            times = asyncio.run(within(1, options.people, started, address))
            say(f"{options.people} who press Start within 1 s know after", times, "s", "<= 2 s")


if __name__ == "__main__":
    main()
