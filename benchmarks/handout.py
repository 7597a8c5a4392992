"""What is handed out, as who gets it: ``python -m benchmarks.handout``.

Starts the app on two small runs beside the pretrained models that come along, has each page's file
made by its button, and opens that from the disk in a Chromium without a network: its size, and the
seconds until all figures in view are drawn (where none is, until it is loaded).
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page

from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from app.kit.handout.button import LABEL
from tests.app.browser import app_server, launched_chromium
from tests.app.pages import PAGES, AppPage
from tests.waiting import IN_A_BROWSER

MOST_MB, MOST_SECONDS = 6, 2
IDLE = "document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
DRAWN = """() => {
  if (document.readyState !== "complete") return false;
  const inView = (figure) =>
    figure.checkVisibility() && figure.getBoundingClientRect().top < innerHeight;
  const stands = (figure) =>
    figure.matches("[data-drawn], :has([data-drawn])") &&
    [...figure.querySelectorAll(".live-chart-plot")].every((slot) => slot.childElementCount);
  return [...document.querySelectorAll("figure[data-figure]")].filter(inView).every(stands);
}"""
"""Whether all figures in view are drawn; a live chart counts once its curves stand."""
_QUERIES = {"Runs": "?run={afn}"}
"""Where the page is asked for something else than in tests of every page."""


def lay(root: Path) -> dict[str, str]:
    """A run of each of two norms; their ids."""
    base = TrainConfig(
        dataset="digits8", widths=(4, 8), epochs=2, evals_per_epoch=4, eval_images=100,
        corruptions=("contrast",),
    )  # fmt: skip
    for norm in ("afn", "bn"):
        run = RunStore(root).create(replace(base, norm=norm), name=f"small {norm}", run_id=norm)
        list(execute(run))
    return {norm: norm for norm in ("afn", "bn")}


def made(page: Page, address: str, each: AppPage, ids: dict[str, str], folder: Path) -> Path:
    """The file of a page, made by its button."""
    query = _QUERIES.get(each.title, each.query).format(**ids)
    page.goto(f"{address}/{each.path}{query}")
    button = page.get_by_role("button", name=LABEL)
    button.wait_for()
    page.wait_for_function(IDLE)
    page.wait_for_timeout(1500)  # what is asked of networks comes by itself
    page.wait_for_function(IDLE)
    with page.expect_download() as taken:
        button.click()
    path = folder / f"{each.path or 'playground'}.html"
    taken.value.save_as(path)
    return path


def seconds_to_open(browser: Browser, path: Path) -> float:
    """From asking for the file until its figures in view are drawn, without a network."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    began = time.perf_counter()
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_function(DRAWN)
    seconds = time.perf_counter() - began
    context.close()
    return seconds


def main() -> None:
    """Make, open and print each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    titles = [each.title for each in PAGES]
    parser.add_argument("--pages", nargs="+", choices=titles, default=titles, metavar="TITLE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, launched_chromium() as browser:
        folder = Path(name)
        ids = lay(folder / "runs")
        env = {"AFN_RUNS_DIR": str(folder / "runs"), "AFN_DATA_DIR": str(folder / "no-data")}
        files: dict[str, Path] = {}
        with app_server(env, folder / "log") as address:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(IN_A_BROWSER)
            for each in PAGES:
                if each.title in options.pages:
                    files[each.title] = made(page, address, each, ids, folder)
            page.close()
        for title, path in files.items():
            times = [seconds_to_open(browser, path) for _ in range(options.times)]
            middle, size = statistics.median(times), path.stat().st_size / 1e6
            is_met = size <= MOST_MB and middle <= MOST_SECONDS
            print(
                f"{title:<17}{size:5.2f} MB  {middle:5.2f} s  worst {max(times):.2f}   "
                f"target {MOST_MB} MB, {MOST_SECONDS} s: {'met' if is_met else 'MISSED'}"
            )


if __name__ == "__main__":
    main()
