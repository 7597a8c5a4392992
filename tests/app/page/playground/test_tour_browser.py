"""The tour that points, and the way by keyboard to what matters, in a real Chromium."""

import re
from itertools import chain

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser import button
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
FOCUSED = "document.activeElement.textContent"


SIZES = ((1440, 900), (1280, 720), (390, 844))
BOXES = """selectors => selectors.map(each => [...document.querySelectorAll(each)].map(node => {
  const { x, y, width, height } = node.getBoundingClientRect();
  return [x, y, x + width, y + height]; }))"""


def overlap(one: list[float], other: list[float]) -> float:
    """px² that two boxes share."""
    sides = [min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1)]
    return max(sides[0], 0) * max(sides[1], 0)


def is_ringed(page: Page, selector: str, *kept: str) -> bool:
    """Whether the ring is around it, and the card neither on it nor on what is to stay in sight."""
    found = page.evaluate(BOXES, [".afn-pointer .ring", ".afn-pointer .card", selector, *kept])
    rings, cards, things, *others = found
    if not (rings and cards and things):
        return False
    [ring], [card], thing = rings, cards, things[0]
    is_around = all(abs(ring[side] + 5 - thing[side]) <= 2 for side in (0, 1))
    is_beside = not any(overlap(card, each) for each in chain([thing], *others))
    is_on_screen = min(card) >= 0 and card[2] <= page.viewport_size["width"]
    return is_around and is_beside and is_on_screen


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_the_tour_speaks_of_stays_in_sight(page: Page, address: str, width: int, height: int):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    tour = page.get_by_role("dialog", name="Tour")
    lanes = ".network-lane"
    expect(page.locator(".network-words")).to_be_visible()
    kept = [(".network-valve.mixes", lanes), (".st-key-scrubber", lanes, ".afn-cards")]
    if width > 640:
        kept.insert(1, (".st-key-twist", lanes, ".st-key-open-2"))
    for selector, *others in kept:
        wait_for(lambda at=selector, of=others: is_ringed(page, at, *of), f"a ring at {selector}")
        tour.get_by_role("button").last.click()
    wait_for(lambda: is_ringed(page, ".st-key-transport-Start", lanes), "a ring around Start")


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
