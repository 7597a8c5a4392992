"""A chart in the page that is sent only what is new.

``live_chart`` mounts one browser component per ``key``. What it draws comes through a channel of
the live feed, see `app.kit.feed`: over the tab's one connection or, where there is none, with each
rerun of the part of the page that it stands in.

The spec says what is drawn; ``app/static/live_chart/`` has a file per kind, each naming its spec
and chunks at the top. JSON knows no NaN: gaps may only travel inside ``encode``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import plotly
import streamlit as st
from numpy.typing import ArrayLike

from ..components.scripts import module_line
from ..feed import FEED, Drawn
from ..folders import PLOTLY, STATIC
from ..handout.parts import Drawing
from ..handout.screen import screen
from ..sheets import pictured
from ..view import in_session, said

TICK_BYTES = 1_200
"""Room for the points of one tick, so that three overlapping ticks stay below 5 KB."""
HISTORY_BYTES = 60_000
"""Room for a whole history, which is thinned to it."""
_OVERLAP = 3
"""Messages of the page carry so many chunks: one or two may be lost."""


@dataclass
class _Sent:
    """What a session was sent of a chart, where the page sends it."""

    name: str = ""
    at: tuple[str, int] = ("", -1)


@dataclass
class _Connection:
    """Whether a browser can be fed; told by it."""

    is_absent: bool = False

    def give_up(self) -> None:
        self.is_absent = True


def is_fed() -> bool:
    """Whether charts are fed by themselves; else the part of the page that they stand in reruns."""
    return FEED.is_served and not in_session(_Connection).is_absent


def live_chart(
    key: str,
    title: str,
    of: Hashable,
    make: Callable[[], Drawn],
    *,
    turn: str | None = None,
    props: Mapping[str, Any] | None = None,
    told: Mapping[str, Callable[[], None]] | None = None,
) -> None:
    """Draw what `make` says, and keep it up to date.

    Args:
        key: Names the chart in this session; also the session key of the component.
        title: What the chart shows, for those who cannot see it; its reading is added.
        of: What `make` depends on, such as the runs and the layer: who shows the same shares it.
        make: Looks how it stands; called by whoever looked last, on behalf of all.
        turn: How the page around stands: where a chunk says another one, the page reruns. What is
            so central comes with the page, and by the feed from then on.
        props: What this session alone tells the drawing.
        told: What is called when the drawing says something, by its name; `told_by` gives it.
    """
    screen().say(handed_out(key, title, make, props or {}))
    name = f"{key}.{hashlib.sha256(repr(of).encode()).hexdigest()[:16]}"
    channel = FEED.announce(name, make)
    sent, polls = in_session(_Sent, key), not is_fed()
    if sent.name != name or not polls:
        sent.name, sent.at = name, ("", -1)
    message: dict[str, Any] = {"channel": name, "polls": polls}
    if polls or turn is not None:
        epoch, number = sent.at
        channel.advance()
        news, sent.at = channel.since(epoch, max(number - _OVERLAP, 0) if epoch else -1)
        message |= json.loads(news) if news else {"epoch": epoch, "chunks": []}
    calls: dict[str, Any] = {f"on_{name}_change": call for name, call in (told or {}).items()}
    _component(
        key=key,
        data={"key": key, "title": title, "turn": turn, "props": props or {}, **message},
        on_resync_change=lambda: setattr(sent, "name", ""),
        on_turn_change=lambda: None,
        on_feed_change=in_session(_Connection).give_up,
        **calls,
    )


def handed_out(
    key: str, title: str, make: Callable[[], Drawn], props: Mapping[str, Any] = MappingProxyType({})
) -> Drawing:
    """The chart for a file, with all that it has by the time somebody wants it."""

    def data() -> dict[str, Any] | None:
        drawn = make()
        kind = drawn.spec["kind"]
        everything, _ = drawn.feed(None)
        spec, everything = pictured(drawn.spec, everything)
        whole = {"n": 0, "spec": spec, "reading": drawn.reading, **everything}
        own = {**props, "plays": False} if kind == "scrubber" else {}  # others ask the page
        return {
            "key": key, "title": title, "turn": None, "props": own,
            "channel": key, "polls": True, "epoch": "whole", "chunks": [whole],
        }  # fmt: skip

    return Drawing(script="live_chart", css="live-chart", data=data, needs_plotly=True)


def told_by(key: str, name: str) -> Any:
    """What a drawing has said, for use in the callback."""
    return getattr(said(key), name)


def encode(values: ArrayLike) -> str:
    """Pack numbers for a chunk: little-endian float32 in base64."""
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()


def pack(values: ArrayLike) -> list[float | str]:
    """Pack finite numbers into half the room: lowest, highest, and 16-bit levels between them."""
    numbers = np.asarray(values, dtype=float)
    low, high = (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 0.0)
    levels = np.rint((numbers - low) / ((high - low) or 1.0) * 65535).astype("<u2")
    return [low, high, base64.b64encode(levels.tobytes()).decode()]


def curve_points(
    blocks: Iterable[tuple[int, Sequence[float], Sequence[Sequence[float]]]], *, most_bytes: int
) -> list[list[Any]]:
    """Pack curves for ``chunk["pts"]``, thinned evenly to about ``most_bytes``, newest points kept.

    A block is ``(first, steps, values)``: ``values`` has one row per line, from line ``first`` of
    the spec on, and all of them share ``steps``. Blocks without steps are left out. The longest are
    thinned first: what is measured once per epoch stays whole beside what is measured every step.
    """
    full = [(first, np.asarray(x), np.asarray(y)) for first, x, y in blocks if len(x)]
    columns = sum(1 + len(y) for _, _, y in full)
    room = most_bytes * 3 / 16 - 6 * len(full)  # float32 in base64, less each block's brackets
    packed = []
    for first, x, y in sorted(full, key=lambda block: len(block[1])):
        kept = min(len(x), max(1, int(room / columns)))
        columns -= 1 + len(y)
        room -= kept * (1 + len(y))
        rows = np.linspace(len(x) - 1, 0, kept, dtype=int)[::-1]
        packed.append([first, encode(x[rows]), encode(y[:, rows])])
    return packed


def curves_chunk(
    blocks: Iterable[tuple[int, Any, Any]], marks: Sequence[dict[str, Any]], *, is_history: bool
) -> dict[str, Any]:
    """A chunk of curves and marks, as far as there are any; a history is thinned less."""
    room = HISTORY_BYTES if is_history else TICK_BYTES
    chunk = {"pts": curve_points(blocks, most_bytes=room), "marks": list(marks)}
    return {name: found for name, found in chunk.items() if found}


def _lay_out_plotly() -> None:
    """Copy it beside our scripts, for a server without a route to it."""
    target = STATIC / PLOTLY.name
    if target.exists() and target.stat().st_size == PLOTLY.stat().st_size:
        return
    with tempfile.NamedTemporaryFile(dir=STATIC, prefix=".plotly", delete=False) as copy:
        shutil.copyfile(PLOTLY, copy.name)
    Path(copy.name).chmod(0o644)
    Path(copy.name).replace(target)


if not FEED.is_served:
    _lay_out_plotly()
_SCRIPT = module_line("live_chart", plotly.__version__)
_component = st.components.v2.component(
    "live_chart",
    html='<div class="live-chart" style="min-height: 20rem"></div>',
    js=_SCRIPT + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)
_preload = st.components.v2.component(
    "live_chart_preload",
    js=_SCRIPT + "export default async () => { await (await module).warmUp(); };",
)


def preload_charts() -> None:
    """Have the browser fetch Plotly and warm it up before there is anything to draw."""
    _preload(key="live_chart_preload", height=1)
