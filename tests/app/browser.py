"""What browser tests need: a Chromium that is installed and a server of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, sync_playwright

from tests import forked
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
Motion = Literal["no-preference", "reduce"]
"""What a visitor's system says of moving things."""
SERVE = ("afn", "serve", "--host", "127.0.0.1", "--port")


_ENDED: list[int] = []
"""Ports of servers that have ended: the browser has compiled what it loaded from there."""


def plain_streamlit(script: Path) -> Sequence[str]:
    """Any script served by Streamlit alone: without our routes."""
    return ["streamlit", "run", str(script), "--server.address", "127.0.0.1", "--server.port"]


_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str | None:
    """The system's browser; None where there is none, and Playwright's own serves.

    One without windows comes first: it takes half of the processor's time.
    """
    if named := os.environ.get("AFN_CHROMIUM"):
        return named
    names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
    found = map(shutil.which, names)
    return next(filter(None, found), None)


@contextmanager
def launched_chromium() -> Iterator[Browser]:
    """A running Chromium. Without one the tests fail, unless AFN_NO_BROWSER=1 says so knowingly."""
    if os.environ.get("AFN_NO_BROWSER") == "1":
        pytest.skip("AFN_NO_BROWSER=1: browser tests are left out on purpose")
    with sync_playwright() as playwright:
        path = chromium_path()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        try:
            browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        except Error as error:
            pytest.fail(
                "Browser tests need a Chromium, and Playwright could not fetch one: install one, "
                "name one in AFN_CHROMIUM, or leave these tests out with AFN_NO_BROWSER=1.\n"
                f"{error}"
            )
        yield browser
        browser.close()


@contextmanager
def app_server(
    env: Mapping[str, str],
    log: Path,
    command: Sequence[str] = SERVE,
    folder: Path = ROOT,
    port: int = 0,
    *,
    is_forked: bool = False,
) -> Iterator[str]:
    """Run what `make app` runs, on a free port by default; yields its address.

    Another `command` ends with what its port follows. One that is forked is there sooner; whose
    time or memory is measured is not.
    """
    port = port or _free_port()
    address = f"http://127.0.0.1:{port}"
    start = forked.started if is_forked else forked.started_anew
    server = start(
        "-m", *command, str(port), env={**os.environ, "PYTHONPATH": str(ROOT), **env}, cwd=folder,
        output=log,
    )  # fmt: skip
    try:
        _wait_until_healthy(server, f"{address}/_stcore/health", log)
        yield address
    finally:
        server.terminate()
        server.join(PATIENCE)
        _ENDED.append(port)


def _free_port() -> int:
    """That of a server that has ended, or else any."""
    for port in (*_ENDED, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise OSError("no port is free")


def _wait_until_healthy(server: BaseProcess, url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.is_alive():
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def button(page: Page, name: str) -> Locator:
    """A button by its whole name."""
    return page.get_by_role("button", name=name, exact=True)


def open_button(page: Page) -> Locator:
    """The one that opens runs: the arrow of a choice is called so, too, while it is drawn."""
    return button(page, "Open").and_(page.locator(":not([data-rac])"))
