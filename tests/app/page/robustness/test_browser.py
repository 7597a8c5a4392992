"""The Robustness page in a real Chromium: live cells, the slider, refresh."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from afn import ProtocolCard, verify
from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.settings.corruptions import CORRUPTION_NAMES
from tests.app.browser import button

NUM_CORRUPTIONS = len(CORRUPTION_NAMES) - 1
"""Those that change grey images."""
TEST_ALL = f"Test all {NUM_CORRUPTIONS} corruptions"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUICK = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=0, eval_images=20, corruptions=()
)
CARD = ".afn-samples:not(.afn-blank *) .card"
WATCH = """() => {
  window.counts = new Set();
  new MutationObserver(() =>
    counts.add(document.querySelectorAll('.afn-grid td:not(.unknown)').length)
  ).observe(document.body, { subtree: true, childList: true }); }"""
NUM_CELLS = 1 + NUM_CORRUPTIONS * 6
"""Of one table of grey images: clean, and of each corruption five severities and their mean."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of three norms on small digits, newer than two on larger ones, whose tests take long."""
    folder = tmp_path_factory.mktemp("runs")
    for norm in ("bn", "afn"):
        config = replace(QUICK, norm=norm, dataset="mnist5k", max_steps=2)
        list(execute(RunStore(folder).create(config)))
    for norm in ("bn", "afn", "asrnorm"):
        list(execute(RunStore(folder).create(replace(QUICK, norm=norm))))
    return folder


@pytest.fixture(scope="module")
def large(folder: Path) -> dict[str, str]:
    """Norm -> run id, of those on larger digits."""
    configs = {run.id: run.config() for run in RunStore(folder).list()}
    return {each.norm: name for name, each in configs.items() if each.dataset == "mnist5k"}


@pytest.fixture(scope="module")
def address(serve, folder: Path) -> str:
    env = {"AFN_RUNS_DIR": str(folder), "AFN_DATA_DIR": str(folder / "no-data")}
    return serve(env) + "/robustness"


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says of errors."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"{error}"))
    page.on(
        "console", lambda message: found.append(message.text) if message.type == "error" else None
    )
    return found


def test_cells_come_while_the_grid_is_tested(
    page: Page, address: str, large: dict[str, str], complaints: list[str]
):
    page.goto(f"{address}?models={large['bn']}~{large['afn']}&n=200")
    expect(page.locator(CARD).first).to_be_visible()
    page.evaluate(WATCH)
    button(page, TEST_ALL).click()
    expect(page.get_by_text("Data of these figures")).to_be_visible()
    expect(page.get_by_text(f"Over {5 * NUM_CORRUPTIONS} corrupted tests")).to_be_visible()
    assert page.locator(".afn-grid td.unknown").count() == 0
    counts = page.evaluate("() => [...counts]")
    assert NUM_CELLS in counts
    assert any(NUM_CELLS / 10 < count < NUM_CELLS for count in counts)
    page.reload()
    expect(page.get_by_text(f"Over {5 * NUM_CORRUPTIONS} corrupted tests")).to_be_visible()
    assert [line for line in complaints if "Failed to load resource" not in line] == []


def test_the_protocol_of_a_grid_is_taken_along_and_asked_again(
    page: Page, address: str, large: dict[str, str], folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    """After the test above, which asked."""
    page.goto(f"{address}?models={large['bn']}~{large['afn']}&n=200")
    page.get_by_text("Data of these figures").click()
    with page.expect_download() as told:
        button(page, "Protocol card (JSON)").click()
    told.value.save_as(tmp_path / "card.json")
    card = ProtocolCard.read(tmp_path / "card.json")
    assert [test.model.name for test in card.tests] == [large["bn"], large["afn"]]
    assert {len(test.answers) for test in card.tests} == {1 + 5 * NUM_CORRUPTIONS}
    monkeypatch.setenv("AFN_RUNS_DIR", str(folder))
    few = tuple(replace(test, answers=test.answers[:3]) for test in card.tests)
    found = verify(replace(card, tests=few))
    assert (found.is_same, found.changes, len(found.checked)) == (True, (), 6)
    page.goto(address.removesuffix("/robustness") + card.link)
    expect(page.get_by_text(f"Over {5 * NUM_CORRUPTIONS} corrupted tests")).to_be_visible()


def test_the_slider_changes_the_cards_on_the_same_page_and_a_refresh_keeps_it(
    page: Page, address: str, complaints: list[str]
):
    page.goto(f"{address}?n=200&corruption=fog&pictures=first")
    expect(page.locator(CARD)).to_have_count(12)
    expect(page.get_by_text("of 43 tests")).to_have_count(0)
    page.evaluate("() => { window.isSame = true; }")
    before = page.locator(CARD).first.inner_html()
    page.get_by_role("slider", name="Severity").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("fog at severity 4 turns")).to_be_visible()
    page.wait_for_url(re.compile("severity=4"))
    assert page.locator(CARD).first.inner_html() != before
    assert page.evaluate("() => window.isSame")
    after = page.locator(CARD).first.inner_html()
    page.reload()
    expect(page.get_by_text("fog at severity 4 turns")).to_be_visible()
    expect(page.get_by_role("slider", name="Severity")).to_have_value("4")
    assert page.locator(CARD).first.inner_html() == after
    assert [line for line in complaints if "Failed to load resource" not in line] == []


def test_a_stopped_grid_goes_on_where_it_ended(page: Page, address: str, large: dict[str, str]):
    page.goto(
        f"{address}?models={large['bn']}&stats=batch&batch=1"
    )  # one image at a time takes long
    button(page, TEST_ALL).click()
    progress = page.get_by_text(re.compile(r"^\d+ of 91 tests( · about \d+ s left)?$"))
    missing = page.get_by_text(re.compile(r"^\d+ of 91 tests are missing: stopped"))
    expect(progress).to_be_visible()
    button(page, "Stop").last.click()  # the first is of the corruption up close
    expect(missing).to_be_visible()
    button(page, "Go on").last.click()
    expect(progress).to_be_visible()
    button(page, "Stop").last.click()
    expect(missing).to_be_visible()
    expect(button(page, "Stop")).to_have_count(0)
