"""The stage: one figure on the whole screen, large enough for the back row, by keyboard alone."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.app.axe import complaints
from tests.waiting import PATIENCE, wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LINK = "lambda?runs=mnist5k-afn~mnist5k-asrnorm"
STAGED = (
    "?", "lessons?lesson=hidden-hero&guess=1", LINK, "gamma-beta?run=mnist5k-afn",
    "robustness?models=mnist5k-bn~mnist5k-afn&n=200", "domains?", "ablations?guess=0",
    "inside?model=mnist5k-afn", "cost?", "paper?", "adapt?images=200",
)  # fmt: skip
"""Every page that is worth a stage."""
NAMES = ("AFN", "ASRNorm", "BN")
SEEN = r"""() => {
  const seen = [...document.querySelectorAll(
    '.afn-stage, .afn-stage *, [data-staged], [data-staged] *')].filter(
    node => node.checkVisibility({visibilityProperty: true, opacityProperty: true})
      && !node.closest('.katex-mathml, .katex .msupsub, sub, sup'));  // letters below are smaller
  const texts = seen.filter(node => [...node.childNodes].some(
    each => each.nodeType === Node.TEXT_NODE && each.data.trim()
  ) && node.getBoundingClientRect().width > 2 && !/70%/.test(node.getAttribute('style')));
  const enlarged = node => {
    const svg = node.ownerSVGElement;
    const box = svg?.viewBox.baseVal;
    return box?.width ? svg.getBoundingClientRect().width / box.width : node.currentCSSZoom;
  };
  const size = node => parseFloat(getComputedStyle(node).fontSize) * enlarged(node);
  const lines = seen.filter(node => node.matches('.scatterlayer .js-line'));
  const named = node =>
    `${node.parentElement.getAttribute('class')} > ${node.tagName}.${node.getAttribute('class')}`;
  return {
    small: [...new Set(texts.filter(node => size(node) < 23.9).map(node =>
      `${size(node).toFixed(1)} px, ${named(node)}: ${node.textContent.trim().slice(0, 30)}`))],
    thin: lines.map(node => parseFloat(getComputedStyle(node).strokeWidth) * enlarged(node))
      .filter(width => width && width < 3.9),  // a width of 0 is no line
    out: texts.filter(node => {
      const {left, right, top, bottom} = node.getBoundingClientRect();
      return left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
    }).map(node => node.textContent.trim().slice(0, 30)),
    scrolls: seen.filter(node => {
      const {overflowX, overflowY} = getComputedStyle(node);
      return (/auto|scroll/.test(overflowY) && node.scrollHeight > node.clientHeight + 2)
        || (/auto|scroll/.test(overflowX) && node.scrollWidth > node.clientWidth + 2);
    }).map(node => named(node)),
  };
}"""
"""What is too small or too thin for the back row, and what is not seen whole."""


WHOLE = """() => [...document.querySelectorAll('.live-chart')].every(
  chart => chart.offsetHeight <= 20 || chart.dataset.kind)"""
"""Whether all figures that the page fills by messages have come."""
COME_LATE = """name => {
  const late = Object.assign(document.createElement('div'), {className: 'afn-hand'});
  late.setAttribute('aria-label', name);
  late.style.cssText = 'flex: none; height: 100px';
  const main = document.querySelector('[data-testid=stMain]');
  main.prepend(late);
  return main.querySelectorAll('.afn-hand, .afn-lambda-map, [data-testid=stPlotlyChart]').length;
}"""
"""Puts a figure before all others; says how many there are."""


@pytest.fixture
def staged(page, address):
    """Opens a link and enters the stage by its key."""
    page.set_viewport_size({"width": 1280, "height": 720})

    def enter(link=LINK):
        page.goto(f"{address}/{link}")
        page.get_by_role("button", name="present").wait_for()
        page.locator(".js-plotly-plot .main-svg").nth(1).wait_for()
        page.keyboard.press("f")
        page.locator(".afn-stage .js-line").first.wait_for()
        return page

    return enter


def place(page):
    return page.locator(".stage-place").inner_text()


def shown(page):
    """Which figure, and which of its own steps."""
    step = page.locator("[data-staged] .afn-inside h3").all_inner_texts()
    number, _, _ = place(page).partition(" / ")  # of how many may not be known yet
    return " ".join([page.locator(".afn-stage h2").inner_text(), number, *step])


def walked(page, key, steps=None):
    """Each place that a key leads to, in so many steps or up to the last: what is not seen well."""
    faults = {}
    while True:
        page.wait_for_function("document.querySelector('[data-staged], .stage-plot:not([hidden])')")
        page.wait_for_timeout(1000)  # it takes its size, and later where much else runs
        at = shown(page)
        comes(lambda: not unseen(page), PATIENCE)
        faults[at] = unseen(page)
        if len(faults) == steps:
            return faults
        page.keyboard.press(key)
        number, _, of = place(page).partition(" / ")
        if steps or number != of:
            wait_for(lambda: shown(page) != at, f"the step from {at}")  # noqa: B023
        elif not comes(lambda: shown(page) != at, 2.0):  # noqa: B023
            return faults


def unseen(page):
    return {kind: what for kind, what in page.evaluate(SEEN).items() if what}


def comes(condition, seconds):
    """Whether it becomes true before these have passed."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_a_figure_fills_the_screen_in_large_type_and_nothing_on_it_is_hard_to_use(staged):
    page = staged()
    assert page.evaluate(SEEN) == {"small": [], "thin": [], "out": [], "scrolls": []}
    box = page.locator(".stage-plot .main-svg").first.bounding_box()
    assert box["width"] > 800
    assert box["height"] > 500
    assert box["y"] + box["height"] <= 720
    expect(page.get_by_role("link", name="Playground")).to_have_count(0)
    numbers = page.locator(".stage-numbers div")
    expect(numbers).to_have_count(3)
    names = numbers.locator("span").all_inner_texts()
    assert names == ["AFN", "ASRNorm", "AFN"], "of each what moved furthest, then a second"
    for each in numbers.all_text_contents():
        assert re.fullmatch(r"(AFN|ASRNorm)0\.\d+λ[μσγβ], .+, from 0\.0\d+", each)
    assert complaints(page) == []
    light = page.locator(".afn-stage").evaluate("node => node.style.backgroundColor")
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".afn-stage")).not_to_have_css("background-color", light)
    assert complaints(page) == []
    page.set_viewport_size({"width": 640, "height": 360})  # as at 200 %
    page.wait_for_function("document.querySelector('.stage-plot .main-svg').clientWidth < 640")
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("link", STAGED)
def test_all_of_a_page_is_read_from_the_back_row_without_scrolling(page, address, link):
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{address}/{link}&stage=1")
    page.locator(".stage-place:not(:empty)").wait_for()
    page.wait_for_function(
        "document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
    )
    page.wait_for_function(WHOLE)
    numbers = page.locator(".stage-numbers div:visible, [data-staged] .network-name b")
    numbers.nth(2).wait_for()
    assert numbers.count() in (3, 4)
    there = walked(page, "ArrowRight")
    page.set_viewport_size({"width": 1280, "height": 720})
    back = walked(page, "ArrowLeft", len(there))
    assert there == back == {place: {} for place in there}
    assert complaints(page) == []
    page.set_viewport_size({"width": 640, "height": 360})  # as at 200 %
    assert complaints(page) == []


def test_the_block_of_norms_stands_on_stage_and_is_played_by_the_key(page, address):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}/norms?norm=gn&stage=1")
    followed = page.locator("[data-staged] .tile.is-followed")
    followed.wait_for()
    comes(lambda: not unseen(page), PATIENCE)
    assert unseen(page) == {}
    page.get_by_role("button", name="pause", exact=False).filter(has_text="space").wait_for()
    page.keyboard.press(" ")
    at = followed.get_attribute("aria-label")
    page.wait_for_timeout(2000)
    assert followed.get_attribute("aria-label") == at
    page.keyboard.press(" ")
    expect(followed).not_to_have_attribute("aria-label", at or "")
    choices = page.locator("[data-staged] .choices")
    choices.get_by_role("button", name="AFN", exact=True).click()  # the page's are not in sight
    expect(page.locator(".afn-stage h2")).to_have_text("AFN")
    choices.get_by_role("button", name="1×1").click()
    expect(page.locator("[data-staged] .set").first).to_contain_text("6 values")
    page.wait_for_url("**norm=afn&side=1&stage=1")
    assert complaints(page) == []
    assert unseen(page) == {}


def test_the_map_of_lambda_stands_on_stage_and_its_point_follows_the_pointer(page, address):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}/{LINK}&stage=5")
    picture = page.locator("[data-staged] .afn-lambda-map svg")
    page.locator("[data-staged] .afn-lambda-map[data-measured='90']").wait_for()
    point = picture.locator(".point .ring")
    frame = picture.locator(".frame").bounding_box()
    assert frame
    x, y = frame["x"] + 0.6 * frame["width"], frame["y"] + 0.3 * frame["height"]
    page.mouse.click(x, y)
    box = point.bounding_box()
    assert box
    assert box["x"] + box["width"] / 2 == pytest.approx(x, abs=3)
    assert box["y"] + box["height"] / 2 == pytest.approx(y, abs=3)
    numbers = page.locator("[data-staged] .number").all_inner_texts()
    assert numbers == ["0.60", "0.70"]


def test_keys_lead_through_the_figures_and_a_refresh_comes_back_to_the_same(staged):
    page = staged()
    title = page.locator(".afn-stage h2")
    first = title.inner_text()
    page.keyboard.press("ArrowRight")
    expect(title).not_to_have_text(first)
    second = title.inner_text()
    expect(page).to_have_url(re.compile(r"[?&]stage=2\b"))
    page.reload()
    expect(title).to_have_text(second)
    assert place(page).startswith("2 / ")
    assert "runs=mnist5k-afn" in page.url, "the page's own link is as it was"
    page.keyboard.press("PageUp")
    expect(title).to_have_text(first)
    page.keyboard.press("Escape")
    expect(page.locator(".afn-stage")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("stage="))
    expect(page.get_by_role("link", name="Playground")).to_be_visible()
    expect(page.get_by_role("button", name="present")).to_be_focused()

    page.evaluate(
        "document.body.append(Object.assign(document.createElement('input'), {id: 'in'}))"
    )
    page.locator("#in").press("f")
    assert page.locator("#in").input_value() == "f", "who types is not interrupted"
    assert page.locator(".afn-stage").count() == 0


def test_what_the_address_says_is_on_stage_also_where_another_figure_was_there_sooner(
    page, address
):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}/{LINK}&stage=1")
    title, where = page.locator(".afn-stage h2"), page.locator(".stage-place")
    page.locator(".afn-stage .js-line").first.wait_for()
    page.locator(".afn-lambda-map svg *").first.wait_for(state="attached")
    count = page.evaluate(COME_LATE, "one")
    expect(title).to_have_text("one")
    expect(where).to_have_text(f"1 / {count}")
    page.keyboard.press("ArrowRight")
    expect(where).to_have_text(f"2 / {count}")
    chosen = title.inner_text()
    page.evaluate(COME_LATE, "two")  # who went on stays there
    expect(where).to_have_text(f"3 / {count + 1}")
    assert title.inner_text() == chosen


def test_beside_the_wall_stand_its_own_numbers_covered_with_its_answers(page, address):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}/?stage=3")
    numbers = page.locator(".stage-numbers div")
    expect(numbers).to_have_text([re.compile(rf"^{name}.*pale digits$") for name in NAMES])
    counted = page.locator(".stage-numbers b")

    def gap():
        right = [int(each.split("/")[0]) for each in counted.all_inner_texts()]
        return right[0] - right[2]

    wait_for(lambda: gap() > 5, "BN, which at the end reads few of them")  # it replays
    expect(page.locator(".stage-numbers small.afn-shown")).to_have_count(3)
    page.keyboard.press("r")
    expect(counted.first).to_be_hidden()
    page.keyboard.press("r")
    page.keyboard.press("ArrowRight")
    expect(numbers).to_have_text([re.compile(rf"^{name}.*%clean images") for name in NAMES])


def test_a_lesson_is_slides_and_its_answer_is_covered_until_revealed(page, address):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}/lessons?lesson=hidden-hero&guess=1&stage=1")
    staged = page.locator("[data-staged]")
    expect(staged).to_contain_text("What if the very same weights")
    keys = []
    while True:
        keys.append(re.search(r"st-key-stage-(\S+)", staged.get_attribute("class"))[1])
        if keys[-1] == "answer-answer":
            break
        at = place(page)
        page.keyboard.press("ArrowRight")
        expect(page.locator(".stage-place")).not_to_have_text(at)
        page.wait_for_function("document.querySelector('[data-staged], .stage-plot:not([hidden])')")
        if not staged.count():
            keys.append("plot")
            page.keyboard.press("ArrowRight")
            staged.wait_for()
    assert keys[:3] == ["slide-question", "slide-prediction", "slide-figure"]
    words = page.locator(".st-key-stage-answer-answer strong").first
    words.wait_for(state="attached")
    expect(words).to_be_hidden()
    page.keyboard.press("r")
    expect(words).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator(".afn-stage")).to_have_count(0)
    expect(words).to_be_visible()
