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
SCORE = ".afn-inside .score:not(.head) >> nth=0"


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
    page.goto(f"{address}?model=mnist5k-afn&card=mix")
    expect(page.locator(SCORE)).to_contain_text("97.5 %")
    expect(page.get_by_text("among clean images").first).to_be_visible()  # all is laid out
    scale = page.locator(".scale").inner_text()
    slider = page.locator("[data-lambda=sigma]")
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
    page.wait_for_url(re.compile("sigma="))
    assert page.locator(".scale").inner_text() == scale  # λ changes pictures, not their scale
    button(page, "λ = 0").click()
    expect(page.locator(".scores p")).to_contain_text("Difference to BN, test batch:")
    button(page, "As trained").click()
    expect(page.locator(".scores p")).to_have_count(0)
    expect(page.locator(SCORE)).to_contain_text("97.5 %")
    assert complaints == []


def test_one_value_travels_from_card_to_card_and_fills_the_formulas(
    page: Page, address: str, complaints: list[str]
):
    page.goto(f"{address}?model=mnist5k-afn")
    value = page.locator(".stage .formula b.value")
    x = value.inner_text()
    button(page, "Step ›").click()
    expect(page.locator(".token").first).to_have_text(re.compile(re.escape(x)))
    expect(page.locator(".node.lit")).to_have_attribute("data-id", "statistics")
    expect(page.locator(".token")).to_have_count(0)  # it has arrived
    expect(page.locator("[data-stage=statistics] .formula .waiting")).to_have_count(0)
    expect(page.locator("[data-stage=statistics] .formula")).to_contain_text(x)
    page.wait_for_url(re.compile("card=statistics"))
    page.locator(".node[data-id=rescale]").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stage")).to_have_attribute("data-stage", "output")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".stage")).to_have_attribute("data-stage", "rescale")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")  # plays to the end, and stops there
    expect(button(page, "Pause")).to_be_visible()
    expect(page.locator(".stage")).to_have_attribute("data-stage", "output")
    expect(button(page, "Play")).to_be_visible()
    page.wait_for_url(re.compile("card=output"))
    page.reload()
    expect(page.locator(".stage")).to_have_attribute("data-stage", "output")
    y = value.inner_text()
    area = page.locator(".large canvas")
    area.click(position={"x": 40, "y": 90})
    page.wait_for_url(re.compile("pixel="))
    expect(value).not_to_have_text(y)
    y = value.inner_text()
    page.locator("[name=channel]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("channel=1"))
    expect(value).not_to_have_text(y)
    assert complaints == []


def test_where_motion_is_not_wanted_nothing_travels(page: Page, address: str):
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{address}?model=mnist5k-afn")
    step = button(page, "Step ›")
    expect(step).to_be_visible()
    page.evaluate(
        """() => { window.tokens = 0;
          const count = ({ className }) => { window.tokens += className === "token"; };
          const seen = (all) => all.forEach(({ addedNodes }) => addedNodes.forEach(count));
          const root = document.querySelector(".afn-inside");
          new MutationObserver(seen).observe(root, { childList: true }); }"""
    )
    step.click()
    expect(page.locator("[data-stage=statistics] .formula .waiting")).to_have_count(0)
    page.wait_for_url(re.compile("card=statistics"))
    assert page.evaluate("window.tokens") == 0


def test_on_the_stage_the_presenters_keys_go_through_the_steps(page: Page, address: str):
    page.goto(f"{address}?model=mnist5k-afn&stage=1")
    expect(page.locator("[data-staged] .stage")).to_have_attribute("data-stage", "input")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stage")).to_have_attribute("data-stage", "statistics")
    expect(page.locator(".token")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".stage")).to_have_attribute("data-stage", "input")


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720)])
def test_the_picture_is_whole_without_scrolling_and_has_few_words(
    page: Page, address: str, size: tuple[int, int]
):
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}?model=mnist5k-afn&card=mix&first_place=a+drawing")
    for part in (".map", ".stage", ".comes", ".pad canvas", ".answer .classes"):
        box = page.locator(part).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height, part
    assert page.evaluate(
        "Math.min(...[...document.querySelectorAll('.afn-inside svg text')]"
        ".map((text) => parseFloat(getComputedStyle(text).fontSize)))"
    ) >= 12  # fmt: skip


def test_everything_is_reached_by_keyboard_and_a_refresh_keeps_it(
    page: Page, address: str, complaints: list[str]
):
    page.goto(f"{address}?model=mnist5k-afn&severity=0&card=statistics")
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
    page.locator(".node[data-id=input]").click()
    pixel = page.locator("[data-pick]")
    before = pixel.get_attribute("aria-valuetext")
    pixel.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_url(re.compile("pixel="))
    expect(pixel).not_to_have_attribute("aria-valuetext", before or "")
    page.wait_for_url(lambda url: "card=" not in url)  # the first card is what a visit begins with
    formula = page.locator("[data-stage=input] .formula").inner_text()
    page.reload()
    expect(page.locator("[data-stage=input] .formula")).to_have_text(formula.replace("\n", ""))
    expect(page.locator("[data-lambda=sigma]")).to_have_value("1")
    assert complaints == []


def test_a_digit_that_is_drawn_is_answered_beside_it_undamaged_and_kept_in_the_link(
    page: Page, address: str, complaints: list[str]
):
    page.goto(f"{address}?model=mnist5k-afn")  # contrast 5 is what a visit begins with
    page.get_by_text("draw", exact=True).click()
    canvas = page.locator(".pad canvas")
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
    expect(page.locator(".answer .top em")).to_have_text("7")
    expect(page.locator(".applied")).to_contain_text("yours: as it is; the other 31: contrast 5")
    page.wait_for_url(re.compile("drawn="))
    page.get_by_text("contrast 5 on yours, too").click()
    expect(page.locator(".applied")).to_contain_text("yours: contrast 5")
    page.wait_for_url(re.compile("damaged=1"))
    page.reload()
    expect(page.locator(".card").first).to_contain_text("your picture")
    expect(page.locator(".applied")).to_contain_text("yours: contrast 5")
    button(page, "Wipe").click()
    expect(page.locator(".card").first).not_to_contain_text("your picture")
    expect(page.locator(".applied")).to_have_text(re.compile("^32 images, contrast 5"))
    assert complaints == []


def test_an_upload_is_answered(page: Page, address: str, tmp_path: Path):
    from PIL import Image, ImageDraw

    image = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(image).line([(50, 40), (150, 40), (90, 170)], fill=0, width=16, joint="curve")
    image.save(tmp_path / "seven.png")
    page.goto(f"{address}?model=mnist5k-afn&severity=0&first_place=an+upload")
    expect(page.locator(".answer .top em")).to_be_visible()
    page.locator("input[type=file]").set_input_files(tmp_path / "seven.png")
    expect(page.locator(".card").first).to_contain_text("your picture")
    expect(page.locator(".answer .top em")).to_have_text("7")
