"""The block in a real Chromium: turned, followed, and lit as the norm has it."""

import pytest
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def motion():
    return "reduce"


def test_what_shares_a_statistic_is_lit_and_counted(page, address):
    page.goto(f"{address}/norms?norm=bn&images=4")
    lit = page.locator(".afn-block .tile[data-set='0']")
    expect(lit).to_have_count(4)
    expect(page.locator(".afn-block .set").first).to_contain_text("3,136 values")
    page.get_by_role("button", name="image 3, channel 5").dispatch_event("click")
    expect(page.locator(".afn-block .is-followed")).to_have_attribute(
        "aria-label", "image 3, channel 5"
    )
    page.get_by_role("radio", name="LN").or_(page.get_by_role("button", name="LN")).first.click()
    expect(lit).to_have_count(8)
    page.wait_for_url("**norm=ln**")
    page.get_by_role("radio", name="1×1").click()
    expect(page.locator(".afn-block .set").first).to_contain_text("8 values")
    scene = page.locator(".afn-block .scene")
    before = scene.get_attribute("style")
    page.locator(".afn-block .view").focus()
    page.keyboard.press("ArrowRight")
    expect(scene).not_to_have_attribute("style", before)


def test_a_test_by_running_averages_asks_no_image(page, address):
    page.goto(f"{address}/norms?norm=bn&when=test")
    expect(page.locator(".afn-block .set.is-remembered")).to_be_visible()
    expect(page.locator(".afn-block .tile[data-set='0']")).to_have_count(0)


@pytest.mark.parametrize(
    ("norm", "told", "numbers"),
    [
        ("in", "it leaves as β", "1 value: μ"),
        ("asrnorm", "what is left is β, and what the networks say", "1 value: μ"),
        ("frn", "1×1: the sign alone is left", "1 value: ν"),
        ("evob0", "1×1: the image’s own channel has no spread", "1 value: σ 0.00"),
        ("sn", "1×1: the image’s own channel has no spread", "1 value: μ"),
        ("bn", "Another image in the batch, another answer.", "6 values: μ"),
        ("gbn", "Another image in its half of the batch", "3 values: μ"),
        ("dyt", "No value depends on another.", "each value for itself"),
    ],
)
def test_what_is_left_of_single_values_is_said_of_the_norm_that_is_shown(
    page, address, norm, told, numbers
):
    page.goto(f"{address}/norms?norm={norm}&side=1")
    expect(page.locator(".afn-block .told")).to_contain_text(told)
    expect(page.locator(".afn-block .set").first).to_contain_text(numbers)
