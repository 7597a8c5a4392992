"""A short recording of the app as an animated WebP: ``python docs/record.py SCENE --at ADDRESS``.

It opens a page in Chromium, does what the scene says, and takes a picture a fixed number of times a
second; a scene is a function that yields after each of them. ``--out`` names the file (default
``docs/SCENE.webp``). The app has to be served: ``python -m afn serve``.
"""

import argparse
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

FRAMES = 10
"""A second of what is played."""
SIZE = (1280, 720)
WIDTH = 800
"""Of the recording, in pixels."""
Scene = Callable[[Page, str], Iterator[None]]


def lesson(page: Page, address: str) -> Iterator[None]:
    """The hidden hero: contrast is dragged away, a prediction, the answer, dragged once more."""
    page.goto(f"{address}/lessons?lesson=hidden-hero")
    hand = page.get_by_role("slider", name="contrast left")
    hand.wait_for()
    page.locator(".afn-hand svg .needle").wait_for(state="attached")
    yield from _still(8)
    yield from _dragged(hand, "ArrowRight", 26)
    yield from _still(6)
    guess = page.get_by_role("button", name="It rises, by up to 20 points")
    guess.hover()
    yield from _still(4)
    guess.click()
    page.locator(".afn-hand svg .line").nth(2).wait_for(state="attached")
    yield from _still(10)
    yield from _dragged(hand, "ArrowLeft", 15)
    yield from _dragged(hand, "ArrowRight", 19)
    yield from _still(12)


def minute(page: Page, address: str) -> Iterator[None]:
    """The first minute: a recorded comparison plays, and BN is given the test batch too."""
    page.goto(address)
    page.locator(".network-valve").first.wait_for()
    yield from _still(36)
    page.get_by_role("button", name="Next", exact=True).click()
    yield from _still(8)
    page.get_by_text("Give BN the test batch too").click()
    yield from _still(16)
    page.get_by_role("button", name="Skip", exact=True).click()
    hand = page.get_by_role("slider", name="Training step")
    yield from _dragged(hand, "ArrowLeft", 10)
    yield from _still(8)


def stage(page: Page, address: str) -> Iterator[None]:
    """The stage: one thing on the whole screen, and the next."""
    page.goto(f"{address}/?stage=1")
    page.locator(".network-valve").first.wait_for()
    yield from _still(20)
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        yield from _still(12)


SCENES: dict[str, Scene] = {"minute": minute, "lesson": lesson, "stage": stage}
"""By name."""


def _still(frames: int) -> Iterator[None]:
    for _ in range(frames):
        yield


def _dragged(hand: Locator, key: str, places: int) -> Iterator[None]:
    for _ in range(places):
        hand.press(key)
        yield


def main() -> None:
    """Record one scene."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("scene", choices=list(SCENES))
    options.add_argument("--at", default="http://localhost:8501", help="where the app is served")
    options.add_argument("--out", type=Path, help="the file (default docs/SCENE.webp)")
    options.add_argument("--chromium", help="its program, where Playwright has none of its own")
    options.add_argument("--dark", action="store_true", help="in the dark theme")
    given = options.parse_args()
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": SIZE[0], "height": SIZE[1]},
            color_scheme="dark" if given.dark else "light",
        )
        page.set_default_timeout(120_000)
        frames = [_frame(page) for _ in SCENES[given.scene](page, given.at)]
        browser.close()
    path = given.out or Path(__file__).with_name(f"{given.scene}.webp")
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=1000 // FRAMES, loop=0,
        quality=50, method=6, minimize_size=True,
    )  # fmt: skip
    print(f"{path}: {len(frames)} frames, {path.stat().st_size / 1000:.0f} KB")


def _frame(page: Page) -> Image.Image:
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return image.resize((WIDTH, WIDTH * image.height // image.width), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
