"""A chart in the page that is sent only what is new.

``live_chart`` mounts one browser component per ``key``. What it is fed goes through an append-only
log of numbered chunks (``ChunkLog``): chunk 0 holds the spec and the whole history, every later one
only what came since. A message carries the newest few, so the browser, which appends by number,
outlives dropped messages; where more are missing it asks for a new epoch of the log.

The spec says what is drawn; ``app/static/live_chart/`` has a file per kind, each naming its spec
and chunks at the top. JSON knows no NaN: gaps may only travel inside ``encode``.
"""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import plotly
import streamlit as st
from numpy.typing import ArrayLike

from ..components.scripts import module_line
from ..folders import STATIC
from ..view import in_session, said
from .chart import Feed

MESSAGE_BYTES = 4_400
_OVERLAP = 3
_AWAY_SECONDS = 10.0


@dataclass
class ChunkLog:
    """What one browser session has been offered of one chart."""

    epoch: str = ""
    _drawn: tuple[Hashable, dict[str, Any]] | None = None
    _cursor: Any = None
    _offered_at: float = 0.0
    _is_final: bool = False
    _chunks: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_OVERLAP))

    def offer(
        self,
        subject: Hashable,
        spec: dict[str, Any],
        feed: Feed,
        now: float,
        *,
        is_final: bool = False,
    ) -> dict[str, Any]:
        """Take the news from ``feed`` and return the message: the last one again if there is none.

        Another subject or spec starts another drawing. A reader who was away, in another tab or on
        another page, gets the history afresh, evenly thinned, instead of one coarse stretch.
        """
        if (subject, spec) != self._drawn:
            self._drawn = (subject, spec)
            self._restart(secrets.token_hex(4))
        elif is_final and not self._is_final:
            self._restart(self.epoch)  # in place of what the ticks had left out
        self._is_final = is_final
        news, cursor = feed(self._cursor)
        if news and self._chunks and now - self._offered_at > _AWAY_SECONDS:
            self._restart(self.epoch)
            news, cursor = feed(None)
        if not self._chunks:
            self._chunks.append({"n": 0, "spec": spec, **news})
        elif news:
            self._chunks.append({"n": self._chunks[-1]["n"] + 1, **news})
        while self._chunks[0]["n"] and len(json.dumps(list(self._chunks))) > MESSAGE_BYTES:
            self._chunks.popleft()  # less overlap: a lost message then costs a resync
        self._cursor, self._offered_at = cursor, now
        return {"epoch": self.epoch, "chunks": list(self._chunks)}

    def resync(self, epoch: str) -> None:
        """Start again from the history, unless the epoch complained of is already past."""
        if epoch == self.epoch:
            self._restart(epoch)

    def _restart(self, epoch: str) -> None:
        # The part before the dot names the drawing: while it lasts the browser keeps the zoom.
        self.epoch = f"{epoch.partition('.')[0]}.{secrets.token_hex(2)}"
        self._chunks.clear()
        self._cursor = None


def live_chart(
    key: str,
    *,
    subject: Hashable,
    spec: dict[str, Any],
    feed: Feed,
    alt: str,
    is_final: bool = False,
) -> None:
    """Draw ``spec`` and keep it up to date with ``feed``; call it on every tick of a fragment.

    Args:
        key: names the chart in this session; also the session key of the component.
        subject: what is drawn, such as the run ids and the layer; another one clears the drawing.
        spec: how it is drawn; ``spec["kind"]`` is "curves", "distribution" or "bars".
        feed: what to draw; see ``Feed``.
        alt: what the chart shows, for those who cannot see it.
        is_final: whether no more is to come; then the drawing is made complete.
    """
    log = in_session(ChunkLog, key)
    _component(
        key=key,
        data={
            "key": key,
            "alt": alt,
            **log.offer(subject, spec, feed, time.monotonic(), is_final=is_final),
        },
        on_resync_change=lambda: log.resync(said(key).resync),
    )


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


def _lay_out_plotly() -> None:
    """Serve the Plotly that is installed: copied beside our scripts unless it is there already."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    target = STATIC / source.name
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    with tempfile.NamedTemporaryFile(dir=STATIC, prefix=".plotly", delete=False) as copy:
        shutil.copyfile(source, copy.name)
    Path(copy.name).chmod(0o644)
    Path(copy.name).replace(target)


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
