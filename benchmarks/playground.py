"""The Playground's figures, as a visitor meets them: ``python -m benchmarks.playground``.

Starts the app on a fresh runs folder and drives it in Chromium. A rerun lasts from the page's
request to the server's word, in the page, that the script has finished. The
engine is timed against a bare PyTorch loop over the same model, batches and optimizer, in
alternating blocks of steps on one thread. Times are of this machine, with browser, server and
training on the same cores.
"""

import argparse
import base64
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from afn.runs.store import RunStore
from tests.app.browser import app_server, button, launched_chromium
from tests.waiting import IN_A_BROWSER

FIRST_LAMBDA = """() => [...document.querySelectorAll('.js-plotly-plot')].some(plot =>
  plot.layout.annotations?.some(note => /λ(_|<sub>)μ/.test(note.text)) &&
  plot.data.some(trace => Math.max(...trace.x) >= 1))"""
EMPTY = "() => document.body.innerText.includes('Nothing runs yet')"


WIRETAP = """window.wire = [];
window.WebSocket = class extends WebSocket {
  constructor(...how) { super(...how);
    this.addEventListener('message', ({ data }) => wire.push([performance.now(), false, data])); }
  send(data) { wire.push([performance.now(), true, data]); super.send(data); } };"""
READ_WIRE = """async () => {
  const text = bytes => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
  return Promise.all(wire.splice(0).map(async ([when, isSent, data]) =>
    [when, isSent, text(new Uint8Array(await new Blob([data]).arrayBuffer()))])); }"""


class Wire:
    """Reruns, noted inside the page, where they cost next to nothing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: float | None = None
        self.reruns: list[float] = []
        page.add_init_script(WIRETAP)

    def read(self) -> None:
        """Take in what has come and gone since the last call."""
        for when, is_sent, text in self.page.evaluate(READ_WIRE):
            data = base64.b64decode(text)
            if is_sent:
                self._sent(when / 1000, BackMsg.FromString(data))
            else:
                self._received(when / 1000, ForwardMsg.FromString(data))

    def _sent(self, when: float, message: BackMsg) -> None:
        if message.WhichOneof("type") == "rerun_script" and not message.rerun_script.fragment_id:
            self.asked = when

    def _received(self, when: float, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        whole = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
        if kind == "script_finished" and message.script_finished == whole and self.asked:
            self.reruns.append(when - self.asked)
            self.asked = None


def click_to(page: Page, sign: str, *, reset: str, repeats: int) -> list[float]:
    """Seconds from a click on Start to the first frame that shows a sign.

    Args:
        page: With the Playground.
        sign: JavaScript, a function: whether it is on screen.
        reset: The same: whether the page is as before Start again.
        repeats: Clicks.
    """
    click = f"""() => {{ const clicked = performance.now();
      window.first = null;
      const look = () => {{ if (({sign})()) window.first = performance.now() - clicked;
        else requestAnimationFrame(look); }};
      [...document.querySelectorAll('button')]
        .find(b => b.innerText.trim().endsWith('Start')).click();
      requestAnimationFrame(look); }}"""
    times = []
    for _ in range(repeats):
        button(page, "Start").wait_for()
        page.wait_for_timeout(700)
        page.evaluate(click)
        page.wait_for_function("() => window.first !== null", timeout=IN_A_BROWSER)
        times.append(page.evaluate("() => window.first") / 1000)
        button(page, "Reset").click()
        page.wait_for_function(reset, timeout=IN_A_BROWSER)
    return times


def rerun_latency(page: Page, wire: Wire, repeats: int) -> list[float]:
    """Seconds of whole reruns, each caused by a click on a setting, while the runs train."""
    wire.read()
    wire.reruns.clear()
    for i in range(repeats):
        page.get_by_role("radio", name=("resnet8", "convnet")[i % 2]).click()
        page.wait_for_timeout(1100)  # longer than any rerun: each click is one
        wire.read()
    return wire.reruns


def engine_blocks(blocks: int, steps: int) -> Iterator[tuple[float, float]]:
    """Seconds of a block of steps: through the engine with events on, and in a bare loop."""
    import torch

    from afn import TrainConfig
    from afn.engine.execution import execute
    from afn.engine.training import Training
    from afn.work.memory import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()  # as where runs train
    config = TrainConfig(epochs=200, evals_per_epoch=0, corruptions=(), eval_images=1)
    with tempfile.TemporaryDirectory() as folder:
        events = execute(RunStore(Path(folder)).create(config))
        bare = Training(config)
        model, optimizer, order = bare.model, bare.optimizer, bare.order

        def through_engine() -> None:
            done = 0
            while done < steps:
                done += next(events).kind == "step"

        def in_a_bare_loop() -> None:
            for _ in range(steps):
                order.ends_epoch(64)
                images, labels = bare.data.train_batch(order.take(64))
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()

        def timed(work: Callable[[], None]) -> float:
            began = time.perf_counter()
            work()
            return time.perf_counter() - began

        model.train()
        for block in range(blocks + 1):
            pair = timed(through_engine), timed(in_a_bare_loop)
            if block:
                yield pair
        events.close()


def say(what: str, value: str, target: str) -> None:
    print(f"{what:<62} {value:<32} target {target}", flush=True)


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9, help="starts that are timed")
    parser.add_argument("--reruns", type=int, default=60, help="reruns that are timed")
    parser.add_argument("--blocks", type=int, default=9, help="of the engine's steps")
    parser.add_argument("--steps", type=int, default=50, help="of each block")
    parser.add_argument("--dataset", default="mnist5k", help="(default mnist5k)")
    parser.add_argument("--warm", type=float, default=15, help="seconds for the worker to warm up")
    options = parser.parse_args()

    pairs = list(engine_blocks(options.blocks, options.steps))
    ratio = statistics.median(bare / engine for engine, bare in pairs)
    ours = 1000 * statistics.median(engine for engine, _ in pairs) / options.steps
    say("engine's steps per second / bare loop's", f"{ratio:.3f} ({ours:.1f} ms a step)", ">= 0.90")

    with tempfile.TemporaryDirectory() as folder, launched_chromium() as browser:
        env = {"AFN_RUNS_DIR": folder, "AFN_DATA_DIR": f"{folder}/no-data"}
        with app_server(env, Path(folder) / "server.log") as address:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            wire = Wire(page)
            began = time.perf_counter()
            page.goto(f"{address}/?data={options.dataset}")
            button(page, "Start").wait_for()
            say(
                "cold first visit to a usable page",
                f"{time.perf_counter() - began:.2f} s",
                "<= 4 s",
            )
            page.wait_for_timeout(1000 * options.warm)  # the worker warms up, too

            times = click_to(page, FIRST_LAMBDA, reset=EMPTY, repeats=options.repeats)
            say(
                "warm click to first trained λ on screen, median",
                f"{statistics.median(times):.2f} s (worst {max(times):.2f})",
                "<= 0.8 s",
            )

            began = time.perf_counter()
            button(page, "Start").click()
            button(page, "Start again").wait_for(timeout=IN_A_BROWSER)
            say(f"three contenders, 3 epochs of {options.dataset}, page open",
                f"{time.perf_counter() - began:.1f} s", "<= 60 s")  # fmt: skip
            store = RunStore(Path(folder))
            for run in sorted(store.list(), key=lambda run: run.record()["created"])[-3:]:
                accuracy = (run.state().summary or {})["accuracy"]
                target = ">= 93 %" if run.config().norm == "asrnorm" else ">= 95 %"
                say(f"  test accuracy, {run.config().norm}", f"{100 * accuracy:.1f} %", target)

            page.goto(f"{address}/?c=afn&c=bn&epochs=200")
            button(page, "Start").click()
            page.wait_for_function(FIRST_LAMBDA, timeout=IN_A_BROWSER)
            times = rerun_latency(page, wire, options.reruns)
            say(
                f"rerun while two runs train, median of {len(times)}",
                f"{1000 * statistics.median(times):.0f} ms (worst {1000 * max(times):.0f})",
                "<= 250 ms, worst <= 600 ms",
            )
            button(page, "Stop").click()


if __name__ == "__main__":
    main()
