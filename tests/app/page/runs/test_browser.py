"""Forking in a real Chromium: a checkpoint, a change, a click, and both futures side by side."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from afn import TrainConfig
from afn.engine.execution import execute
from afn.runs.store import Run, RunStore
from tests.app.browser import button

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def parent(folder: Path) -> Run:
    config = TrainConfig(dataset="digits8", widths=(4, 8), epochs=2, eval_images=100)
    run = RunStore(folder).create(config, name="parent")
    list(execute(run))
    return run


@pytest.fixture(scope="module")
def address(serve, folder: Path) -> str:
    env = {"AFN_RUNS_DIR": str(folder), "AFN_DATA_DIR": str(folder / "no-data")}
    return serve(env)


def is_too_wide(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_fork_trains_on_and_both_futures_open_together(page: Page, address: str, parent: Run):
    page.goto(f"{address}/runs?run={parent.id}")
    field = page.get_by_role("spinbutton", name="λ(μ) logit")
    field.fill("0")
    field.press("Enter")
    expect(page.get_by_text(re.compile("through 1 more epoch: .* logit 0"))).to_be_visible()
    button(page, "Fork and train on").click()
    expect(page.get_by_text(re.compile("finished · step 44 ·"))).to_be_visible()
    assert page.url.endswith(f"run={parent.id}"), "the parent stays selected as the table grows"
    button(page, "Both on λ dynamics").click()
    expect(page.get_by_text("AFN (λμ logit 0 from step 22)").first).to_be_visible()
    assert not page.get_by_text("Traceback").count()


def test_two_runs_are_compared_on_a_narrow_screen_too(page: Page, address: str, parent: Run):
    runs = RunStore(parent.path.parent).list()
    if len(runs) == 1:
        runs.append(RunStore(parent.path.parent).create(parent.config()))
        list(execute(runs[1]))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/runs?run={runs[0].id}~{runs[1].id}")
    expect(page.get_by_text("Two runs compared")).to_be_visible()
    expect(page.get_by_text(re.compile("part at step|never part within"))).to_be_visible()
    expect(page.get_by_text("Gradient norm").last).to_be_visible()
    assert not is_too_wide(page)
