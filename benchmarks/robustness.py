"""The Robustness page's figures, as a visitor meets them: ``python -m benchmarks.robustness``.

Trains a ConvNet with BN, AFN and ASRNorm on the embedded digits, starts the app on their runs and
drives it in Chromium. Times begin with the click or the key press and end when what was asked for
is in the page and a frame has been drawn with it; both are noted inside the page. They are of this
machine, with browser, server and worker on the same cores.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator, Page

from afn import TrainConfig
from afn.engine.execution import execute
from afn.runs.store import RunStore
from tests.app.browser import app_server, button, launched_chromium
from tests.waiting import IN_A_BROWSER

NORMS = ("bn", "afn", "asrnorm")
BATCH_SIZES = (64, 32, 256, 16, 8)
"""Each makes a question that was not asked before."""

WATCH = """({ events, done }) => {
  const isDone = eval(done);
  window.took = null;
  let began = null;
  const look = () => {
    if (began === null || window.took !== null || !isDone()) return;
    const seen = performance.now();
    window.took = seen - began;
    requestAnimationFrame(() => { window.took = performance.now() - began; window.drawn = true; });
    watcher.disconnect();
  };
  window.drawn = false;
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
  for (const event of events)
    addEventListener(event, () => { began ??= performance.now(); }, { capture: true, once: true });
}"""
"""Notes how long it is from the next of some events to the change that makes a condition true."""
CARDS = "document.querySelector('.afn-samples:not(.afn-blank *)')?.outerHTML"
CELLS = "document.querySelectorAll('.afn-grid td:not(.unknown)').length"
TABLES = "[...document.querySelectorAll('.afn-grid')].map(table => table.textContent)"
NUM_CELLS = 1 + 18 * 6
"""Of a model's table of grey images: clean, and five severities and a mean of each corruption."""


def watch(page: Page, done: str, *events: str) -> None:
    """Have the page note when a condition becomes true after one of the events."""
    page.evaluate(WATCH, {"events": list(events), "done": f"() => {done}"})


def seconds(page: Page) -> float:
    """How long it took, once it is so."""
    page.wait_for_function("() => window.drawn", timeout=IN_A_BROWSER)
    took: float = page.evaluate("() => window.took")
    return took / 1000


def is_quiet(page: Page) -> None:
    """Wait until the cards are there and nothing is tested any more."""
    page.wait_for_function(f"() => {CARDS}", timeout=IN_A_BROWSER)
    page.wait_for_function(
        "() => !document.querySelector('[role=progressbar]')"
        " && !document.querySelector('.stApp[data-test-script-state=running]')",
        timeout=IN_A_BROWSER,
    )
    page.wait_for_timeout(1000)


def test_all(page: Page) -> tuple[float, float]:
    """Press the button; seconds to the first new cells, and to the last one."""
    start = button(page, "Test all 18 corruptions")
    start.wait_for()
    known = 1 + 5 + 1  # clean, and the corruption that is seen up close with its mean
    watch(page, f"{CELLS} > {known}", "click")
    start.click()
    clicked = time.perf_counter()
    first = seconds(page)
    page.wait_for_function(f"() => {CELLS} === {NUM_CELLS}", timeout=IN_A_BROWSER, polling="raf")
    return first, time.perf_counter() - clicked


def slide(page: Page, repeats: int) -> list[float]:
    """Seconds from a key press on the severity's slider to other cards."""
    thumb = page.get_by_role("slider", name="Severity")
    thumb.focus()
    times = []
    for i in range(repeats):
        page.evaluate(f"() => {{ window.before = {CARDS}; }}")
        watch(page, f"{CARDS} && {CARDS} !== window.before", "keydown")
        page.keyboard.press("ArrowLeft" if i // 3 % 2 == 0 else "ArrowRight")
        times.append(seconds(page))
        page.wait_for_timeout(700)  # until the rest of the section is drawn
    return times


def mode_button(page: Page, mode: str) -> Locator:
    """The choice of a statistics mode, in its popover, which is opened where it is not."""
    choice = page.get_by_role("radio", name=mode, exact=True)
    if not choice.is_visible():
        page.get_by_role("button", name="How they are tested").click()
        choice.wait_for()
    return choice


def switch(page: Page, repeats: int) -> list[float]:
    """Seconds from a click on another statistics mode to its values in all tables."""
    times = []
    for i in range(repeats):
        choice = mode_button(page, ("test batch", "as trained")[i % 2])
        page.evaluate(f"() => {{ window.before = {TABLES}; }}")
        watch(page, f"{TABLES}.every((table, i) => table !== window.before[i])", "click")
        choice.click()
        times.append(seconds(page))
        page.wait_for_timeout(1200)
    return times


def revisit(page: Page, repeats: int) -> list[float]:
    """Seconds from a click on the page's name, on another page, to its cards and tables."""
    times = []
    for _ in range(repeats):
        page.get_by_role("link", name="Cost").click()
        page.get_by_role("heading", name="Cost").wait_for()
        page.wait_for_timeout(1000)
        watch(page, f"{CARDS} && {TABLES}.length === 2", "click")
        page.get_by_role("link", name="Robustness").click()
        times.append(seconds(page))
        page.wait_for_timeout(1500)
    return times


def say(what: str, times: Sequence[float], target: str, *, unit: str = "ms") -> None:
    scale, digits = (1000, 0) if unit == "ms" else (1, 1)
    middle, worst = (f"{scale * f(times):.{digits}f}" for f in (statistics.median, max))
    print(
        f"{what:<58} {f'{middle} {unit} (worst {worst}, n={len(times)})':<34} {target}", flush=True
    )


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grids", type=int, default=3, help="grids that are timed, up to 5")
    parser.add_argument("--slides", type=int, default=36, help="changes that are timed")
    parser.add_argument("--switches", type=int, default=20, help="switches that are timed")
    parser.add_argument("--visits", type=int, default=6, help="returns that are timed")
    parser.add_argument("--images", type=int, default=500, help="that are asked (default 500)")
    parser.add_argument("--dataset", default="mnist5k", help="(default mnist5k)")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder, launched_chromium() as browser:
        runs = {}
        for norm in NORMS:
            config = TrainConfig(
                norm=norm, dataset=options.dataset, epochs=1, evals_per_epoch=0, corruptions=()
            )
            runs[norm] = RunStore(Path(folder)).create(config)
            list(execute(runs[norm]))
        env = {"AFN_RUNS_DIR": folder, "AFN_DATA_DIR": f"{folder}/no-data"}
        with app_server(env, Path(folder) / "server.log") as address:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(IN_A_BROWSER)
            link = f"{address}/robustness?n={options.images}&models="
            page.goto(link + runs["afn"].id)
            is_quiet(page)
            firsts, wholes = [], []
            for size in BATCH_SIZES[: options.grids]:
                page.goto(f"{link}{runs['afn'].id}&batch={size}")
                is_quiet(page)
                first, whole = test_all(page)
                firsts.append(first)
                wholes.append(whole)
            what = f"grid of 18×5, AFN's ConvNet, {options.images} digits"
            say(what, wholes, "<= 15 s of 500", unit="s")
            say("  click to first new cells", firsts, "<= 1000 ms")

            page.goto(link + "~".join(run.id for run in runs.values()))
            is_quiet(page)
            say("severity's slider to other cards", slide(page, options.slides), "<= 300 ms")

            button(page, "Test all 18 corruptions").click()
            for mode in ("test batch", "as trained"):
                page.get_by_text("Data of these figures").wait_for()
                mode_button(page, mode).click()
                page.wait_for_timeout(2000)
                is_quiet(page)
            say("other statistics, tested before, in all tables", switch(page, options.switches),
                "<= 200 ms")  # fmt: skip
            say("back from another page to cards and tables", revisit(page, options.visits), "")


if __name__ == "__main__":
    main()
