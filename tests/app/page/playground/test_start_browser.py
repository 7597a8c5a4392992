"""Start by the route, and a server that is killed and comes back, in a real Chromium."""

import json
import os
import re
import signal
import socket

import pytest
from playwright.sync_api import Page, expect

from afn.runs.store import RunStore
from tests.app.browser import app_server, button
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LINK = "?data=digits8&widths=4-8&epochs=200&bs=4&c=afn"


@pytest.fixture
def runs(tmp_path):
    return RunStore(tmp_path / "runs")


@pytest.fixture
def env(runs, tmp_path):
    return {"AFN_RUNS_DIR": str(runs.root), "AFN_DATA_DIR": str(tmp_path / "no-data")}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def opened(page: Page, address: str):
    page.goto(address)
    expect(button(page, "Start")).to_be_enabled()
    expect(page.locator(".afn-card")).to_contain_text("press Start")


def test_start_is_ordered_by_the_keyboard_and_once_however_often_it_is_pressed(
    page: Page, env, runs, tmp_path
):
    with app_server(env, tmp_path / "log") as address:
        opened(page, address + LINK)
        asked = []
        page.on("request", lambda request: asked.append(request.post_data))
        with page.expect_response(re.compile("/start$")) as answer:
            button(page, "Start").press("Enter")
            button(page, "Start").evaluate("button => { button.click(); button.click(); }")
        expect(page.locator(".afn-card")).to_contain_text("running")
        assert [run.id for run in runs.list()] == answer.value.json()["runs"]
        assert "bs=4" in json.loads(next(filter(None, asked)))["link"]
        expect(button(page, "Start")).to_be_disabled()
        assert f"run={runs.list()[0].id}" in page.url
        button(page, "Stop").click()
        expect(page.locator(".afn-card")).to_contain_text("stopped")


@pytest.mark.parametrize("why", ["no answer", "a field that was just changed"])
def test_where_the_route_will_not_do_the_button_does_what_it_always_does(
    why, page: Page, env, runs, tmp_path
):
    with app_server(env, tmp_path / "log") as address:
        opened(page, address + LINK)
        if why == "no answer":
            page.route("**/start", lambda route: route.abort())
        else:
            page.get_by_label("Channel widths", exact=True).fill("8, 8")
        button(page, "Start").click()
        expect(page.locator(".afn-card")).to_contain_text("running")
        (run,) = runs.list()
        assert run.config().widths == ((4, 8) if why == "no answer" else (8, 8))


def test_a_page_comes_back_by_itself_when_its_server_is_killed_and_started_again(
    page: Page, env, runs, tmp_path
):
    port = free_port()
    with app_server(env, tmp_path / "log", port=port) as address:
        opened(page, address + LINK)
        button(page, "Start").click()
        expect(page.locator(".afn-card")).to_contain_text(re.compile(r"step \d"))
        (run,) = runs.list()
        page.wait_for_url(re.compile(run.id))
        before = page.url
        os.kill(run.record()["submitted_by"]["pid"], signal.SIGKILL)
        wait_for((run.path / "end.json").exists, "the run to end with its server")
    with app_server(env, tmp_path / "log", port=port):
        expect(page.get_by_text("the server was restarted")).to_be_visible()
        wait_for(lambda: run.restarted_from, "the run to go on")
        expect(page.locator(".afn-card")).to_contain_text("running")
        assert page.url.startswith(before)
        expect(page.get_by_label("Channel widths", exact=True)).to_have_value("4, 8")
        button(page, "Stop").click()
        expect(page.locator(".afn-card")).to_contain_text("stopped")
