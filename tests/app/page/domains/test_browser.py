"""The Domains page in a real Chromium: training, tests that come in, settings and a refresh."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from tests.app.browser import button

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUICK = "/domains?of=shapes&norms=bn~bn-batch~afn&n=200"


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An app without runs, with three domains whose networks are trained in a second."""
    data, runs = (tmp_path_factory.mktemp(name) for name in ("data", "runs"))
    noise = np.random.default_rng(0)
    for domain, paper in {"ink": 230, "neon": 60, "pale": 150}.items():
        for shape, width in {"bar": 8, "box": 40}.items():
            folder = data / "Shapes" / domain / shape
            folder.mkdir(parents=True)
            for i in range(48):
                pixels = noise.integers(paper - 20, paper + 20, (64, 64, 3), dtype=np.uint8)
                pixels[20:44, 32 - width // 2 : 32 + width // 2] = 0
                Image.fromarray(pixels).save(folder / f"{i}.png")
    # A run that ended is how a recipe of one epoch is on offer.
    recipe = TrainConfig(
        dataset="shapes/ink", norm="bn", widths=(2,), epochs=1, batch_size=16, corruptions=()
    )
    _train(RunStore(runs), recipe, data)
    return serve({"AFN_RUNS_DIR": str(runs), "AFN_DATA_DIR": str(data)})


def _train(store: RunStore, config: TrainConfig, data: Path) -> None:
    from afn.engine.execution import execute

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFN_DATA_DIR", str(data))
        list(execute(store.create(config)))


def cells(page: Page) -> list[str]:
    return page.locator(".afn-matrix td").all_inner_texts()


def await_cells(page: Page, pattern: str, count: int) -> None:
    """Wait until there are so many cells and all look like that."""
    page.wait_for_function(
        """([pattern, count]) => {
            const cells = [...document.querySelectorAll(".afn-matrix td")];
            return cells.length == count
                && cells.every(cell => new RegExp(pattern).test(cell.innerText.trim()));
        }""",
        arg=[pattern, count],
    )


def test_networks_are_trained_tested_and_compared_without_a_reload(page: Page, address: str):
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.goto(address + QUICK)
    page.evaluate("window.isSame = true")
    button(page, "Train the missing 5 networks").click()
    await_cells(page, r"^\d+\.\d$", 3 * 3 * 4)  # three contenders, three rows, domains and mean
    expect(page.get_by_text("What the networks add.")).to_be_attached()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    expect(button(page, "Stop")).to_have_count(0)

    page.get_by_role("radio", name="minus BN", exact=True).click()
    await_cells(page, r"^[+−±]\d+\.\d$", 2 * 3 * 4)
    page.wait_for_url(re.compile("show=difference"))
    page.get_by_role("radio", name="neon", exact=True).click()
    page.wait_for_url(re.compile("source=shapes%2Fneon"))
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    assert page.evaluate("window.isSame")

    before, url = cells(page), page.url
    page.reload()
    await_cells(page, r"^[+−±]\d+\.\d$", 2 * 3 * 4)
    assert cells(page) == before
    expect(page.get_by_role("radio", name="neon", exact=True)).to_be_checked()
    assert page.url == url
    # Streamlit looks for its own files below the page's path first.
    assert [line for line in said if "404" not in line] == []
