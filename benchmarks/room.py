"""A class votes at once, and trains: ``python -m benchmarks.room --phones 100 --voters 30``.

Told are how long it takes from a vote, of thirty pressed within a second, until the projector has
heard of it, and from the teacher's next step until each phone has; then, of a round of as many
networks, one a phone, how long until the first result and until all; last, of a server that is
killed meanwhile and started again, how long until the class is there again and trains on. Phones
are connections of the feed, not browsers.
"""

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.sessions import say
from benchmarks.viewers import process_of
from tests.app.browser import app_server

SUBJECT = "lesson:hidden-hero"
COMPARISON = "playground:c=afn&c=bn&data=mnist5k"
PREDICTS = 20.0
"""Seconds that a class takes to predict, at least, before it trains."""
MOST_LOST = 6
"""So many of them train, at most, when the server is killed."""
PATIENCE = 1200
"""Seconds that a round may take."""


def post(address: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a request is answered."""
    request = urllib.request.Request(
        f"{address}/{path}", json.dumps(body).encode(), {"Origin": address}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


class Listener:
    """Somebody who hears how a room stands."""

    def __init__(self, address: str, code: str) -> None:
        self._where, self._code = urlsplit(address), code
        self.heard: list[tuple[float, dict[str, Any]]] = []
        """When, and how it stood then."""
        self.is_there = asyncio.Event()

    async def listen(self) -> None:
        """Until it is cancelled."""
        reader, writer = await asyncio.open_connection(self._where.hostname, self._where.port)
        writer.write(f"GET /feed?c=room.{self._code} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        try:
            async for line in reader:
                if line.startswith(b"data: room."):
                    message = json.loads(line.split(b" ", 2)[2])
                    for chunk in message["chunks"]:
                        self.heard.append((time.perf_counter(), chunk.get("now", {})))
                    self.is_there.set()
        finally:
            writer.close()


async def measured(address: str, *, phones: int, voters: int) -> None:
    """Let a class vote and go on, and print what that took."""
    opened = await asyncio.to_thread(post, address, "room/open", {"from": SUBJECT})
    code, teacher = opened["code"], opened["token"]
    joined = [
        await asyncio.to_thread(post, address, f"room/{code}/join", {}) for _ in range(phones)
    ]
    urllib.request.urlopen(f"{address}/room/{code}/state").read()
    listeners = [Listener(address, code) for _ in range(phones + 1)]
    tasks = [asyncio.create_task(listener.listen()) for listener in listeners]
    await asyncio.gather(*(listener.is_there.wait() for listener in listeners))
    steps: list[float] = []
    for step in (2, 1):  # to the answers and back to the votes
        began = time.perf_counter()
        await asyncio.to_thread(post, address, f"room/{code}/go", {"token": teacher, "step": step})
        await asyncio.sleep(2)
        for listener in listeners:
            at = [when for when, now in listener.heard if when > began and now["step"] == step]
            steps.append(min(at, default=float("inf")) - began)
    votes = await _voted(address, code, joined[:voters], listeners[0])
    for task in tasks:
        task.cancel()
    say(f"{voters} votes within a second: until the projector has one", votes, "s", "<= 0.5 p95")
    say(f"the next step until each of {phones} phones has it", steps, "s", "<= 0.5 p95")


async def _voted(
    address: str, code: str, joined: list[dict[str, Any]], projector: Listener
) -> list[float]:
    """From each vote to the first count that holds as many as were pressed by then."""
    pressed: list[float] = []

    async def one(number: int, token: str) -> None:
        await asyncio.sleep(number / len(joined))
        pressed.append(time.perf_counter())
        vote = {"token": token, "poll": 0, "round": 0, "choice": number % 4}
        await asyncio.to_thread(post, address, f"room/{code}/vote", vote)

    began = time.perf_counter()
    await asyncio.gather(*(one(i, each["token"]) for i, each in enumerate(joined)))
    await asyncio.sleep(2)
    heard = [(when, now.get("answered", 0)) for when, now in projector.heard if when > began]
    return [
        min((when for when, count in heard if count > number), default=float("inf")) - at
        for number, at in enumerate(sorted(pressed))
    ]


def _training(address: str, phones: int) -> tuple[str, list[str]]:
    """A class that has voted and may train: the room's code, and the phones' tokens."""
    opened = post(address, "room/open", {"from": COMPARISON})
    code, teacher = opened["code"], opened["token"]
    joined = [post(address, f"room/{code}/join", {})["token"] for _ in range(phones)]
    while (state := _state(address, code))["kind"] != "train":
        if state["round"] is not None:
            for number, token in enumerate(joined):
                vote = {"poll": 0, "round": state["round"], "choice": number % 3}
                post(address, f"room/{code}/vote", {"token": token, **vote})
        post(address, f"room/{code}/go", {"token": teacher, "step": state["step"] + 1})
    time.sleep(PREDICTS)
    return code, joined


def round_of(address: str, phones: int) -> None:
    """Have each phone of a class train a network, and print what that took."""
    code, joined = _training(address, phones)
    began = time.perf_counter()
    for token in joined:
        post(address, f"room/{code}/train", {"token": token})
    moves = first = 0.0
    while (took := time.perf_counter() - began) < PATIENCE:
        dots = _state(address, code).get("dots", [])
        if not moves and any(dot["share"] for dot in dots):
            moves = took
        if not first and any(dot["accuracy"] is not None for dot in dots):
            first = took
        if len(dots) == phones and all(dot["is_over"] for dot in dots):
            break
        time.sleep(0.2)
    tested = [dot["accuracy"] for dot in dots if dot["accuracy"] is not None]
    print(f"{phones} networks: the first trains after {moves:.1f} s, the first result after "
          f"{first:.1f} s (<= 5), all after {took:.0f} s (<= 180); {len(tested)} have a result, "
          f"{min(tested)} to {max(tested)} %", flush=True)  # fmt: skip


def restart(env: dict[str, str], log: Path, phones: int) -> None:
    """Kill a server while a class trains, start another, and print when that has the class."""
    with app_server(env, log) as address:
        code, joined = _training(address, phones)
        for token in joined:
            post(address, f"room/{code}/train", {"token": token})
        before: dict[str, Any] = {}
        while not any(dot["share"] for dot in before.get("dots", [])):
            before = _state(address, code)
        os.kill(int(process_of(address).name), signal.SIGKILL)
    there = 0.0
    began = time.perf_counter()
    with app_server(env, log, port=int(address.rpartition(":")[2])):
        while (took := time.perf_counter() - began) < PATIENCE:
            now = _state(address, code)
            dots = now.get("dots", [])
            same = all(now[name] == before[name] for name in ("step", "here", "counts"))
            if not there and same and len(dots) == phones:
                there = took
            if there and all(dot["is_over"] and dot["accuracy"] is not None for dot in dots):
                break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"the class did not come back as it was: {now}")
    print(f"a server killed while {phones} networks train: room, votes and runs are there "
          f"{there:.1f} s behind its new start (<= 5), all have a result after {took:.0f} s",
          flush=True)  # fmt: skip


def _state(address: str, code: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/room/{code}/state", timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=100)
    parser.add_argument("--voters", type=int, default=30)
    parser.add_argument("--rooms", type=int, default=3, help="one behind the other")
    parser.add_argument("--networks", type=int, default=30, help="of the round; 0: none")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = {"AFN_RUNS_DIR": f"{folder}/runs", "AFN_DATA_DIR": folder}
        with app_server(env, Path(folder) / "log") as address:
            for _ in range(args.rooms):
                asyncio.run(measured(address, phones=args.phones, voters=args.voters))
            if args.networks:
                round_of(address, args.networks)
        if args.networks:
            restart(env, Path(folder) / "log", min(args.networks, MOST_LOST))


if __name__ == "__main__":
    main()
