"""Sweeps in a real Chromium: begun, followed, stopped, gone on with, opened; and a guess."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from afn.runs.store import RunStore
from tests.app.browser import button

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
TINY = "/ablations?sweep=new&data=digits8&epochs=1&tests=clean&vary2=&values2="
LONG = "/ablations?sweep=new&data=digits8&epochs=60&tests=clean&vary2=&values2=&seeds=2"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(serve, runs: Path) -> str:
    env = {"AFN_RUNS_DIR": str(runs), "AFN_DATA_DIR": str(runs / "no-data")}
    return serve(env)


def test_a_guess_shows_the_answer_and_the_link_keeps_it(page: Page, address: str):
    page.goto(f"{address}/ablations?sweep=parts")
    button(page, "Nothing that can be told from chance").click()
    expect(page.get_by_text(re.compile("^Precomputed"))).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.wait_for_url(re.compile("guess=2"))
    page.reload()
    expect(page.get_by_text(re.compile("^Precomputed"))).to_be_visible()
    expect(page.get_by_text("What do you expect?")).to_have_count(0)


def test_a_sweep_fills_in_and_its_runs_open(page: Page, address: str, runs: Path):
    page.goto(address + TINY)
    expect(page.get_by_text("6 runs: 2 settings × 3 seeds")).to_be_visible()
    button(page, "Start the sweep").click()
    expect(page.get_by_text("6 of 6 runs have their result")).to_be_visible()
    expect(page.get_by_text(re.compile("^Highest accuracy on clean images"))).to_be_visible()
    assert {run.state().status for run in RunStore(runs).list()} == {"finished"}
    page.locator(".js-plotly-plot").first.locator(".point").first.click(force=True)
    open_runs = page.get_by_role("button", name=re.compile("Open 3 runs in the Playground"))
    open_runs.click()
    page.wait_for_url(re.compile(r"[?&]run=bn-\w+~bn-\w+~bn-\w+"))


def test_a_stopped_sweep_goes_on_after_a_refresh(page: Page, address: str, runs: Path):
    page.goto(address + LONG)
    page.get_by_role("button", name=re.compile("^(Start the sweep|Go on)$")).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    button(page, "Stop").click()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    mine = [run for run in RunStore(runs).list() if run.config().epochs == 60]
    assert len(mine) == 4
    statuses = {run.state().status for run in mine}
    assert {"stopped"} <= statuses <= {"stopped", "finished"}
    page.reload()
    button(page, "Go on").click()
    expect(page.get_by_text("4 of 4 runs have their result")).to_be_visible()
    assert {run.state().status for run in mine} == {"finished"}
