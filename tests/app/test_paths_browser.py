"""Addresses that people type, in a real Chromium."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from app.kit.comparison import opening_comparison, to_url

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OPENING = urlencode(to_url(opening_comparison()), doseq=True)
"""What a bare address comes to say."""


@pytest.mark.parametrize(
    ("path", "heading", "settled"),
    [
        ("/playground", "Watch normalization layers learn", f"/?{OPENING}"),
        ("/playground?epochs=2&c=afn&c=bn", "Watch normal", "/?epochs=2&c=afn&c=bn"),
        ("/playground/?epochs=2", "Watch normal", "/?epochs=2"),
        ("/Playground?epochs=2", "Watch normal", "/?epochs=2"),
        ("/Lessons?lesson=price", "What does it cost?", "/lessons?lesson=price"),
        ("/lessons/?lesson=price", "What does it cost?", "/lessons?lesson=price"),
    ],
)
def test_a_page_is_found_under_its_name_and_the_link_settings_are_kept(
    page: Page, address: str, path: str, heading: str, settled: str
):
    page.goto(address + path)
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.wait_for_url(address + settled)
    expect(page.locator("[data-testid=stDialog]")).to_have_count(0)
    assert not page.get_by_text("Page not found").count()
