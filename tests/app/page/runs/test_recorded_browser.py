"""A loop that is recorded, in a real Chromium: its curves grow while it trains."""

import re
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

from afn import record
from tests.app.browser import button
from tests.recording.loops import learn, small

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_a_page_follows_a_loop_and_stops_it(page: Page, serve, tmp_path: Path):
    address = serve({"AFN_RUNS_DIR": str(tmp_path), "AFN_DATA_DIR": str(tmp_path / "no-data")})
    model = small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, "live", optimizer=optimizer, store=tmp_path) as run:
        learn(run, model, optimizer, 3)
        run.control()
        page.goto(f"{address}/runs?run={run.run.id}")
        expect(page.get_by_text(re.compile("over 1 step|over 3 steps"))).to_be_visible()
        learn(run, model, optimizer, 60)
        run._journal.flush()
        expect(page.get_by_text(re.compile("over 63 steps"))).to_be_visible()
        button(page, "Stop").click()
        while not run.control().stop:
            page.wait_for_timeout(50)
    assert run.run.state().status == "stopped"
    expect(button(page, "Stop")).to_have_count(0)  # the page has seen the end
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
