"""The first visit's tour in a real Chromium: three steps, ticked off, and never again unasked."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser import button
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUICK = "?data=digits8&widths=4-8&epochs=1&c=afn&c=bn"


def top_of_controls(page: Page) -> float:
    """Where Start and its neighbours stand, once what is above them is drawn."""
    expect(page.get_by_role("combobox", name="Buttons act on")).to_have_value("All")
    return page.locator(".st-key-transport").bounding_box()["y"]


def test_three_steps_by_keyboard_and_nothing_jumps(page: Page, address: str):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    tour = page.get_by_role("list", name="Tour")
    done = tour.locator(".is-done")
    expect(done).to_have_count(0)
    expect(tour.locator("[aria-current=step]")).to_contain_text("Choose contenders")
    expect(button(page, "Start")).to_be_enabled()
    before = top_of_controls(page)
    button(page, "Keep these contenders").press("Enter")
    expect(done).to_have_text([re.compile("Choose contenders")])
    wait_for(lambda: abs(top_of_controls(page) - before) <= 1, "the controls where they were")

    page.goto(address + QUICK)
    expect(done).to_have_text([re.compile("Choose contenders")])  # the link's are others
    before = top_of_controls(page)
    button(page, "Start").press("Enter")
    expect(done).to_have_count(3)
    expect(page.get_by_role("link", name="λ dynamics").last).to_be_visible()
    wait_for(lambda: abs(top_of_controls(page) - before) <= 1, "the controls where they were")

    button(page, "Close the tour").press("Enter")
    expect(tour).to_have_count(0)
    page.wait_for_function("document.cookie.includes('afn_tour=seen')")
    page.goto(address)
    expect(page.get_by_text("Nothing runs yet")).to_be_visible()
    expect(tour).to_have_count(0)
    button(page, "Tour").press("Enter")
    expect(tour).to_be_visible()


def test_who_comes_for_runs_is_not_shown_around(page: Page, address: str):
    page.goto(f"{address}?run=20200101-000000-afn-000000")
    expect(page.get_by_text(re.compile("it may have been deleted"))).to_be_visible()
    expect(button(page, "Tour")).to_be_visible()
    expect(page.get_by_role("list", name="Tour")).to_have_count(0)
