from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.browser import button, launched_chromium, streamlit_server

PATIENCE = 60_000
Serve = Callable[[Path, Mapping[str, str]], str]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Starts a Streamlit script with extra environment and returns its address."""
    logs = tmp_path_factory.mktemp("servers")
    number = itertools.count()
    with ExitStack() as servers:

        def start(script: Path, env: Mapping[str, str]) -> str:
            log = logs / f"{next(number)}.log"
            return servers.enter_context(streamlit_server(script, env, log))

        yield start


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A patient page; what was started on it is stopped at the end."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield page
    if (stop := button(page, "Stop")).count() and stop.is_enabled():
        stop.click()
        expect(page.get_by_role("button", name="Stop", exact=True, disabled=False)).to_have_count(0)
    context.close()
