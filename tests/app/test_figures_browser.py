"""Any figure is taken as one file that says what it shows and what to cite, in a real Chromium."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SVG = "{http://www.w3.org/2000/svg}"


def test_a_figure_is_taken_with_its_caption_and_bibtex(page: Page, address: str):
    page.goto(f"{address}/cost")
    row = page.locator(".afn-take")
    expect(row.locator("option")).to_have_count(3)
    row.get_by_label("Figure to take").select_option(index=1)
    with page.expect_download() as taken:
        row.get_by_role("button", name="SVG").click()
    assert taken.value.suggested_filename.startswith("inference-bn-over-channels")
    root = ElementTree.fromstring(Path(taken.value.path()).read_text())
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text.startswith("Inference, × BN, over channels")
    told = root.find(f"{SVG}desc").text
    assert "AFN 1." in told  # the caption's numbers
    assert f"url = {{{address}/cost}}" in told
    assert "eprint = {2308.03321}" in told
    expect(row.get_by_role("status")).to_have_text("saved")
