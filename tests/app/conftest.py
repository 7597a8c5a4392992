from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.app.browser import launched_chromium, streamlit_server

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
