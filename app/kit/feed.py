"""News of what changes by itself, pushed to all who look: read and encoded once for everybody.

A `Channel` is one thing on screen, such as a chart of three runs. What it says goes through an
append-only log of numbered chunks: the first that a reader gets holds all there is, every later one
only what came since. Who reads says up to which number he has it, so a lost connection, another way
of sending, or a tab that slept cost nothing but the chunks between.

`respond` is the route: one connection a tab, as server-sent events, for all channels on its page.
Nothing here knows Streamlit; a page announces its channels, by which the route knows them.
"""

import asyncio
import json
import logging
import secrets
import struct
import threading
import time
import zlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

_log = logging.getLogger(__name__)
PATH = "/feed"
TICK_SECONDS = 0.25
"""How often channels that somebody reads are asked for news."""
KEPT = 240
"""Chunks of a channel, about a minute: who was away for longer gets everything afresh."""
SILENCE_SECONDS = 10.0
"""After so much silence a comment is sent: proxies cut connections that seem dead."""
AWAY_SECONDS = 10.0
"""After a longer pause all is sent afresh, evenly thinned, instead of one coarse stretch."""
FORGOTTEN_SECONDS = 60.0
"""A channel that nobody reads or announces for so long is dropped, once another is announced."""


class Drawn(Protocol):
    """What a channel says; `app.kit.draw.chart.Chart` is one."""

    @property
    def subject(self) -> Hashable:
        """What is drawn; with another subject or spec the drawing begins anew."""

    @property
    def spec(self) -> dict[str, Any]:
        """How it is drawn."""

    @property
    def reading(self) -> str:
        """The sentence that goes with it."""

    @property
    def feed(self) -> Callable[[Any], tuple[dict[str, Any], Any]]:
        """What is new since a cursor (None: everything), and the cursor to go on from."""

    @property
    def is_final(self) -> bool:
        """Whether no more is to come; then all is sent once more, less thinned than the ticks."""


@dataclass
class Channel:
    """One thing on screen as the server has it for everybody."""

    make: Callable[[], Drawn]
    """Looks how it stands now; called on every tick."""
    epoch: str = ""
    is_broken: bool = False
    """Whether looking failed; the page that announces it anew tries again."""
    wanted_at: float = field(default_factory=time.monotonic)
    _drawn: tuple[Hashable, dict[str, Any]] | None = None
    _reading: str = ""
    _is_final: bool = False
    _advanced_at: float = 0.0
    _cursor: Any = None
    _last: int = -1
    _chunks: deque[bytes] = field(default_factory=lambda: deque(maxlen=KEPT))
    _whole: tuple[int, bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def advance(self) -> None:
        """Take what is new into the log."""
        with self._lock, self._told_if_broken():
            self._advance(self.make())

    def since(self, epoch: str, number: int) -> tuple[bytes | None, tuple[str, int]]:
        """The message to who has the chunks of `epoch` up to `number`, and what he has then.

        The message is None where there is no news.
        """
        with self._lock, self._told_if_broken():
            if self._drawn is None:
                self._advance(self.make())
            if epoch == self.epoch and number == self._last:
                return None, self.at
            return self._missing(epoch, number) or self._message([self._everything()]), self.at
        return None, ("", -1)

    def at_hand(self, epoch: str, number: int) -> tuple[bytes | None, tuple[str, int]]:
        """The same; no message where there is more to do than to put chunks together, too."""
        if not self._lock.acquire(blocking=False):
            return None, (epoch, number)
        try:
            return self._missing(epoch, number), self.at
        finally:
            self._lock.release()

    def _missing(self, epoch: str, number: int) -> bytes | None:
        """The chunks behind that number, where they are kept."""
        missing = self._last - number
        if epoch == self.epoch and 0 < missing <= len(self._chunks):
            return self._message(list(self._chunks)[-missing:])
        return None

    def _message(self, chunks: Sequence[bytes]) -> bytes:
        return b'{"epoch":"%s","chunks":[%s]}' % (self.epoch.encode(), b",".join(chunks))

    @contextmanager
    def _told_if_broken(self) -> Iterator[None]:
        """What fails ends neither the feed nor other channels; readers hear that it is gone."""
        try:
            yield
        except Exception as error:
            self.is_broken = True
            _log.warning("%s could not be looked at: %r", self._drawn and self._drawn[0], error)

    @property
    def at(self) -> tuple[str, int]:
        """Epoch and number of the newest chunk."""
        return self.epoch, self._last

    def _advance(self, drawn: Drawn) -> None:
        if (drawn.subject, drawn.spec) != self._drawn:
            self._drawn = (drawn.subject, drawn.spec)
            self.epoch, self._last, self._cursor = secrets.token_hex(4), -1, None
            self._chunks.clear()
            self._whole = None
        elif drawn.is_final and not self._is_final:
            self._restart()
        self._is_final = drawn.is_final
        news, cursor = drawn.feed(self._cursor)
        now = time.monotonic()
        if news and self._last >= 0 and now - self._advanced_at > AWAY_SECONDS:
            self._restart()
            news, cursor = drawn.feed(None)
        self._cursor, self._advanced_at = cursor, now
        if drawn.reading != self._reading:
            news = {**news, "reading": drawn.reading}
            self._reading = drawn.reading
        if news or self._last < 0:
            self._last += 1
            self._chunks.append(_encoded({"n": self._last, **news}))

    def _restart(self) -> None:
        """The same drawing afresh: the part before the dot names it, so readers keep their zoom."""
        self.epoch = f"{self.epoch.partition('.')[0]}.{secrets.token_hex(2)}"
        self._last, self._cursor, self._whole = -1, None, None
        self._chunks.clear()

    def _everything(self) -> bytes:
        """One chunk in place of all up to the newest."""
        if self._whole and self._whole[0] == self._last:
            return self._whole[1]
        drawn = self.make()
        self._advance(drawn)  # others are told of it bit by bit
        everything, _ = drawn.feed(None)
        whole = {"n": self._last, "spec": drawn.spec, "reading": drawn.reading, **everything}
        self._whole = self._last, _encoded(whole)
        return self._whole[1]


async def _packed(events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The same as one gzip stream, in which each part can be read as soon as it is there."""
    check, size, head = 0, 0, b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    async with aclosing(events):
        async for part in events:
            check, size = zlib.crc32(part, check), size + len(part)
            yield head + _block(part)
            head = b""
    yield head + b"\3\0" + struct.pack("<II", check, size % 2**32)


@lru_cache(maxsize=64)
def _block(part: bytes) -> bytes:
    """Packed by itself: blocks of deflate stand one behind the other, so all readers share it."""
    packing = zlib.compressobj(6, wbits=-14)
    return packing.compress(part) + packing.flush(zlib.Z_SYNC_FLUSH)


def _encoded(chunk: dict[str, Any]) -> bytes:
    return json.dumps(chunk, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class Feed:
    """The channels of a server."""

    def __init__(self) -> None:
        self.is_served = False
        self._is_closed = False
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()
        self._ticked: asyncio.Event | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._readers: dict[str, int] = {}

    def announce(self, name: str, make: Callable[[], Drawn]) -> Channel:
        """The channel of that name; `make` of who announces it last is asked what it says."""
        now = time.monotonic()
        with self._lock:
            for other, channel in list(self._channels.items()):
                if now - channel.wanted_at > FORGOTTEN_SECONDS:
                    del self._channels[other]
            channel = self._channels.setdefault(name, Channel(make))
            channel.make, channel.wanted_at, channel.is_broken = make, now, False
            return channel

    def __getitem__(self, name: str) -> Channel:
        return self._channels[name]

    def serve(self, base: str) -> Route:
        """The route to it below the server's base path; from now on pages count on it."""
        self.is_served = True
        return Route(base + PATH, self.respond)

    def close(self) -> None:
        """End every connection: a server that is to stop waits for them."""
        self._is_closed = True
        if self._ticked:
            self._ticked.set()

    async def respond(self, request: Request) -> StreamingResponse:
        """Answer ``?c=NAME:EPOCH:NUMBER``, once per channel, the latter two where known."""
        had = dict(map(position, request.query_params.getlist("c")))
        events = self._events(had)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            events, headers["Content-Encoding"] = _packed(events), "gzip"
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def _events(self, had: Mapping[str, tuple[str, int]]) -> AsyncGenerator[bytes]:
        positions = dict(had)
        for name in positions:
            self._readers[name] = self._readers.get(name, 0) + 1
        try:
            yield b"retry: 1000\nevent: here\ndata: at once, where nothing holds it back\n\n"
            told_at = time.monotonic()
            while not self._is_closed:
                ticked, said = self._next_tick(), list[bytes]()
                for name, has in list(positions.items()):
                    channel = self._channels.get(name)
                    if channel is None or channel.is_broken:
                        del positions[name]
                        said.append(b"event: gone\ndata: %s\n\n" % name.encode())
                        continue
                    if has == channel.at:
                        continue
                    message, now = channel.at_hand(*has)
                    if message is None:
                        message, now = await asyncio.to_thread(channel.since, *has)
                    positions[name] = now
                    if message:
                        said.append(b"event: news\ndata: %s %s\n\n" % (name.encode(), message))
                if not said and time.monotonic() - told_at > SILENCE_SECONDS:
                    said.append(b": still here\n\n")
                if said:
                    told_at = time.monotonic()
                    yield b"".join(said)
                await ticked.wait()
        finally:
            for name in had:
                self._readers[name] -= 1
                if not self._readers[name]:
                    del self._readers[name]

    def _next_tick(self) -> asyncio.Event:
        if self._ticked is None:
            self._ticked = asyncio.Event()
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._tick())
        return self._ticked

    async def _tick(self) -> None:
        """Ask the channels for news as long as somebody reads."""
        while self._readers and not self._is_closed:
            began = time.monotonic()
            await asyncio.to_thread(self._advance, list(self._readers))
            ticked, self._ticked = self._ticked, asyncio.Event()
            if ticked:
                ticked.set()
            await asyncio.sleep(max(0.05, TICK_SECONDS - (time.monotonic() - began)))

    def _advance(self, names: Sequence[str]) -> None:
        for channel in filter(None, map(self._channels.get, names)):
            channel.wanted_at = time.monotonic()
            channel.advance()


def position(text: str) -> tuple[str, tuple[str, int]]:
    """A channel's name, and the epoch and number that a reader of it has; nothing: the start."""
    name, _, rest = text.partition(":")
    epoch, _, number = rest.partition(":")
    return name, (epoch, int(number) if number.isdecimal() else -1)


FEED = Feed()
"""The one of this server."""
