"""The live feed: what is new is read once, numbered, and reaches everybody whole."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pytest
from starlette.requests import Request

from app.kit.feed import KEPT, Channel, Feed, _block, _packed
from tests.waiting import awaited

Value = TypeVar("Value")


@pytest.fixture(autouse=True)
def _nobody_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.kit.feed.AWAY_SECONDS", 1e9)


@dataclass
class Told:
    """Something that grows: its values are what is drawn."""

    values: list[int] = field(default_factory=list)
    subject: str = "a"
    is_final: bool = False
    reads: int = 0

    @property
    def spec(self) -> dict[str, Any]:
        return {"kind": "list"}

    @property
    def reading(self) -> str:
        return f"{len(self.values)} values."

    def feed(self, cursor: int | None) -> tuple[dict[str, Any], int]:
        self.reads += 1
        new = self.values[cursor or 0 :]
        return ({"pts": new} if new else {}), len(self.values)


def told(message: bytes | None) -> dict[str, Any]:
    assert message is not None
    found: dict[str, Any] = json.loads(message)
    return found


def points(message: bytes | None) -> list[int]:
    return [value for chunk in told(message)["chunks"] for value in chunk.get("pts", [])]


def test_the_first_message_holds_everything_and_what_follows_is_news():
    source = Told([1, 2])
    channel = Channel(lambda: source)
    message, had = channel.since("", -1)
    assert told(message)["chunks"] == [
        {"n": 0, "spec": {"kind": "list"}, "reading": "2 values.", "pts": [1, 2]}
    ]
    source.values += [3]
    channel.advance()
    message, had = channel.since(*had)
    assert told(message)["chunks"] == [{"n": 1, "pts": [3], "reading": "3 values."}]
    assert channel.since(*had) == (None, had)


def test_who_comes_late_and_who_was_there_have_the_same_points():
    source = Told()
    channel = Channel(lambda: source)
    early, had = [], ("", -1)
    for value in range(20):
        source.values.append(value)
        if value % 3 == 0:
            channel.advance()
        if value % 5 == 0:
            message, had = channel.since(*had)
            early += points(message) if message else []
        if value == 11:
            late, of_late = channel.since("", -1)
            kept = points(late)
    channel.advance()
    for reader, known in ((early, had), (kept, of_late)):
        message, _ = channel.since(*known)
        assert reader + (points(message) if message else []) == list(range(20))


def test_everybody_who_opens_at_once_is_answered_from_one_reading():
    source = Told([1])
    channel = Channel(lambda: source)
    channel.since("", -1)
    reads = source.reads
    assert {channel.since("", -1)[0] for _ in range(30)} == {channel.since("", -1)[0]}
    assert source.reads == reads


def test_who_was_away_for_long_gets_everything_in_one_chunk():
    source = Told([0])
    channel = Channel(lambda: source)
    _, had = channel.since("", -1)
    for value in range(1, KEPT + 2):
        source.values.append(value)
        channel.advance()
    chunks = told(channel.since(*had)[0])["chunks"]
    assert [chunk["n"] for chunk in chunks] == [KEPT + 1]
    assert chunks[0]["spec"]
    assert chunks[0]["pts"] == source.values


def test_another_subject_begins_anew():
    source = Told([1])
    channel = Channel(lambda: source)
    _, had = channel.since("", -1)
    source.subject, source.values = "b", [7]
    channel.advance()
    message, now = channel.since(*had)
    assert now[0] != had[0]
    assert points(message) == [7]


def test_what_has_ended_and_who_was_not_looked_at_are_sent_afresh(monkeypatch):
    source = Told([1])
    channel = Channel(lambda: source)
    _, begun = channel.since("", -1)
    source.values += [2]
    source.is_final = True
    channel.advance()
    message, final = channel.since(*begun)
    assert points(message) == [1, 2]
    assert final[0].partition(".")[0] == begun[0].partition(".")[0]  # the reader keeps his zoom
    channel.advance()
    assert channel.since(*final) == (None, final)
    source.values += [3]
    monkeypatch.setattr("app.kit.feed.AWAY_SECONDS", -1.0)
    channel.advance()
    assert points(channel.since(*final)[0]) == [1, 2, 3]


def events_of(text: bytes) -> tuple[str, str]:
    kind, _, rest = text.decode().partition("\n")
    return kind.removeprefix("event: "), rest.removeprefix("data: ").strip()


async def first(events: AsyncIterator[bytes], count: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    async for part in events:
        told = part.strip().split(b"\n\n")
        found += [events_of(event) for event in told if event.startswith(b"event")]
        if len(found) >= count:
            break
    return found


def test_a_connection_carries_all_channels_of_a_page_and_goes_on_where_it_was():
    feed = Feed()
    sources = {name: Told([1, 2]) for name in "ab"}
    for name, source in sources.items():
        feed.announce(name, lambda source=source: source)

    async def read() -> None:
        events = feed._events({"a": ("", -1), "b": ("", -1)})
        begun = await asyncio.wait_for(first(events, 2), 30)
        assert [(kind, data[0]) for kind, data in begun] == [("news", "a"), ("news", "b")]
        epoch = json.loads(begun[0][1][2:])["epoch"]
        await events.aclose()
        sources["a"].values.append(3)
        again = feed._events({"a": (epoch, 0)})
        ((_, data),) = await asyncio.wait_for(first(again, 1), 30)
        assert points(data[2:].encode()) == [3]
        await again.aclose()

    awaited(read())


def test_a_packed_connection_says_each_event_at_once_and_ends_with_its_reader():
    feed, source = Feed(), Told([1, 2])
    feed.announce("a", lambda: source)
    scope = {"type": "http", "query_string": b"c=a", "headers": [(b"accept-encoding", b"gzip")]}

    async def read() -> None:
        answer = await feed.respond(Request(scope))
        assert answer.headers["content-encoding"] == "gzip"
        unpacking, pieces = (
            zlib.decompressobj(31),
            cast(AsyncGenerator[bytes], answer.body_iterator),
        )
        for expected in (b"event: here", b"event: news"):
            piece = await asyncio.wait_for(anext(pieces), 30)
            text = unpacking.decompress(piece)
            assert expected in text
            assert text.endswith(b"\n\n")
        await pieces.aclose()
        assert not feed._readers

    awaited(read())


def test_what_many_read_is_packed_once_and_a_feed_that_closes_ends_whole():
    feed, source = Feed(), Told([1, 2])
    feed.announce("a", lambda: source)
    _block.cache_clear()

    async def read() -> None:
        readers = [_packed(feed._events({"a": ("", -1)})) for _ in range(20)]
        sent = [[await asyncio.wait_for(anext(reader), 30)] for reader in readers]
        for reader, pieces in zip(readers, sent, strict=True):
            pieces.append(await asyncio.wait_for(anext(reader), 30))
        source.values.append(3)
        for reader, pieces in zip(readers, sent, strict=True):
            pieces.append(await asyncio.wait_for(anext(reader), 30))
        assert _block.cache_info().misses == 3, "a greeting, all there is, and one piece of news"
        feed.close()
        for reader, pieces in zip(readers, sent, strict=True):
            pieces += [piece async for piece in reader]
        texts = {gzip.decompress(b"".join(pieces)) for pieces in sent}
        assert len(texts) == 1
        assert texts.pop().count(b"event: news") == 2

    awaited(read())


def test_a_channel_that_is_not_there_is_told_as_gone():
    async def read() -> list[tuple[str, str]]:
        events = Feed()._events({"nothing": ("", -1)})
        found = await asyncio.wait_for(first(events, 1), 30)
        await events.aclose()
        return found

    assert awaited(read()) == [("gone", "nothing")]


def test_a_channel_that_fails_ends_alone():
    feed = Feed()
    source = Told([1])
    broken = Told([1])
    feed.announce("good", lambda: source)
    feed.announce("bad", lambda: broken)
    broken.feed = lambda cursor: (_ for _ in ()).throw(OSError("no such run"))  # type: ignore[method-assign]

    async def read() -> list[tuple[str, str]]:
        events = feed._events({"bad": ("", -1), "good": ("", -1)})
        found = await asyncio.wait_for(first(events, 2), 30)
        await events.aclose()
        return found

    found = awaited(read())
    assert [kind for kind, _ in found] == ["gone", "news"]


def test_a_channel_that_nobody_wants_is_dropped_and_one_that_is_read_stays(monkeypatch):
    feed = Feed()
    for name in ("read", "left"):
        feed.announce(name, Told)
    monkeypatch.setattr("app.kit.feed.FORGOTTEN_SECONDS", 0.0)
    feed._advance(["read"])
    kept = feed["read"].wanted_at
    monkeypatch.setattr("app.kit.feed.time.monotonic", lambda: kept)
    feed.announce("new", Told)
    assert feed["read"]
    with pytest.raises(KeyError):
        feed["left"]


@pytest.mark.parametrize("text", ["a", "a:", "a:x:", "a:x:many"])
def test_a_position_that_says_nothing_means_everything(text: str):
    from app.kit.feed import position

    assert position(text)[0] == "a"
    assert position(text)[1][1] == -1
