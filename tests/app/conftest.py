from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from playwright.sync_api import Browser, BrowserContext, Page, expect

from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.work.runner import LocalRunner
from tests.app.browser import SERVE, Motion, app_server, button, launched_chromium
from tests.app.live import charted, shown
from tests.app.shapes import networks_of_shapes, pictures, shapes, trained_shapes
from tests.waiting import IN_A_BROWSER

__all__ = [  # fixtures
    "charted", "networks_of_shapes", "pictures", "shapes", "shown", "trained_shapes"
]  # fmt: skip

SMALL = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=0, eval_images=20, corruptions=()
)
Serve = Callable[..., str]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Starts the app, or what another command does, with extra environment; gives its address."""
    logs = tmp_path_factory.mktemp("servers")
    number = itertools.count()
    with ExitStack() as servers:

        def start(env: Mapping[str, str], command: Sequence[str] = SERVE) -> str:
            log = logs / f"{next(number)}.log"
            return servers.enter_context(app_server(env, log, command, is_forked=True))

        yield start


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's, without data, for all files that ask nothing about what runs there are."""
    folder = tmp_path_factory.mktemp("app")
    env = {"AFN_RUNS_DIR": str(folder / "runs"), "AFN_DATA_DIR": str(folder / "no-data")}
    with app_server(env, folder / "log", is_forked=True) as served:
        yield served


@pytest.fixture
def motion() -> Motion:
    """Whether the visitor of `page` wants motion, which can take most of the browser's time."""
    return "no-preference"


@pytest.fixture(scope="session")
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """One for all pages: scripts that were loaded once are not loaded and compiled again."""
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext, motion: Motion) -> Iterator[Page]:
    """A patient page of somebody new; what was started on it is stopped at the end."""
    page = visitor.new_page()
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.emulate_media(reduced_motion=motion)
    page.set_default_timeout(IN_A_BROWSER)
    expect.set_options(timeout=IN_A_BROWSER)
    yield page
    if (stop := button(page, "Stop")).count() and stop.is_enabled():
        stop.click()
        expect(page.get_by_role("button", name="Stop", exact=True, disabled=False)).to_have_count(0)
    if page.url.startswith("http"):
        visitor.new_cdp_session(page).send(
            "Storage.clearDataForOrigin",
            {"origin": page.evaluate("location.origin"), "storageTypes": "all"},
        )
    visitor.clear_cookies()
    for each in visitor.pages:
        each.close()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunStore]:
    """The app's run store, empty, without a data folder; what is submitted waits forever."""
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    for name in ("start", "submit", "submit_behind", "evaluate"):
        monkeypatch.setattr(LocalRunner, name, lambda self, *work: None)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield RunStore()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There are no pretrained models."""
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path / "no-models"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run store's folder with a small network of each norm."""
    store = RunStore(tmp_path_factory.mktemp("trained") / "runs")
    for norm in ("bn", "afn", "asrnorm"):
        list(execute(store.create(replace(SMALL, norm=norm))))
    return store.root


@pytest.fixture
def ids(runs: RunStore, trained: Path) -> dict[str, str]:
    """Those networks in the app's run store: norm -> run id."""
    shutil.copytree(trained, runs.root)
    return {run.config().norm: run.id for run in runs.list()}
