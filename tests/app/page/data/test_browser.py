"""Three things taught in a browser: a zip of photos, the sheet, BN beside AFN, inside a layer."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import matplotlib.cbook
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sklearn.datasets import load_sample_images

from afn.data.own.store import OwnSets
from afn.runs.store import RunStore
from tests.app.browser import button
from tests.app.conftest import Serve
from tests.data.own.conftest import file_of, zipped
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def photos() -> dict[str, bytes]:
    """Twenty views each of a temple, a flower and a portrait, real photos all three."""
    rng = np.random.default_rng(0)
    temple, flower = load_sample_images().images
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        portrait = np.asarray(Image.open(file))
    files = {}
    for name, photo in (("寺", temple), ("flower", flower), ("portrait", portrait)):
        image = Image.fromarray(photo)
        side = int(0.6 * min(image.size))
        for number in range(20):
            x, y = rng.integers(0, image.width - side), rng.integers(0, image.height - side)
            crop = image.crop((x, y, x + side, y + side)).rotate(float(rng.uniform(-10, 10)))
            files[f"my photos/{name}/IMG_{number}.jpg"] = file_of(crop, "jpeg")
    return files


def test_three_things_are_taught_and_looked_into(serve: Serve, page: Page, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    address = serve({"AFN_RUNS_DIR": str(runs), "AFN_DATA_DIR": str(tmp_path / "no-data")})
    upload = tmp_path / "photos.zip"
    upload.write_bytes(zipped(photos()))
    page.goto(f"{address}/?c=bn&c=afn")  # by a link no tour begins
    page.get_by_role("link", name="Your own pictures").click()
    page.locator("input[type=file][accept*='.zip']").set_input_files(upload)
    sheet = page.locator(".afn-contact")
    expect(sheet.locator("figure")).to_have_count(3)
    expect(sheet.locator("i")).to_have_count(60)
    expect(sheet.locator("i.test")).to_have_count(12)
    expect(sheet).to_contain_text("寺")
    page.reload()  # the address is a link to it
    expect(sheet.locator("figure")).to_have_count(3)
    (found,) = OwnSets(runs).list()
    assert found.counts == ((16, 4),) * 3

    button(page, "Teach it").click()
    expect(page.locator(".afn-card")).to_have_count(2)
    store = RunStore(runs)
    wait_for(lambda: len(store.list()) == 2, "two runs")
    bn, afn = sorted(store.list(), key=lambda run: run.config().norm, reverse=True)
    wait_for(lambda: any(path.exists() for path in afn.checkpoints()), "a checkpoint")
    expect(page.locator(".afn-card").first).to_contain_text(re.compile(r"\d+\.\d %"))
    button(page, "Stop").click()
    for run in (bn, afn):
        wait_for(lambda run=run: run.state().status == "stopped", "the end")
    assert {run.config().dataset for run in (bn, afn)} == {found.name}

    page.goto(f"{address}/inside?model={afn.id}&severity=0")
    pictures = page.locator(".afn-beside img, .afn-inside img")
    expect(pictures.first).to_be_visible()
    taught = {each.tobytes() for each in OwnSets(runs).load(found).x_test}
    wait_for(lambda: taught & set(map(pixels, sources(pictures))), "a picture of one's own")


def sources(pictures: Locator) -> list[str]:
    found: list[str] = pictures.evaluate_all("images => images.map(image => image.src)")
    return [each for each in found if each.startswith("data:image/png;base64,")]


def pixels(source: str) -> bytes:
    image = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
    return np.asarray(image.convert("RGB")).tobytes()
