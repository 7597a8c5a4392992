"""Every page in a real Chromium, wide in both themes, narrow in the dark, and with nothing to show.

Axe-core finds nothing serious that is ours, nothing is wider than the screen, and every explanation
opens by keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from afn import TrainConfig
from afn.engine.execution import execute
from afn.runs.store import RunStore
from tests.app.axe import ALL, COLOURS, SHAPES, Rules, complaints
from tests.app.browser import Motion
from tests.app.pages import PAGES, AppPage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
EMPTY_LINKS = {"runs": "?run=20200101-000000-afn-000000", "ablations": "?sweep=bogus"}
"""Bad links, for the pages that have none among what `PAGES` asks for of runs that are gone."""
NARROW = ("", "runs")
"""Paths of pages that show other things where they are narrow."""
_IDLE = "document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny run of each of the two norms that links name."""
    folder = tmp_path_factory.mktemp("runs")
    config = TrainConfig(
        dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=2, eval_images=100,
        corruptions=("contrast",),
    )  # fmt: skip
    for norm in ("afn", "bn"):
        store = RunStore(folder)
        list(execute(store.create(replace(config, norm=norm), name=f"tiny {norm}", run_id=norm)))
    return folder


@pytest.fixture(scope="module")
def filled(serve, runs: Path) -> str:
    """An app with runs and with the pretrained models that come along."""
    env = {"AFN_RUNS_DIR": str(runs), "AFN_DATA_DIR": str(runs / "no-data")}
    return serve(env)


@pytest.fixture(scope="module")
def empty(serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An app with neither."""
    folder = tmp_path_factory.mktemp("empty")
    names = ("AFN_RUNS_DIR", "AFN_DATA_DIR", "AFN_PRETRAINED_DIR")
    env = {name: str(folder / name) for name in names}
    (folder / "AFN_PRETRAINED_DIR").mkdir()
    return serve(env)


@pytest.fixture
def motion() -> Motion:
    return "reduce"


def visit(page: Page, url: str, settled: str, width: int) -> None:
    """Open a page so wide, and wait until it is all there."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(url)
    page.locator("h1").wait_for()
    page.locator(settled).first.wait_for()
    # what is being measured fades for moments, as all that Streamlit draws anew
    running = page.get_by_role("button", name="Stop", exact=True, disabled=False)
    expect(running).to_have_count(0)
    page.wait_for_function(_IDLE)
    show_all(page, width)


def show_all(page: Page, width: int) -> None:
    """Make the page so wide, and high enough: no figure is left out for being out of sight."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(400)  # it takes its width
    tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(tall, 900) + 100, 9000)})
    page.wait_for_timeout(400)  # plots are drawn as they come into view


def too_wide(page: Page) -> list[str]:
    """The page's scrollers that are wider than what they show."""
    return page.evaluate(
        """[document.documentElement, document.querySelector('[data-testid=stMain]')]
          .filter(each => each.scrollWidth > each.clientWidth)
          .map(each => `${each.tagName} ${each.scrollWidth} > ${each.clientWidth}`)"""
    )


def rough(page: Page) -> list[str]:
    """Texts that show λ_μ for λ with its letter below, or a hyphen for a minus.

    What the stage takes from the page is not shown there.
    """
    return page.evaluate(
        r"""() => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          const found = [];
          while (walker.nextNode()) {
            const {data, parentElement} = walker.currentNode;
            const isUnread = 'script, style, code, pre, .katex-mathml, .afn-stage-numbers';
            if (/λ_|lambda_|(^|[\s(=:,])-[\d.]/.test(data) && !parentElement.closest(isUnread))
              found.push(data.trim().slice(0, 80));
          }
          return found;
        }"""
    )


def check(page: Page, schemes: Mapping[str, Rules]) -> None:
    """Look at it in these colour schemes, by these of axe's rules."""
    assert not page.get_by_text("Traceback").count()
    assert too_wide(page) == []
    assert rough(page) == []
    for scheme, rules in schemes.items():
        page.emulate_media(color_scheme=scheme)
        expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
        page.wait_for_timeout(300)  # colours fade over
        found = complaints(page, rules)
        assert not found, f"{page.url}, {scheme}:\n" + "\n".join(found)


def check_explanations(page: Page) -> None:
    """Each opens and closes by keyboard, and its formulas are right."""
    for about in page.get_by_role("button", name=re.compile("About “")).all():
        about.press("Enter")
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        assert page.locator(".katex-error").count() == 0
        assert rough(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.title)
def test_a_page_with_content_wide_and_then_narrow(page: Page, filled: str, shown: AppPage):
    query = shown.query.format(afn="afn", bn="bn")
    visit(page, f"{filled}/{shown.path}{query}", shown.settled or shown.drawn, 1440)
    check(page, {"light": ALL, "dark": COLOURS})
    check_explanations(page)
    show_all(page, 390)
    check(page, {"dark": ALL if shown.path in NARROW else SHAPES})


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.title)
def test_an_empty_page_and_a_link_to_what_is_gone(page: Page, empty: str, shown: AppPage):
    query = EMPTY_LINKS.get(shown.path, shown.query.format(afn="gone-afn", bn="gone-bn"))
    visit(page, f"{empty}/{shown.path}{query}", "[data-testid=stMain] p:visible", 390)
    check(page, {"light": ALL})
