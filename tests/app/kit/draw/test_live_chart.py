from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.kit.draw.chart import HISTORY_BYTES, TICK_BYTES
from app.kit.draw.live_chart import ChunkLog, curve_points, encode, pack

SPEC: dict[str, Any] = {"kind": "curves"}


class Source:
    """Numbers that arrive over time, as a feed."""

    def __init__(self) -> None:
        self.values: list[int] = []

    def feed(self, cursor: int | None) -> tuple[dict[str, Any], int]:
        news = self.values[cursor or 0 :]
        return ({"values": news} if news else {}), len(self.values)


class Reader:
    """What the browser does with messages, in its fewest words."""

    def __init__(self) -> None:
        self.epoch, self.last, self.values = "", -1, list[int]()

    def receive(self, message: dict[str, Any]) -> bool:
        first = message["chunks"][0]["n"]
        if message["epoch"] != self.epoch:
            if first != 0:
                return False
            self.epoch, self.last, self.values = message["epoch"], -1, []
        if first > self.last + 1:
            return False
        for chunk in message["chunks"]:
            if chunk["n"] > self.last:
                self.values += chunk.get("values", [])
                self.last = chunk["n"]
        return True


def decode(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def offers(log: ChunkLog, source: Source, count: int) -> Iterator[dict[str, Any]]:
    for _ in range(count):
        source.values += [len(source.values), len(source.values) + 1]
        yield log.offer("run", SPEC, source.feed, 0.0)


def test_first_chunk_holds_spec_and_history() -> None:
    source = Source()
    source.values = [1, 2, 3]
    message = ChunkLog().offer("run", SPEC, source.feed, 0.0)
    assert message["chunks"] == [{"n": 0, "spec": SPEC, "values": [1, 2, 3]}]


def test_message_repeats_while_nothing_is_new() -> None:
    log, source = ChunkLog(), Source()
    *_, last = offers(log, source, 5)
    assert [chunk["n"] for chunk in last["chunks"]] == [2, 3, 4]
    assert log.offer("run", SPEC, source.feed, 1e6) == last


@pytest.mark.parametrize("dropped", [[1], [1, 2], [3, 4, 6, 7]])
def test_reader_misses_nothing_when_few_messages_drop(dropped: list[int]) -> None:
    source, reader = Source(), Reader()
    for number, message in enumerate(offers(ChunkLog(), source, 10)):
        assert number in dropped or reader.receive(message)
    assert reader.values == source.values


def test_resync_brings_back_what_too_many_drops_lost() -> None:
    log, source, reader = ChunkLog(), Source(), Reader()
    messages = list(offers(log, source, 6))
    assert reader.receive(messages[0])
    assert not reader.receive(messages[5])
    log.resync(messages[5]["epoch"])
    message = log.offer("run", SPEC, source.feed, 0.0)
    assert reader.receive(message)
    assert reader.values == source.values
    # The browser keeps its zoom by the part before the dot.
    assert message["epoch"].partition(".")[0] == messages[0]["epoch"].partition(".")[0]


def test_resync_of_a_past_epoch_changes_nothing() -> None:
    log, source = ChunkLog(), Source()
    *_, last = offers(log, source, 3)
    log.resync("past.1")
    assert log.offer("run", SPEC, source.feed, 0.0) == last


@pytest.mark.parametrize(("subject", "spec"), [("other", SPEC), ("run", {"kind": "bars"})])
def test_another_subject_or_spec_is_another_drawing(subject: str, spec: dict[str, Any]) -> None:
    log, source = ChunkLog(), Source()
    *_, last = offers(log, source, 5)
    message = log.offer(subject, spec, source.feed, 0.0)
    assert message["chunks"] == [{"n": 0, "spec": spec, "values": source.values}]
    assert message["epoch"].partition(".")[0] != last["epoch"].partition(".")[0]


def test_returning_reader_gets_the_history_afresh() -> None:
    log, source = ChunkLog(), Source()
    list(offers(log, source, 5))
    source.values.append(10)
    message = log.offer("run", SPEC, source.feed, 60.0)
    assert message["chunks"] == [{"n": 0, "spec": SPEC, "values": source.values}]


def test_failing_feed_loses_nothing() -> None:
    log, source = ChunkLog(), Source()
    list(offers(log, source, 2))

    def broken(cursor: int | None) -> tuple[dict[str, Any], int]:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        log.offer("run", SPEC, broken, 0.0)
    source.values.append(4)
    message = log.offer("run", SPEC, source.feed, 0.0)
    assert message["chunks"][-1] == {"n": 2, "values": [4]}


def test_pack_keeps_ends_and_is_fine_between() -> None:
    values = [1.0003, 0.9998, 1.0, 1.25]
    low, high, levels = pack(values)
    unpacked = low + (high - low) * np.frombuffer(base64.b64decode(levels), "<u2") / 65535
    np.testing.assert_allclose(unpacked, values, atol=(1.25 - 0.9998) / 65535)
    assert pack([0.5, 0.5])[:2] == [0.5, 0.5]


def test_a_final_chart_is_offered_whole_once() -> None:
    log, asked = ChunkLog(), []

    def feed(cursor: int | None) -> tuple[dict[str, Any], int]:
        asked.append(cursor)
        return {"pts": []} if cursor is None else {}, 1

    live = log.offer("run", {}, feed, 0.0)
    final = log.offer("run", {}, feed, 1.0, is_final=True)
    assert final["epoch"].partition(".")[0] == live["epoch"].partition(".")[0]
    assert final["epoch"] != live["epoch"]
    assert log.offer("run", {}, feed, 2.0, is_final=True) == final
    assert asked == [None, None, 1]


def test_encode_round_trip() -> None:
    values = [0.0474, -1e-30, 3e30, 0.0, math.nan]
    np.testing.assert_array_equal(decode(encode(values)), np.asarray(values, np.float32))


@pytest.mark.parametrize("lines", [2, 24, 60])
def test_three_runs_stay_within_five_kilobytes_a_tick(lines: int) -> None:
    log = ChunkLog()
    spec = {"kind": "curves", "panels": [{"title": "x" * 40}] * lines}

    def feed(cursor: int | None) -> tuple[dict[str, Any], int]:
        x = np.arange(100) + (cursor or 0)
        blocks = [(run * lines, x, np.zeros((lines, 100))) for run in range(3)]
        return {"pts": curve_points(blocks, most_bytes=TICK_BYTES)}, x[-1] + 1

    for _ in range(4):  # the spec leaves the overlap with the fourth
        message = log.offer("runs", spec, feed, 0.0)
    assert max(len(json.dumps(chunk)) for chunk in message["chunks"]) <= 1_350
    assert len(json.dumps({"key": "k", "alt": "a" * 200, **message})) <= 5_000


def test_thinning_spreads_evenly_and_keeps_the_newest() -> None:
    x = np.arange(10_000)
    [[first, steps, values]] = curve_points([(7, x, [x, 2 * x])], most_bytes=HISTORY_BYTES)
    kept = decode(steps)
    assert first == 7
    assert kept[0] == 0
    assert kept[-1] == 9_999
    assert np.ptp(np.diff(kept)) <= 1
    np.testing.assert_array_equal(decode(values).reshape(2, -1), [kept, 2 * kept])
    assert 0.9 * HISTORY_BYTES < len(steps) + len(values) <= HISTORY_BYTES


def test_thinning_leaves_rare_measurements_whole() -> None:
    dense, rare = np.arange(1_000), np.arange(0, 1_000, 100)
    blocks = [(0, dense, [dense]), (1, rare, [rare]), (2, [], [[]])]
    points = {first: decode(steps) for first, steps, _ in curve_points(blocks, most_bytes=1_200)}
    np.testing.assert_array_equal(points[1], rare)
    assert len(points[0]) > 50
    assert 2 not in points


def page() -> None:
    import streamlit as st

    from app.kit.draw.live_chart import live_chart

    def feed(cursor: int | None) -> tuple[dict, int]:
        now = st.session_state.get("now", 1)
        return ({"marks": list(range(cursor or 0, now))} if now != cursor else {}), now

    live_chart("demo", subject="run", spec={"kind": "curves"}, feed=feed, alt="One line.")


def test_page_sends_only_what_is_new() -> None:
    at = AppTest.from_function(page).run()
    assert not at.exception

    def message() -> dict[str, Any]:
        [chart] = at.get("bidi_component")
        assert chart.proto.js_content.count("\n") == 1
        return json.loads(chart.proto.json)

    first = message()
    assert first["key"] == "demo"
    assert first["alt"] == "One line."
    assert first["chunks"] == [{"n": 0, "spec": {"kind": "curves"}, "marks": [0]}]
    at.run()
    assert message() == first
    at.session_state["now"] = 3
    at.run()
    assert message()["chunks"][1:] == [{"n": 1, "marks": [1, 2]}]
