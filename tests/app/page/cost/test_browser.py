"""Measuring in a real Chromium: progress, result, refresh, a second browser, stop, a crash."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.kit.measuring import Measurements
from app.page.cost.charts import times
from tests.app.browser import button
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUICK = "/cost?size=8&batch=8&norms=afn"
LONG = "/cost?of=resnet20&norms=afn"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / ".measurements"


@pytest.fixture(scope="module")
def address(serve, reports: Path) -> str:
    folder = reports.parent
    env = {"AFN_RUNS_DIR": str(folder), "AFN_DATA_DIR": str(folder / "no-data")}
    return serve(env)


def measure(page: Page, url: str) -> str:
    """Press the button; the id of what is then measured."""
    page.goto(url)
    expect(page.get_by_text(re.compile("^Precomputed"))).to_be_visible()
    button(page, "Measure on this machine").click()
    page.wait_for_url(re.compile(r"[?&]m="))
    return re.search(r"[?&]m=([^&]+)", page.url)[1]


def test_a_measurement_shows_its_result_and_leaves_it_again(
    page: Page, address: str, reports: Path
):
    measurement = measure(page, address + QUICK)
    expect(page.get_by_text(re.compile("^Live, this machine"))).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(button(page, "Measure on this machine")).to_be_enabled()
    report = Measurements(reports).report(measurement)
    assert report.end["status"] == "finished"
    assert len(report.measurements) == 4 * 2
    ratio = next(m.train_ratio for m in report.measurements[::-1] if m.norm == "afn")
    expect(page.get_by_text(f"AFN costs {times(ratio)} BN's training step")).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("^Live, this machine"))).to_be_visible()
    button(page, "Back to the precomputed figures").click()
    expect(page.get_by_text(re.compile("^Precomputed"))).to_be_visible()
    page.wait_for_function("!location.search.includes('m=')")


def test_refresh_and_second_browser_see_it_running_and_either_can_stop_it(
    page: Page, address: str, chromium: Browser, reports: Path
):
    measurement = measure(page, address + LONG)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(button(page, "Measure on this machine")).to_be_disabled()
    expect(page.get_by_text(re.compile("^measuring, .* left$"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("^measuring, .* left$"))).to_be_visible()
    assert f"m={measurement}" in page.url
    other = chromium.new_context().new_page()
    other.goto(f"{address}/cost")
    button(other, "Show what is measured").click()
    other.wait_for_url(re.compile(f"m={measurement}"))
    assert "of=resnet20" in other.url
    button(other, "Stop").click()
    for each in (page, other):
        expect(each.get_by_text("The measurement was stopped")).to_be_visible()
        expect(each.get_by_role("progressbar")).to_have_count(0)
    assert Measurements(reports).report(measurement).end["status"] == "stopped"
    other.context.close()


def test_a_process_that_is_killed_is_one_clear_line(page: Page, address: str, reports: Path):
    measurement = measure(page, address + LONG)
    expect(page.get_by_role("progressbar")).to_be_visible()
    head = wait_for(lambda: Measurements(reports).report(measurement).head, "the process's name")
    os.kill(head["process"]["pid"], signal.SIGKILL)
    expect(page.get_by_text("The measurement failed: its process was killed")).to_be_visible()
    expect(button(page, "Measure on this machine")).to_be_enabled()
    expect(page.get_by_text(re.compile("^Precomputed"))).to_be_visible()
