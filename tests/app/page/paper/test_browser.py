"""The Paper page in a real Chromium: it fits a phone, and its tables scroll within themselves."""

import pytest
from playwright.sync_api import Browser, expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_scrolls_tables_not_the_page(chromium: Browser, address: str, theme):
    context = chromium.new_context(viewport={"width": 390, "height": 800}, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{address}/paper")
    last = page.get_by_text("Where the robustness gain comes from", exact=True)
    expect(last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for mark in page.locator(".afn-verdicts .mark").all():
        assert 0 <= mark.bounding_box()["x"] <= 390 - 16
    page.get_by_text("Digits: each domain trains once", exact=True).click()
    table = page.locator(".afn-paper").first
    expect(table).to_be_visible()
    assert table.evaluate("box => box.scrollWidth > box.clientWidth")
    verdict = table.locator(".afn-chip").first.bounding_box()  # seen before anything is moved
    assert verdict["x"] + verdict["width"] <= 390
    table.evaluate("box => box.scrollLeft = 300")
    name = table.locator("tbody th").first
    assert name.bounding_box()["x"] == pytest.approx(table.bounding_box()["x"], abs=1)
    shade = "node => getComputedStyle(node).backgroundColor"
    assert name.evaluate(shade) == page.locator("[data-testid=stApp]").evaluate(shade)
    context.close()
