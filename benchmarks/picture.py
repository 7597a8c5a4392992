"""The Playground's picture, as a visitor meets it: ``python -m benchmarks.picture``.

Starts the app on a fresh runs folder and drives it in Chromium. Times are of this machine, with
browser, server and three trainings on the same cores. A valve moves once its lane says a later step
than the first that it showed.
"""

import argparse
import json
import random
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page

from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from benchmarks.playground import click_to
from tests.app.browser import app_server, button, launched_chromium
from tests.waiting import IN_A_BROWSER

SHORT = 50
"""Steps that a long run was really trained for."""
NORMS = ("afn", "asrnorm", "bn")
MOVED = """() => [...document.querySelectorAll('.network-lane')].some(lane =>
  lane.querySelector('.network-needle') && lane.step >= 1)"""
RESET = """() => { const lanes = [...document.querySelectorAll('.network-lane')];
  return lanes.length && lanes.every(lane => lane.step === 0); }"""
MOVING = """() => { window.moving = null;
  const seen = new Set();
  const look = () => {
    const lane = document.querySelector('.network-lane');
    if (lane) seen.add(lane.step);
    if (window.drawn == null && lane) window.drawn = performance.now();
    if (seen.size > 1) window.moving = performance.now();
    else requestAnimationFrame(look);
  };
  look(); }"""
FRAMES = """seconds => new Promise(done => { let frames = 0; const since = performance.now();
  const look = now => { frames++;
    if (now - since < 1000 * seconds) requestAnimationFrame(look);
    else done(1000 * frames / (now - since)); };
  requestAnimationFrame(look); })"""
REDRAW = """async steps => {
  const at = name => performance.getEntriesByType('resource').map(e => e.name)
    .find(each => each.includes(`/static/${name}.js`));
  const { stores } = await import(at('live_chart'));
  const { render } = await import(at('live_chart/network'));
  const [store] = [...stores.values()].filter(({ spec }) => spec?.kind === 'network');
  const slot = document.querySelector('.network').parentElement;
  const how = { ...store, width: slot.clientWidth, chart: { isNear: true, schedule() {} } };
  return steps.map(step => { const since = performance.now();
    render(slot, store.data, { ...how, step });
    return performance.now() - since; }); }"""
SCRUB = """step => new Promise(done => {
  const thumb = document.querySelector('.scrubber input');
  const lanes = [...document.querySelectorAll('.network-lane')];
  const since = performance.now();
  thumb.value = step;
  thumb.dispatchEvent(new Event('input'));
  // a long history is sent thinned: a lane shows the last record that is not behind the step
  const look = () => lanes.every(lane => Math.abs(lane.step - step) <= 2)
    ? done(performance.now() - since) : requestAnimationFrame(look);
  requestAnimationFrame(look); })"""


def long_runs(store: RunStore, steps: int) -> list[str]:
    """Three contenders of so many steps: trained for fewer, each of which is told several times."""
    config = TrainConfig(
        dataset="digits8", widths=(4, 8), epochs=20, max_steps=SHORT, evals_per_epoch=0,
        corruptions=("contrast",), severity=5,
    )  # fmt: skip
    runs = [store.create(replace(config, norm=norm)) for norm in NORMS]
    for run in runs:
        for _ in execute(run):
            pass
        told = []
        for event in run.events()[0]:
            times = -(-steps // SHORT) if event["kind"] == "step" else 1
            last = event["step"] * -(-steps // SHORT)
            told += [{**event, "step": last - times + 1 + i} for i in range(times)]
        lines = "".join(json.dumps(event) + "\n" for event in told)
        (run.path / "events.jsonl").write_text(lines)
    return [run.id for run in runs]


def address_to_picture(page: Page, url: str) -> tuple[float, float | None]:
    """Seconds from the address to the first lane, and to the first that moves by itself."""
    page.add_init_script(f"window.addEventListener('DOMContentLoaded', {MOVING})")
    page.goto(url)
    page.wait_for_function("() => window.drawn != null", timeout=IN_A_BROWSER)
    page.wait_for_timeout(4000)
    drawn, moving = page.evaluate("() => [window.drawn, window.moving]")
    return drawn / 1000, moving and moving / 1000


def say(what: str, value: str, target: str) -> None:
    print(f"{what:<62} {value:<34} target {target}", flush=True)


def spread(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.1f} ms (worst {max(times):.1f})"


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="starts and visits that are timed")
    parser.add_argument("--seconds", type=float, default=10, help="of counted frames")
    parser.add_argument("--steps", type=int, default=2000, help="of the runs that are scrubbed")
    parser.add_argument("--moves", type=int, default=60, help="of the scrubber")
    parser.add_argument("--warm", type=float, default=15, help="seconds for the worker to warm up")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, launched_chromium() as browser:
        store = RunStore(Path(folder))
        ids = long_runs(store, options.steps)
        env = {"AFN_RUNS_DIR": folder, "AFN_DATA_DIR": f"{folder}/no-data"}
        with app_server(env, Path(folder) / "server.log") as address:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.wait_for_timeout(1000 * options.warm)
            found = [address_to_picture(page, address) for _ in range(options.repeats)]
            say("address to the first lane, warm, median",
                f"{statistics.median(drawn for drawn, _ in found):.2f} s", "<= 2 s")  # fmt: skip
            moving = [at for _, at in found if at is not None]
            told = f"{statistics.median(moving):.2f} s" if moving else "it stands still"
            say("address to a picture that moves, warm, median", told, "<= 2 s")

            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{address}/?epochs=100&lamlr=10")
            times = click_to(page, MOVED, reset=RESET, repeats=options.repeats)
            told = f"{statistics.median(times):.2f} s (worst {max(times):.2f})"
            say("click on Start to the first valve that moves, median", told, "<= 0.6 s")
            button(page, "Start").click()
            page.wait_for_function(MOVED, timeout=IN_A_BROWSER)
            page.evaluate("() => document.querySelector('.network').scrollIntoView()")
            rate = page.evaluate(FRAMES, options.seconds)
            say("frames a second while three train", f"{rate:.0f}", ">= 20")
            page.locator(".wall-chip.right").first.wait_for(timeout=IN_A_BROWSER)
            page.evaluate("() => document.querySelector('.wall').scrollIntoView()")
            rate = page.evaluate(FRAMES, options.seconds)
            say("frames a second of the wall of answers meanwhile", f"{rate:.0f}", ">= 20")
            button(page, "Stop").click()

            page.goto(f"{address}/?run={'~'.join(ids)}")
            page.wait_for_function(MOVED, timeout=IN_A_BROWSER)
            page.wait_for_timeout(3000)
            generator = random.Random(0)
            steps = [generator.randrange(1, options.steps) for _ in range(options.moves)]
            redraws = page.evaluate(REDRAW, steps)
            say("script of the diagram a frame, each at another step", spread(redraws), "<= 8 ms")
            moves = [page.evaluate(SCRUB, step) for step in steps]
            say(f"scrubbing {options.steps:,} steps, from a move to the picture", spread(moves),
                "<= 100 ms")  # fmt: skip


if __name__ == "__main__":
    main()
