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


def test_the_block_is_whole_however_it_is_turned_and_turns_back(page, address):
    page.goto(f"{address}/norms?norm=bn")
    view, scene = page.locator(".afn-block .view"), page.locator(".afn-block .scene")
    back = page.get_by_role("button", name="Turn back")
    expect(page.locator(".afn-block .tile").first).to_be_visible()
    expect(back).to_be_hidden()
    first = scene.get_attribute("style")
    cut = """view => { const box = view.getBoundingClientRect();
      return [...view.querySelectorAll(".tile, .name")].map(each => each.getBoundingClientRect())
        .filter(each => each.left < box.left || each.right > box.right
          || each.top < box.top || each.bottom > box.bottom).length }"""
    box = view.bounding_box()
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for x, y in ((0, 0), (150, 0), (150, 100), (-400, 0), (0, -300), (800, 300)):
        page.mouse.move(across, down)
        page.mouse.down()
        page.mouse.move(across + x, down + y, steps=3)
        page.mouse.up()
        assert view.evaluate(cut) == 0, (x, y)
    back.click()
    expect(scene).to_have_attribute("style", first)


def test_another_norm_is_seen_at_the_same_tile(page, address):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(f"{address}/norms?norm=bn")
    page.get_by_role("button", name="Pause").wait_for()
    page.get_by_role("radio", name="LN").or_(page.get_by_role("button", name="LN")).first.click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


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
