"""The λ page and the γ/β page in a real Chromium: a run that trains, the cursor."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from afn.engine.execution import execute
from afn.jsonl import append_line
from afn.runs.store import Run, RunStore
from afn.settings.config import TrainConfig

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUICK = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=0, eval_images=20, corruptions=()
)
PLOT = ".js-plotly-plot .main-svg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of three norms."""
    folder = tmp_path_factory.mktemp("runs")
    for norm in ("bn", "afn", "asrnorm"):
        list(execute(RunStore(folder).create(replace(QUICK, norm=norm))))
    return folder


@pytest.fixture(scope="module")
def address(serve, folder: Path) -> str:
    env = {"AFN_RUNS_DIR": str(folder), "AFN_DATA_DIR": str(folder / "no-data")}
    return serve(env)


@pytest.fixture
def training(folder: Path) -> Iterator[Run]:
    """A run that this process seems to train: the test itself writes its events."""
    done = next(run for run in RunStore(folder).list() if run.config().norm == "afn")
    run = RunStore(folder).create(replace(QUICK, seed=9))
    run.claim()
    for event in done.events(0)[0]:  # to the first step
        append_line(run.events_path, event)
        if event["kind"] == "step":
            break
    yield run
    run.end("stopped")


def test_the_page_follows_a_run_and_says_when_it_has_ended(page: Page, address: str, training: Run):
    page.goto(f"{address}/lambda?runs={training.id}")
    expect(page.get_by_text(re.compile("^Live · digits8"))).to_be_visible()
    [*_, step] = [each for each in training.events(0)[0] if each["kind"] == "step"]
    step |= {"step": 2, "lambdas": [[0.09] * 4] * 2}
    append_line(training.events_path, step)
    expect(page.get_by_text("→ 0.09").first).to_be_visible()
    training.end("finished")
    expect(page.get_by_text(re.compile("^Cached · digits8"))).to_be_visible()


def test_one_cursor_moves_both_ridgelines_and_is_in_the_link(page: Page, address: str):
    page.goto(f"{address}/gamma-beta?run=mnist5k-afn")
    expect(page.locator(PLOT).nth(3)).to_be_visible()
    expect(page.get_by_text("Channel by channel at step 1,860", exact=True)).to_be_visible()
    bold = page.locator(".js-plotly-plot .ytick text").filter(has_text="1,860")
    expect(bold).to_have_count(2)
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("Home")
    expect(page.get_by_text("Channel by channel at step 1", exact=True)).to_be_visible()
    page.wait_for_url(re.compile("step=1"))
    page.reload()
    expect(page.get_by_text("Channel by channel at step 1", exact=True)).to_be_visible()


def test_a_map_is_measured_and_its_point_is_dragged(page: Page, address: str, folder: Path):
    [run] = [run for run in RunStore(folder).list() if run.config() == replace(QUICK, norm="afn")]
    page.goto(f"{address}/lambda?runs={run.id}&corruption=fog")
    drawing = page.locator(".afn-lambda-map")
    expect(drawing).to_have_attribute("data-measured", "90")
    expect(page.get_by_text("91 points measured", exact=True)).to_be_visible()
    told = drawing.locator("output")
    expect(told).to_contain_text(re.compile(r"\d %measured"))  # the one that it opens with
    page.get_by_role("slider", name="λ μ of every layer").focus()
    page.keyboard.press("End")
    expect(told).to_contain_text("interpolated")
    expect(told).to_contain_text(re.compile(r"^\d+\.\d %measured \(.*…"))
    page.wait_for_url(re.compile("point=1%7E0|point=1~0"))
    picture = drawing.locator("svg")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    expect(told).to_contain_text("≈")
    page.mouse.up()
    expect(told).to_contain_text("measured")
    at = drawing.locator(".number").all_inner_texts()
    page.reload()
    expect(drawing).to_have_attribute("data-measured", "90")
    assert drawing.locator(".number").all_inner_texts() == at
