from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.kit.draw.live_chart import HISTORY_BYTES, TICK_BYTES, curve_points, encode, pack
from app.kit.feed import FEED
from tests.waiting import PATIENCE


def decode(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_pack_keeps_ends_and_is_fine_between() -> None:
    values = [1.0003, 0.9998, 1.0, 1.25]
    low, high, levels = pack(values)
    unpacked = low + (high - low) * np.frombuffer(base64.b64decode(levels), "<u2") / 65535
    np.testing.assert_allclose(unpacked, values, atol=(1.25 - 0.9998) / 65535)
    assert pack([0.5, 0.5])[:2] == [0.5, 0.5]


def test_encode_round_trip() -> None:
    values = [0.0474, -1e-30, 3e30, 0.0, math.nan]
    np.testing.assert_array_equal(decode(encode(values)), np.asarray(values, np.float32))


@pytest.mark.parametrize("lines", [2, 24, 60])
def test_three_runs_stay_within_a_kilobyte_and_a_half_a_tick(lines: int) -> None:
    x = np.arange(100)
    blocks = [(run * lines, x, np.zeros((lines, 100))) for run in range(3)]
    assert len(json.dumps(curve_points(blocks, most_bytes=TICK_BYTES))) <= 1_350


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
    import secrets

    import streamlit as st

    from app.kit.draw.chart import Chart
    from app.kit.draw.live_chart import live_chart

    now = st.session_state.setdefault("now", [1])
    visitor = st.session_state.setdefault("visitor", secrets.token_hex(8))

    def make() -> Chart:
        end = now[0]

        def feed(cursor: int | None) -> tuple[dict, int]:
            return ({"marks": list(range(cursor or 0, end))} if end != cursor else {}), end

        return Chart("run", {"kind": "curves"}, feed, f"{end} marks.", list)

    live_chart("demo", "One line", visitor, make)


def message(at: AppTest) -> dict[str, Any]:
    [chart] = at.get("bidi_component")
    assert chart.proto.js_content.count("\n") == 1
    found: dict[str, Any] = json.loads(chart.proto.json)
    return found


def test_without_a_feed_the_page_sends_what_is_new_and_a_little_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.kit.feed.AWAY_SECONDS", 1e9)
    at = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert not at.exception
    first = message(at)
    assert (first["key"], first["title"]) == ("demo", "One line")
    spec = {"kind": "curves"}
    assert first["chunks"] == [{"n": 0, "spec": spec, "marks": [0], "reading": "1 marks."}]
    assert message(at.run())["chunks"] == []
    for end in (3, 4, 5, 6, 7):
        at.session_state["now"][0] = end
        at.run()
    assert [(chunk["n"], chunk["marks"]) for chunk in message(at)["chunks"]] == [
        (2, [3]), (3, [4]), (4, [5]), (5, [6]),
    ]  # fmt: skip


def test_with_a_feed_the_page_names_its_channel_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FEED, "is_served", True)
    told = message(AppTest.from_function(page, default_timeout=PATIENCE).run())
    assert told.keys() == {"key", "title", "props", "turn", "channel", "polls"}
    all_of_it, _ = FEED[told["channel"]].since("", -1)
    assert json.loads(all_of_it or b"")["chunks"][0]["marks"] == [0]
