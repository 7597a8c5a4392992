"""The server: the app, its live feed, and what is sent with every page.

``python -m afn serve`` starts it, as ``make app`` does.
"""

import asyncio
import os
import signal
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import FileResponse
from starlette.routing import Route
from streamlit.config import get_config_options
from streamlit.web.server.server_util import get_url

from afn.work.restart import is_left

from .kit import backend
from .kit.feed import FEED
from .kit.files import Files
from .kit.folders import PLOTLY
from .kit.headers import Headers, sites
from .kit.orders import ORDERS
from .kit.people import Doorkeeper
from .kit.room.rooms import ROOMS
from .kit.sheets import SHEETS

APP = Path(__file__).parent
_CLEARING_SECONDS = 3600.0


def serve(ready: Callable[[str], object], **options: object) -> None:
    """Serve the app until the process is told to stop.

    Args:
        ready: Told the address once the server listens there.
        options: Of Streamlit, with ``_`` for the dot; they go before ``.streamlit/config.toml``.
    """
    given = {name.replace("_", ".", 1): value for name, value in options.items()}
    settings = {**dict(_settings()), "logger.hideWelcomeMessage": True, **given}
    get_config_options(options_from_flags=settings)
    base = "".join(f"/{part}" for part in st.get_option("server.baseUrlPath").split("/") if part)
    app = st.App(
        APP / "streamlit_app.py",
        routes=[
            FEED.serve(base),
            ORDERS.serve(base),
            SHEETS.serve(base),
            *ROOMS.serve(
                base,
                lesson=_source("lessons"),
                playground=_source("playground"),
                ablation=_source("ablations"),
            ),
            Route(f"{base}/app/static/{PLOTLY.name}", _plotly),
        ],
        middleware=[
            Middleware(Headers, sites(os.environ.get("AFN_FRAME_ANCESTORS", ""))),
            Middleware(Doorkeeper),
            Middleware(Files, base),
        ],
        lifespan=_lifespan,
    )
    app.state["ready"] = ready
    sys.argv = [__file__]  # Streamlit puts its folder on the path: not that of a command
    app.run(config=settings)


def _source(page: str) -> Callable[[], Any]:
    """What makes rooms of a page; what it needs takes a while to import."""
    return lambda: import_module(f".page.{page}.room", __package__).source()


def _plotly(_: object) -> FileResponse:
    return FileResponse(PLOTLY, media_type="text/javascript")


def _settings() -> Iterator[tuple[str, Any]]:
    """Of ``.streamlit/config.toml``: in the project's folder or, where installed, in the app's."""
    files = [folder / ".streamlit" / "config.toml" for folder in (APP, APP.parent)]
    yield from _flat(tomllib.loads(next(filter(Path.is_file, files)).read_text()))


def _flat(table: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


@asynccontextmanager
async def _lifespan(app: st.App) -> AsyncIterator[None]:
    """While the server runs; where it is told to stop, connections that would never end do."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError):  # not the main thread: then nobody sends signals here
            _before(number, lambda: loop.call_soon_threadsafe(FEED.close))
    await asyncio.to_thread(_go_on)
    clearing = asyncio.create_task(_clear_pictures())
    address = st.get_option("server.address")
    app.state["ready"](get_url("localhost" if address in (None, "0.0.0.0", "::") else address))
    yield
    clearing.cancel()
    backend.close()


async def _clear_pictures() -> None:
    """People's own pictures go when their days are over, whether or not anybody comes."""
    while True:
        with suppress(OSError):
            await asyncio.to_thread(lambda: backend.disk().clear_pictures())
        await asyncio.sleep(_CLEARING_SECONDS)


def _go_on() -> None:
    """What ran or waited when the last server ended goes on before anybody comes."""
    with suppress(OSError, ValueError, ImportError):  # a page will say it
        if is_left(backend.store().root):
            backend.ready_runner()


def _before(number: signal.Signals, act: Callable[[], object]) -> None:
    handle = signal.getsignal(number)

    def act_and_handle(received: int, frame: FrameType | None) -> None:
        act()
        if callable(handle):
            handle(received, frame)

    signal.signal(number, act_and_handle)
