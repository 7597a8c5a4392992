"""Lessons in a real Chromium, from empty folders: run to the end, remembered, embedded, narrow."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.page.lessons import figure
from app.page.lessons.lessons import LESSONS
from app.page.lessons.lessons.lesson import LessonChart
from tests.app.axe import complaints
from tests.app.browser import button
from tests.waiting import IN_A_BROWSER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ONE_OF_EACH_KIND = ("axes", "hidden-hero", "bounded", "price")
"""Of experiments that are over in seconds; "small-lambda" trains."""


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("empty")
    env = {
        "AFN_RUNS_DIR": str(folder / "runs"),
        "AFN_DATA_DIR": str(folder / "no-data"),
        "AFN_CACHE_DIR": str(folder / "cache"),
    }
    return serve(env)


def opened(page: Page, address: str, slug: str, *, guess: str = "?") -> None:
    page.goto(f"{address}/lessons?lesson={slug}&guess={guess}")
    expect(page.get_by_role("heading", level=1)).to_have_text(LESSONS[slug].title)
    expect(page.get_by_role("heading", name="Further on")).to_be_visible()
    expect(page.get_by_role("slider", name=figure.kept(slug)["handle"])).to_be_visible()


def is_wider_than_its_screen(page: Page) -> bool:
    return page.evaluate(
        """() => [document.documentElement, document.querySelector("[data-testid=stMain]")]
            .some(each => each.scrollWidth > each.clientWidth)"""
    )


@pytest.mark.slow
@pytest.mark.parametrize("slug", ONE_OF_EACH_KIND)
def test_an_experiment_runs_live_to_its_end(page: Page, address: str, slug: str):
    opened(page, address, slug)
    expect(page.get_by_text(re.compile("^Precomputed"))).to_be_visible()
    button(page, "Run it here, live").click()
    expect(page.get_by_text(re.compile("^Live, this machine"))).to_be_visible()
    expect(button(page, "Run it again")).to_be_visible()
    expect(page.get_by_text(re.compile("^Precomputed"))).to_have_count(0)
    charts = page.locator(".js-plotly-plot")
    drawn = [chart for chart in LESSONS[slug].charts if isinstance(chart, LessonChart)]
    expect(charts).to_have_count(len(drawn))
    page.reload()
    expect(page.get_by_text(re.compile("^Live, this machine"))).to_be_visible()


@pytest.mark.slow
def test_a_stopped_experiment_goes_on_to_its_end(page: Page, address: str):
    opened(page, address, "small-lambda")
    page.get_by_role("button", name=re.compile("^(Run it here, live|Go on)$")).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    button(page, "Stop").click()
    expect(page.get_by_text(re.compile("^Not finished"))).to_be_visible()
    expect(page.get_by_text(re.compile("^Precomputed"))).to_be_visible()
    button(page, "Go on").click()
    expect(page.locator(".afn-seeds .dot").first).to_be_visible()  # as they end
    expect(page.get_by_text(re.compile("^Live, this machine"))).to_be_visible()
    expect(page.locator(".afn-seeds .dot")).to_have_count(9)
    expect(page.locator(".afn-seeds .span")).to_have_count(3)
    expect(page.get_by_text(re.compile("^Precomputed"))).to_have_count(0)


def complete(page: Page, slug: str) -> None:
    lesson = LESSONS[slug]
    button(page, lesson.predictions[0]).click()
    page.wait_for_url(re.compile("guess=0"))
    for number, check in enumerate(lesson.checks):
        group = page.get_by_role("radiogroup").nth(number)
        group.get_by_text(check.options[check.right].words, exact=True).click()
        expect(page.get_by_text(re.compile("^Right")).nth(number)).to_be_visible()
    expect(page.get_by_text("Lesson completed.")).to_be_visible()


def test_a_reload_keeps_the_lesson_and_the_browser_its_completion(page: Page, address: str):
    opened(page, address, "axes", guess="")
    complete(page, "axes")
    address_then = page.url
    page.reload()
    expect(page.get_by_text("Lesson completed.")).to_be_visible()
    assert page.url == address_then
    expect(page.get_by_text("You predict: ")).to_be_visible()
    page.goto(f"{address}/lessons")  # another visit of the same browser
    expect(page.get_by_text(f"1 of {len(LESSONS)} completed")).to_be_visible()
    button(page, "Begin all anew").click()
    expect(page.get_by_text(f"0 of {len(LESSONS)} completed")).to_be_visible()
    page.reload()
    expect(page.get_by_text(f"0 of {len(LESSONS)} completed")).to_be_visible()


def test_lessons_lead_to_each_other_and_back(page: Page, address: str):
    second, third = list(LESSONS.values())[1:3]
    page.goto(f"{address}/lessons")
    page.get_by_role("link", name=f"2. {second.title}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(second.title)
    page.get_by_role("link", name=third.title, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(third.title)
    page.wait_for_url(re.compile(f"lesson={third.slug}"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(second.title)
    page.get_by_role("link", name="All lessons").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lessons")


def test_a_link_onwards_opens_its_page_set_up_beside_the_lesson(page: Page, address: str):
    opened(page, address, "hidden-hero")
    with page.context.expect_page() as beside:
        page.get_by_role("link", name="The same with pictures, for any corruption").click()
    other = beside.value
    expect(other.get_by_role("heading", level=1)).to_have_text("Robustness")
    assert "models=mnist5k-bn~mnist5k-afn" in other.url
    assert "lesson=hidden-hero" in page.url


def test_in_a_frame_there_is_the_lesson_alone(page: Page, address: str):
    page.goto(f"{address}/lessons?lesson=axes")
    page.set_content(
        f'<iframe src="{address}/lessons?lesson=axes&amp;embed=true" title="A lesson" '
        'width="900" height="900" style="border:0"></iframe>'
    )
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text(LESSONS["axes"].title)
    expect(frame.get_by_role("heading", name="Further on")).to_be_visible()
    expect(frame.get_by_role("link", name="Playground")).to_have_count(0)
    expect(frame.get_by_role("link", name="All lessons")).to_have_count(0)
    heading = frame.get_by_role("heading", level=1).bounding_box()
    frame_box = page.locator("iframe").bounding_box()
    assert heading is not None
    assert frame_box is not None
    assert heading["y"] - frame_box["y"] < 90  # no room is left for a navigation
    links = frame.get_by_role("link").all()
    leaving = [link for link in links if not (link.get_attribute("href") or "").startswith("#")]
    assert leaving
    assert all(link.get_attribute("target") == "_blank" for link in leaving)
    frame.get_by_role("button", name=LESSONS["axes"].predictions[0], exact=True).click()
    expect(frame.get_by_text("You predict: ")).to_be_visible()
    expect(frame.get_by_role("link", name="Playground")).to_have_count(0)


def test_the_list_is_not_wider_than_a_phone(page: Page, address: str):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/lessons")
    expect(page.get_by_text(f"0 of {len(LESSONS)} completed")).to_be_visible()
    assert not is_wider_than_its_screen(page)


def test_a_figure_is_dragged_by_hand_and_by_keys_and_shows_the_answer_once_predicted(
    chromium: Browser, address: str
):
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(IN_A_BROWSER)
    opened(page, address, "hidden-hero", guess="")
    found = figure.kept("hidden-hero")
    hand, shown = page.get_by_role("slider"), page.locator(".afn-hand output")
    hidden = page.locator(".afn-hand [data-hidden=true]")
    expect(hidden).to_have_count(3)  # a row and two curves
    expect(page.get_by_role("button", name="Play")).to_be_hidden()
    box = page.locator(".afn-hand").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 720
    hand.press("End")
    expect(shown).to_have_text(found["stops"][-1])
    running = page.locator(".afn-hand dd").first
    expect(running).to_have_text(f"{found['curves'][0]['values'][-1]:.1f} %")
    plot = page.locator(".afn-hand svg").bounding_box()
    assert plot is not None
    page.mouse.move(plot["x"] + plot["width"] - 30, plot["y"] + 60)
    page.mouse.down()
    page.mouse.move(plot["x"] + 20, plot["y"] + 60)
    page.mouse.up()
    expect(shown).to_have_text(found["stops"][0])
    hand.press("ArrowRight")
    expect(shown).to_have_text(found["stops"][1])
    button(page, "Just show it").click()
    expect(hidden).to_have_count(0)
    expect(shown).to_have_text(found["stops"][1])  # the handle stays where it is
    expect(page).to_have_url(re.compile(r"[?&]at=2\b"))
    page.reload()
    expect(page.locator(".afn-hand svg .line")).to_have_count(3)
    expect(shown).to_have_text(found["stops"][1])
    context.close()


def test_a_prediction_leads_to_the_place_that_it_is_of(page: Page, address: str):
    opened(page, address, "adapting", guess="")
    shown = page.locator(".afn-hand output")
    expect(shown).to_have_text("0")
    button(page, LESSONS["adapting"].predictions[0]).click()
    expect(shown).to_have_text("40")
    expect(page.get_by_role("radio", name="sorted by class")).to_be_checked()


def test_a_handle_with_a_choice_comes_back_to_both(page: Page, address: str):
    found = figure.kept("one-image")
    place = len(found["stops"]) + 3  # the third place of the second choice
    page.goto(f"{address}/lessons?lesson=one-image&at={place}")
    expect(page.locator(".afn-hand output")).to_have_text(found["stops"][2])
    expect(page.get_by_role("radio", name=found["options"][1])).to_be_checked()
    page.get_by_text(found["options"][0], exact=True).click()
    expect(page).to_have_url(re.compile(r"[?&]at=3\b"))
    page.go_back()
    page.go_forward()
    expect(page.locator(".afn-hand output")).to_have_text(found["stops"][2])
    expect(page.get_by_role("radio", name=found["options"][0])).to_be_checked()


@pytest.mark.parametrize("slug", LESSONS)
def test_nothing_in_a_lesson_is_hard_to_use_or_wider_than_a_phone(
    page: Page, address: str, slug: str
):
    opened(page, address, slug, guess="0")
    page.locator(".afn-hand svg .line").first.wait_for(
        state="attached"
    )  # a level one has no height
    for folded in page.locator("[data-testid=stMain] details > summary").all():
        folded.click()
    page.wait_for_function(  # what is drawn anew is pale meanwhile
        "document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
    )
    page.wait_for_timeout(500)
    assert complaints(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert not is_wider_than_its_screen(page)
