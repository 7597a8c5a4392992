"""A projector and a phone in one room, in a real Chromium, over a server that is killed."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.browser import app_server, button
from tests.app.test_accessibility_browser import complaints

pytestmark = pytest.mark.browser
SMALL = """() => [...document.querySelectorAll('main *')].filter((each) =>
  !each.matches('sub') && each.getClientRects().length &&
  [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) &&
  parseFloat(getComputedStyle(each).fontSize) < 24).map((each) => each.textContent)"""


def judged(*pages: Page) -> None:
    """Nothing for axe to complain of, in either theme, and nothing wider than its screen."""
    for each in pages:
        for scheme in ("dark", "light"):
            each.emulate_media(color_scheme=scheme)
            assert complaints(each) == []
        assert each.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_every_step_can_be_read_from_the_last_row_and_a_sleeping_phone_wakes_where_all_are(
    page: Page, chromium: Browser, serve, tmp_path
):
    address = serve({"AFN_RUNS_DIR": str(tmp_path / "runs"), "AFN_DATA_DIR": str(tmp_path)})
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}/room?from=lesson:axes")
    button(page, "Open the room").click()
    page.wait_for_url(re.compile(r"/room/[A-Z2-9]{4}$"))
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    phone = context.new_page()
    phone.goto(f"{address}/join/{page.url[-4:]}")
    expect(phone.get_by_text("You are in.")).to_be_visible()
    for step in range(9):
        if votes := phone.locator(".votes button").all():
            votes[0].click()
            expect(page.locator(".answered")).to_have_text("1 of 1 have answered")
        if step in (3, 4):
            expect(page.locator(".figure .main-svg").first).to_be_visible()
        assert page.evaluate(SMALL) == []
        judged(page, phone)
        if step == 2:  # it sleeps while the class goes on
            phone.goto("about:blank")
        page.keyboard.press("ArrowRight")
        expect(page.locator("body")).to_have_attribute("data-step", f"{step + 1}")
        if step == 2:
            phone.go_back()
            expect(phone.get_by_text("You chose A.")).to_be_visible()
        expect(phone.locator("body")).to_have_attribute("data-step", f"{step + 1}")
    context.close()


def test_a_phone_votes_and_the_projector_shows_it_before_and_behind_a_restart(
    page: Page, chromium: Browser, tmp_path
):
    env = {"AFN_RUNS_DIR": str(tmp_path / "runs"), "AFN_DATA_DIR": str(tmp_path)}
    with app_server(env, tmp_path / "log", is_forked=True) as address:
        page.goto(f"{address}/room?from=lesson:hidden-hero")
        expect(page.get_by_text("what is behind each answer")).to_be_visible()
        assert complaints(page) == []
        button(page, "Open the room").click()
        page.wait_for_url(re.compile(r"/room/[A-Z2-9]{4}$"))
        phone = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
        phone.goto(f"{address}/join")
        phone.get_by_label("The room's code").fill(page.url[-4:].lower())
        button(phone, "Join").click()
        expect(phone.get_by_text("You are in.")).to_be_visible()
        expect(page.get_by_text("1 here")).to_be_visible()
        app = page.context.new_page()
        app.goto(f"{address}/lessons?lesson=hidden-hero")
        button(app, "Show this on all phones").click()
        frame = phone.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="The hidden hero")).to_be_visible()
        button(app, "Let them go").click()
        expect(phone.locator("iframe")).to_have_count(0)
        app.close()
        page.keyboard.press("ArrowRight")
        phone.get_by_role("button", name="It rises, by up to 20 points").click()
        expect(page.locator(".answered")).to_have_text("1 of 1 have answered")
        port = int(address.rpartition(":")[2])
    with app_server(env, tmp_path / "log", port=port, is_forked=True):
        expect(phone.get_by_role("button", pressed=True)).to_contain_text("up to 20 points")
        button(page, "Show the answers ▸").click()
        expect(page.locator(".bar b")).to_have_text(["0", "1", "0", "0"])
        expect(phone.get_by_text("You chose B.")).to_be_visible()
        phone.reload()
        expect(phone.get_by_text("You chose B.")).to_be_visible()
        for _ in range(2):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(600)
        expect(page.locator(".figure .main-svg").first).to_be_visible()
        expect(page.locator(".right")).to_have_count(1)
        assert [complaints(each) for each in (page, phone)] == [[], []]
        phone.context.close()


def test_what_a_student_tried_comes_onto_the_big_screen_and_stays_there_behind_a_restart(
    page: Page, chromium: Browser, tmp_path
):
    env = {"AFN_RUNS_DIR": str(tmp_path / "runs"), "AFN_DATA_DIR": str(tmp_path)}
    link = "c=afn&c=bn&data=digits8&widths=4-8&epochs=2&corruptions=contrast&sev=5"
    page.set_viewport_size({"width": 1280, "height": 720})
    phone = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    with app_server(env, tmp_path / "log", is_forked=True) as address:
        page.goto(f"{address}/room?{urlencode({'from': f'playground:{link}'})}")
        button(page, "Open the room").click()
        page.wait_for_url(re.compile(r"/room/[A-Z2-9]{4}$"))
        phone.goto(f"{address}/join/{page.url[-4:]}")
        expect(phone.get_by_text("You are in.")).to_be_visible()
        for step in (1, 2):
            page.keyboard.press("ArrowRight")
            expect(phone.locator("body")).to_have_attribute("data-step", f"{step}")
        button(phone, "Try a what-if of your own").click()
        start = phone.frame_locator("iframe").get_by_role("button", name="Start", exact=True)
        expect(start).to_be_enabled()
        button(phone, "Hand it in").click()
        expect(phone.get_by_role("alert")).to_contain_text("press Start first")
        start.click()
        button(phone, "Back to the room").click()  # it goes on without being looked at
        button(phone, "Back to your what-if").click()
        expect(phone.frame_locator("iframe").locator(".afn-card").first).to_contain_text("finished")
        button(phone, "Hand it in").click()
        expect(phone.get_by_role("status")).to_have_text("Yours is what-if 1.")
        judged(phone)
        button(page, "What-ifs (1)").click()
        expect(page.locator(".what-ifs .bar b")).to_have_text([re.compile(r"^[\d.]+ %$")] * 2)
        assert page.evaluate(SMALL) == []
        judged(page)
        button(page, "Show on the screen").click()
        on_stage = page.frame_locator("iframe").locator(".stage-place")
        expect(on_stage).to_be_visible()
        expect(phone.get_by_role("status")).to_have_text("Your what-if is on the screen.")
        port = int(address.rpartition(":")[2])
    with app_server(env, tmp_path / "log", port=port, is_forked=True):
        for each in (page, phone):
            each.reload()
        expect(on_stage).to_be_visible()
        button(phone, "Back to the room").click()
        expect(phone.get_by_role("status")).to_have_text("Your what-if is on the screen.")
        button(page, "Back to the class").click()
        expect(phone.get_by_role("status")).to_have_text("Yours is what-if 1.")
        button(phone, "Back to your what-if").click()
        page.keyboard.press("ArrowRight")
        button(phone, "Vote now").click()
        expect(phone.locator(".votes")).to_be_visible()
        expect(page.locator("iframe")).to_have_count(0)
        phone.context.close()
