"""A model of one's own in a real Chromium: its report, a converted copy, and its GroupNorm."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser import button
from tests.app.conftest import Serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MODEL = """
from torch import nn

def build():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.GroupNorm(4, 8), nn.ReLU(), nn.Conv2d(8, 12, 3), nn.BatchNorm2d(12),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 10),
    )

build.classes = "digits8"
"""


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("own")
    file: Path = folder / "mine.py"
    file.write_text(MODEL)
    env = {"AFN_RUNS_DIR": str(folder / "runs"), "AFN_DATA_DIR": str(folder / "no-data")}
    served = "--model", f"{file}:build", "--host", "127.0.0.1", "--port"
    return serve(env, ("afn", "serve", *served))


def test_a_model_is_reported_converted_and_looked_into(page: Page, address: str) -> None:
    page.goto(f"{address}/your-model")
    expect(page.locator(".afn-yours .bar")).to_have_count(2)
    group = page.locator(".afn-yours .bar").first
    expect(group).to_have_attribute("title", re.compile("GroupNorm .*can become AFN2d"))
    told = page.locator(".afn-copy .told em")
    expect(told).to_have_count(1)  # its accuracy
    button(page, "Convert to AFN").click()
    expect(told).to_have_count(2)
    button(page, "Averages of digits8").first.click()
    expect(told).to_have_count(3)
    names = page.locator(".afn-copy .name").all_inner_texts()
    assert names == ["as it is", "as AFN", "as it is, averages of digits8"]
    group.click()
    page.wait_for_url(re.compile(r"/inside\?.*layer=network\.1"))
    page.locator(".node[data-id=statistics]").click()
    expect(page.locator(".averaged b")).to_have_text(
        "averaged: the channels of this group in this image"
    )
    values = page.locator("[data-stage=statistics] .formula b.value")
    expect(values).to_have_count(2)
    options = page.locator("[name=layer] option")
    assert options.all_inner_texts() == ["1", "4"]
    page.locator("[name=layer]").select_option("network.4")
    expect(page.locator(".averaged b")).to_have_text(re.compile("none of this batch"))


def test_a_link_has_nothing_executed(page: Page, address: str, tmp_path: Path) -> None:
    file = tmp_path / "evil.py"
    file.write_text(f"open({json.dumps(str(tmp_path / 'done'))}, 'w')\ndef build(): pass\n")
    page.goto(f"{address}/inside?model={file}%3Abuild")
    expect(
        page.get_by_text("is none of the models that this server was started with")
    ).to_be_visible()
    assert not (tmp_path / "done").exists()
