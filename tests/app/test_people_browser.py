"""A server that is shared, in real browsers: two people, a restart, and the server page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from afn.engine.execution import execute
from afn.runs.store import Run, RunStore
from tests.app.browser import app_server, button
from tests.app.conftest import SMALL
from tests.waiting import IN_A_BROWSER, wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LONG = "?c=bn&data=digits8&widths=4-8&epochs=900"
"""A training that is under way until it is stopped, for it is paused."""
THEIRS = "Started by somebody else: fork it."


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    runs = tmp_path / "runs"
    runs.mkdir()
    return {"AFN_RUNS_DIR": str(runs), "AFN_DATA_DIR": str(tmp_path), "AFN_SHARED": "1"}


@contextmanager
def somebody(chromium: Browser) -> Iterator[Page]:
    """Another person's browser."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 1000}, reduced_motion="reduce"
    )
    context.set_default_timeout(IN_A_BROWSER)
    expect.set_options(timeout=IN_A_BROWSER)
    yield context.new_page()
    context.close()


def only_run(env: dict[str, str]) -> Run:
    (run,) = RunStore(Path(env["AFN_RUNS_DIR"])).list()
    return run


def start(page: Page, address: str) -> None:
    page.goto(f"{address}/{LONG}")
    button(page, "Start").click()
    button(page, "Pause").click()
    expect(button(page, "Resume")).to_be_visible()


def test_others_look_and_fork_and_the_owner_is_known_after_a_restart(
    chromium: Browser, env: dict[str, str], tmp_path: Path
) -> None:
    with somebody(chromium) as ann, somebody(chromium) as ben:
        with app_server(env, tmp_path / "log") as address:
            start(ann, address)
            run = only_run(env)
            (cookie,) = (each for each in ann.context.cookies() if "afn-person" in each["name"])
            assert run.owner == cookie["value"].partition(".")[0]
            expect(ann.get_by_role("link", name="Privacy")).to_be_visible()

            ben.goto(f"{address}/?run={run.id}")
            expect(ben.locator(".afn-card")).to_contain_text("paused")
            for name in ("Pause", "Step", "Stop"):
                expect(button(ben, name)).to_be_disabled()
            expect(ben.get_by_role("heading", name="Change now")).to_have_count(0)
            button(ben, "Stop").hover(force=True)
            expect(ben.get_by_text(THEIRS)).to_be_visible()
            button(ben, "Reset").click()  # puts it away, for Ben alone
            expect(button(ben, "Start")).to_be_enabled()
            assert run.state().status == "running"

            forge(ben.context, cookie["name"], cookie["value"][:-2])
            done = RunStore(run.path.parent).create(replace(SMALL, epochs=2), owner=run.owner)
            list(execute(done))
            ben.goto(f"{address}/runs?run={done.id}")
            expect(button(ben, "Delete")).to_be_disabled()
            expect(ben.get_by_label("Name", exact=True)).to_be_disabled()
            button(ben, "Fork and train on").click()
            expect(ben.get_by_text("Its forks")).to_be_visible()
            owners = {each.owner for each in RunStore(run.path.parent).list()}
            assert len(owners) == 2

        with app_server(env, tmp_path / "log") as address:
            ann.goto(f"{address}/runs?run={run.id}")
            expect(button(ann, "Delete")).to_be_enabled()
            ann.goto(f"{address}/privacy")
            button(ann, "Delete my runs and uploads").click()
            button(ann, "Delete for good").click()
            wait_for(lambda: not run.path.exists(), "the run to be gone")
            expect(button(ann, "Delete my runs and uploads")).to_be_visible()
            (left,) = RunStore(run.path.parent).list()
            assert left.owner not in (None, run.owner)


def forge(context: BrowserContext, name: str, value: str) -> None:
    (before,) = (each for each in context.cookies() if each["name"] == name)
    context.add_cookies([{**before, "value": value}])


def test_the_server_page_opens_by_its_key_which_leaves_the_address(
    chromium: Browser, env: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with app_server(env, log) as address, somebody(chromium) as page, somebody(chromium) as ann:
        start(ann, address)
        page.goto(f"{address}/server?key=guess")
        expect(page.get_by_text("This page is for whoever started the server")).to_be_visible()
        (key,) = re.findall(r"key=(\w+)", log.read_text())
        page.goto(f"{address}/server?key={key}")
        expect(page.get_by_text("1 running")).to_be_visible()
        assert page.url == f"{address}/server"
        page.locator(".stDataFrameGlideDataEditor").first.click(position={"x": 15, "y": 50})
        button(page, "Stop their runs").click()
        expect(page.get_by_text("0 running")).to_be_visible()
        assert log.read_text().count(key) == 1
        assert only_run(env).state().status == "stopped"
