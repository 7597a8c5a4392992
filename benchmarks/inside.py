"""How fast the Inside page follows the hand: ``python -m benchmarks.inside``.

Starts the app with an empty data folder and opens the page on the shipped ``mnist5k-afn``, whose
accuracy is counted on 512 cached test images. λ_μ is moved one key press after the other; a move
lasts from the slider's event to the frame in which all stages and the accuracy are drawn anew.
Browser, server and the process that computes share this machine's cores.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from tests.app.browser import app_server, launched_chromium
from tests.waiting import IN_A_BROWSER

MOVES = 50
_WATCH = """() => {
  const root = document.querySelector('.afn-inside');
  window.times = [];
  root.addEventListener('input', () => { window.moved = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => {
    if (window.moved) { window.times.push(performance.now() - window.moved); window.moved = 0; }
  })).observe(root, { attributes: true, attributeFilter: ['data-drawn'] }); }"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=MOVES)
    moves = parser.parse_args().moves
    with tempfile.TemporaryDirectory() as folder:
        env = {"AFN_RUNS_DIR": f"{folder}/runs", "AFN_DATA_DIR": f"{folder}/none"}
        with (
            app_server(env, Path(folder) / "log") as address,
            launched_chromium() as chromium,
        ):
            page = chromium.new_page(viewport={"width": 1440, "height": 1000})
            page.goto(f"{address}/inside?model=mnist5k-afn")
            page.wait_for_selector(".afn-inside .stage", timeout=IN_A_BROWSER)
            page.wait_for_timeout(3000)  # what the first visit still loads
            page.evaluate(_WATCH)
            page.locator("[data-lambda=mu]").focus()
            for number in range(moves + 3):
                page.keyboard.press("PageUp" if number % 8 < 4 else "PageDown")
                page.wait_for_function(
                    f"() => window.times.length > {number}", timeout=IN_A_BROWSER
                )
            times = page.evaluate("() => window.times")[3:]  # the first warm up
    median, worst = statistics.median(times), max(times)
    print(f"λ to redrawn stages and accuracy, {len(times)} moves: ", end="")
    print(f"median {median:.0f} ms (asked: 300), worst {worst:.0f} ms (asked: 600)")


if __name__ == "__main__":
    main()
