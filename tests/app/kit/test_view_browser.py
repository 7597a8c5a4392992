"""A choice in a part of a page that is drawn again and again, in a real Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.browser import plain_streamlit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def address(serve):
    return serve({}, plain_streamlit(Path(__file__).parent / "pressed_page.py"))


def test_what_is_pressed_while_a_part_is_drawn_stays_pressed(page, address):
    page.goto(address)
    expect(page.get_by_text("It is left.")).to_be_visible()
    page.wait_for_timeout(2000)  # until the browser has told once what it shows
    for side in ("right", "left", "right"):
        page.wait_for_timeout(330)  # at another moment of its drawing each time
        page.get_by_role("radio", name=side).click()
        expect(page.get_by_text(f"It is {side}.")).to_be_visible(timeout=30_000)
        page.wait_for_timeout(1500)
        expect(page.get_by_text(f"It is {side}.")).to_be_visible(timeout=1)
        expect(page.get_by_role("radio", name=side)).to_be_checked(timeout=1)
