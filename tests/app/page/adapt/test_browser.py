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
    fallen = page.get_by_text(re.compile(r"TENT 0\.1 has fallen by batch \d+"))
    expect(fallen.first).to_be_visible()
    place = page.locator(".afn-stream p b")
    hand = page.get_by_role("slider", name="Stream batch")
    expect(place).to_have_text("Batch 50, glass blur 5")
    hand.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".stream-rows i[role=img]:visible")).to_have_count(10)
    expect(page.locator(".stream-rows b.wrong").first).to_be_visible()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("Batch 45, glass blur 5")  # in the browser alone
    page.wait_for_url("**at=45**")
    page.get_by_role("button", name="Reset here").click()
    page.wait_for_url("**resets=45&at=45**")
    page.reload()
    expect(hand).to_have_value("45")
    expect(place).to_have_text("Batch 45, glass blur 5")
    expect(page.get_by_role("button", name="Without resets")).to_be_visible()
    page.get_by_role("button", name="Replay the stream").click()
    expect(hand).to_have_value("50")
    page.wait_for_url(re.compile(r"resets=45$"))
