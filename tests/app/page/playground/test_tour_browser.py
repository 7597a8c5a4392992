"""The tour that points, and the way by keyboard to what matters, in a real Chromium."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser import button
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
FOCUSED = "document.activeElement.textContent"


def is_ringed(page: Page, selector: str) -> bool:
    """Whether the ring is around it, and the card not on it."""
    found = page.evaluate(
        """selectors => selectors.map(each => {
          const box = document.querySelector(each)?.getBoundingClientRect();
          return box && { x: box.x, y: box.y, width: box.width, height: box.height }; })""",
        [".afn-pointer .ring", selector, ".afn-pointer .card"],
    )
    ring, thing, card = found
    if not (ring and thing and card):
        return False
    is_around = all(abs(ring[side] + 5 - thing[side]) <= 2 for side in ("x", "y"))
    is_above = card["y"] + card["height"] <= thing["y"]
    is_below = card["y"] >= thing["y"] + thing["height"]
    return is_around and (is_above or is_below)


def test_the_tour_points_at_things_by_keyboard_and_never_again_unasked(page: Page, address: str):
    page.goto(address)
    tour = page.get_by_role("dialog", name="Tour")
    expect(tour).to_contain_text("1 of 4")
    wait_for(lambda: is_ringed(page, ".network-valve"), "a ring around the first valve")
    for selector in (".st-key-twist", ".st-key-scrubber", ".st-key-transport-Start"):
        tour.get_by_role("button").last.press("Enter")
        wait_for(lambda at=selector: is_ringed(page, at), f"a ring around {selector}")
    expect(button(page, "Done")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tour).to_have_count(0)
    page.wait_for_function("document.cookie.includes('afn_tour=seen')")
    page.reload()
    expect(page.locator(".network-valve").first).to_be_visible()
    expect(tour).to_have_count(0)
    button(page, "Tour").press("Enter")
    expect(button(page, "Next")).to_be_focused()
    page.keyboard.press("Escape")
    expect(tour).to_have_count(0)


def test_who_comes_for_runs_is_not_shown_around(page: Page, address: str):
    page.goto(f"{address}?run=20200101-000000-afn-000000")
    expect(page.get_by_text(re.compile("it may have been deleted"))).to_be_visible()
    expect(button(page, "Tour")).to_be_visible()
    expect(page.get_by_role("dialog", name="Tour")).to_have_count(0)


def test_start_is_three_tabs_from_the_link_that_skips_to_the_page(page: Page, address: str):
    page.goto(f"{address}?c=bn&run=-")
    expect(button(page, "Start")).to_be_enabled()
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_have_count(1)
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    wait_for(lambda: page.evaluate("document.activeElement.tagName") != "A", "the page's focus")
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    assert any("Start" in words for words in reached), reached
