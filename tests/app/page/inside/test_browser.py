"""The Inside page in a real Chromium: λ under the hand, a drawing, an upload, refresh."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser import button

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SCORE = ".afn-inside .score >> nth=0"


@pytest.fixture(scope="module")
def address(address: str) -> str:
    return f"{address}/inside"


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser says of errors in scripts."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"{error}"))
    return found


def test_lambda_follows_while_it_is_dragged_and_snaps_back(
    page: Page, address: str, complaints: list[str]
):
    page.goto(f"{address}?model=mnist5k-afn")
    expect(page.locator(SCORE)).to_contain_text("97.5 %")
    expect(page.get_by_text("among clean images").first).to_be_visible()  # all is laid out
    slider = page.locator("[data-lambda=mu]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 14, box["y"] + box["height"] / 2)
    page.mouse.down()
    formula = page.locator("[data-stage=mix] .formula")
    for part in range(1, 5):  # drawn while the button is held down
        before = formula.inner_text()
        page.mouse.move(box["x"] + box["width"] * part / 4, box["y"] + box["height"] / 2)
        expect(formula).not_to_have_text(before, use_inner_text=True)
    expect(page.locator(SCORE)).not_to_contain_text("97.5 %")
    page.mouse.up()
    page.wait_for_url(re.compile("mu="))
    button(page, "Networks off (λ = 0)").click()
    expect(page.locator(".scores p")).to_contain_text("Difference to BN, test batch:")
    button(page, "Snap to trained").click()
    expect(page.locator(".scores p")).to_have_text(re.compile("right, as trained.$"))
    expect(page.locator(SCORE)).to_contain_text("97.5 %")
    assert complaints == []


def test_everything_is_reached_by_keyboard_and_a_refresh_keeps_it(
    page: Page, address: str, complaints: list[str]
):
    page.goto(f"{address}?model=mnist5k-afn&severity=0")
    page.locator("[data-lambda=sigma]").focus()
    page.keyboard.press("End")
    page.wait_for_url(re.compile("sigma=1"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.lambda") == "gamma"
    page.locator("[name=channel]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("channel=1"))
    page.locator("[name=layer]").select_option(index=1)
    page.wait_for_url(re.compile("layer="))
    page.locator(".card").nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("image=2"))
    expect(page.locator(".card").nth(2)).to_have_attribute("aria-pressed", "true")
    formula = page.locator("[data-stage=statistics] .formula").inner_text()
    page.reload()
    expect(page.locator("[data-stage=statistics] .formula")).to_have_text(formula.replace("\n", ""))
    expect(page.locator("[data-lambda=sigma]")).to_have_value("1")
    assert complaints == []


def test_a_digit_that_is_drawn_is_answered_and_kept_in_the_link(
    page: Page, address: str, complaints: list[str]
):
    page.goto(f"{address}?model=mnist5k-afn&severity=0&first_place=a+drawing")
    canvas = page.locator(".afn-drawing canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    places = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.5), (0.42, 0.85)]
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=6)
        if not number:
            page.mouse.down()
    page.mouse.up()
    expect(page.locator(".card").first).to_contain_text("your picture")
    expect(page.locator(".card .answer b").nth(0)).to_have_text("7")
    page.wait_for_url(re.compile("drawn="))
    page.reload()
    expect(page.locator(".card").first).to_contain_text("your picture")
    expect(page.locator(".card .answer b").nth(0)).to_have_text("7")
    button(page, "Wipe").click()
    expect(page.locator(".card").first).not_to_contain_text("your picture")
    assert complaints == []


def test_an_upload_is_answered(page: Page, address: str, tmp_path: Path):
    from PIL import Image, ImageDraw

    image = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(image).line([(50, 40), (150, 40), (90, 170)], fill=0, width=16, joint="curve")
    image.save(tmp_path / "seven.png")
    page.goto(f"{address}?model=mnist5k-afn&severity=0&first_place=an+upload")
    page.locator("input[type=file]").set_input_files(tmp_path / "seven.png")
    expect(page.locator(".card").first).to_contain_text("your picture")
    expect(page.locator(".card .answer b").nth(0)).to_have_text("7")
