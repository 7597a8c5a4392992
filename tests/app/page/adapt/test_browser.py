"""A stream in a real Chromium: it flows, somebody falls, is put back, and the link says so."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_tent_falls_where_classes_come_sorted_and_a_reset_is_in_the_link(page, address):
    page.goto(f"{address}/adapt?batch=10&n=500&rate=0.1&ways=batch~tent")
    fallen = page.get_by_text(re.compile(r"TENT 0\.1 collapses at batch \d+"))
    expect(fallen).to_be_visible(timeout=90_000)
    expect(page.locator(".afn-stream i[role=img]")).to_have_count(10)
    expect(page.get_by_role("heading", name="Batch 50")).to_be_visible(timeout=90_000)
    expect(page.locator(".afn-stream b.wrong").first).to_be_visible()
    page.get_by_role("slider", name="Batch").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.wait_for_url("**at=45**")
    page.get_by_role("button", name="Reset at batch 45").click()
    page.wait_for_url("**resets=45&at=45**")
    page.reload()
    expect(page.get_by_role("slider", name="Batch")).to_have_value("45", timeout=90_000)
    expect(page.get_by_role("heading", name="Batch 45")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("button", name="Without resets")).to_be_visible(timeout=90_000)
