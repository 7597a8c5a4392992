"""Changing pages, as a visitor does: ``python -m benchmarks.pages``.

Starts the app on a folder of some runs beside the pretrained models that come along, and clicks
through the navigation in Chromium. A change lasts from the click to the frame in which the new
page's first content is drawn: a figure, a table, a card, not its heading alone. The first round,
in which the server and the browser see each page for the first time and what it measures is
waited for, is told apart. All pages but
one are changed to from the Runs page, and that one from Cost.
"""

import argparse
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, expect

from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from tests.app.browser import app_server, launched_chromium
from tests.app.pages import PAGES, AppPage
from tests.waiting import IN_A_BROWSER

TARGET_MS = 500
CHANGE = """([title, drawn]) => new Promise((resolve) => {
  const link = [...document.querySelectorAll('[data-testid=stTopNavLink]')]
    .find(each => each.innerText.trim() === title);
  const old = document.querySelector('h1'), words = old.innerText, began = performance.now();
  let heading = null;
  const look = () => {
    const now = document.querySelector('h1')?.innerText;
    if (heading === null && now && now !== words) heading = performance.now() - began;
    const isDrawn = heading !== null && [...document.querySelectorAll(drawn)]
      .some(each => !each.closest('[data-stale=true]') && each.getBoundingClientRect().width);
    if (isDrawn) requestAnimationFrame(() => resolve([heading, performance.now() - began]));
    else requestAnimationFrame(look);
  };
  link.click();
  requestAnimationFrame(look);
})"""
IDLE = "document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"


def lay(root: Path) -> None:
    """Some runs: three norms, two seeds."""
    base = TrainConfig(
        dataset="digits8", widths=(4, 8), epochs=2, eval_images=100,
        corruptions=("contrast", "gaussian_noise"),
    )  # fmt: skip
    for seed in range(2):
        for norm in ("afn", "asrnorm", "bn"):
            list(execute(RunStore(root).create(replace(base, norm=norm, seed=seed))))


def change(page: Page, to: AppPage) -> tuple[float, float]:
    """Milliseconds to the new heading, and to the first content drawn."""
    heading, drawn = page.evaluate(CHANGE, [to.title, to.drawn])
    page.wait_for_function(IDLE)
    page.wait_for_timeout(300)  # what is still to be drawn is not the next change's
    return heading, drawn


def settle(page: Page) -> None:
    """Wait for what a page measures on its first visit; it would take a core from later changes."""
    running = page.get_by_role("button", name="Stop", exact=True, disabled=False)
    page.wait_for_timeout(1500)  # what is over so soon shows no button
    expect(running).to_have_count(0, timeout=IN_A_BROWSER)


def main() -> None:
    """Lay, click and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=7)
    titles = [each.title for each in PAGES]
    parser.add_argument("--pages", nargs="+", choices=titles, default=titles, metavar="TITLE")
    options = parser.parse_args()
    by_title = {each.title: each for each in PAGES if each.title in ("Runs", *options.pages)}
    times: dict[str, list[tuple[float, float]]] = {title: [] for title in by_title}
    with tempfile.TemporaryDirectory() as folder, launched_chromium() as browser:
        root = Path(folder) / "runs"
        lay(root)
        env = {"AFN_RUNS_DIR": str(root), "AFN_DATA_DIR": str(root / "no-data")}
        log = Path(folder) / "log"
        with app_server(env, log) as address:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(IN_A_BROWSER)
            page.goto(f"{address}/runs")
            page.locator(by_title["Runs"].drawn).wait_for()
            for number in range(options.times + 1):
                for title, each in by_title.items():
                    if title != "Runs":
                        times[title].append(change(page, each))
                        if number == 0:
                            settle(page)
                        if title == "Cost":
                            times["Runs"].append(change(page, by_title["Runs"]))
                        else:
                            change(page, by_title["Runs"])
    print(f"{'to the page':<14}{'heading':>9}{'content':>9}{'worst':>8}{'first':>8}   in ms")
    for title, each in times.items():
        if not each:
            continue  # to Runs it goes from Cost alone
        first, *warm = each
        headings, contents = zip(*warm, strict=True)
        middle = statistics.median(contents)
        verdict = "met" if middle <= TARGET_MS else "MISSED"
        print(
            f"{title:<14}{statistics.median(headings):9.0f}{middle:9.0f}{max(contents):8.0f}"
            f"{first[1]:8.0f}   target {TARGET_MS}: {verdict}"
        )


if __name__ == "__main__":
    main()
