"""The server: the app, its live feed, and what is sent with every page.

``python -m streamlit run app/server.py``, as ``make app`` does.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType

import streamlit as st

APP = Path(__file__).parent
if str(APP.parent) not in sys.path:
    sys.path.insert(0, str(APP.parent))
_feed = import_module(f"{APP.name}.kit.feed")


@asynccontextmanager
async def _lifespan(app: st.App) -> AsyncIterator[None]:
    """While the server runs; where it is told to stop, connections that would never end do."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError):  # not the main thread: then nobody sends signals here
            _before(number, lambda: loop.call_soon_threadsafe(_feed.FEED.close))
    yield
    import_module(f"{APP.name}.kit.backend").close()


def _before(number: signal.Signals, act: Callable[[], object]) -> None:
    handle = signal.getsignal(number)

    def act_and_handle(received: int, frame: FrameType | None) -> None:
        act()
        if callable(handle):
            handle(received, frame)

    signal.signal(number, act_and_handle)


app = st.App(APP / "streamlit_app.py", routes=[_feed.FEED.serve()], lifespan=_lifespan)
