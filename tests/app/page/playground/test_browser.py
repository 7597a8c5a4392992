"""The app in a real Chromium: live update, reattachment, links, changes, faults, narrow screens."""

import json
import os
import re
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from afn import TrainConfig
from afn.runs.store import RunStore
from tests.app.browser import button, open_button
from tests.app.conftest import SMALL
from tests.waiting import IN_A_BROWSER, PATIENCE, wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LONG = "?data=digits8&widths=4-8&epochs=200&bs=16&c=afn&c=bn"
"""Two runs of 18,000 quick steps: long enough for whatever a test does to them."""

KILLED = re.compile("AFN failed: its process (was killed|is gone)")
"""The latter where the page looks before its worker knows why."""


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(serve, runs_folder: Path) -> str:
    env = {"AFN_RUNS_DIR": str(runs_folder), "AFN_DATA_DIR": str(runs_folder / "no-data")}
    return serve(env)


def start(page: Page, url: str) -> None:
    page.goto(url)
    button(page, "Start").click()
    expect(button(page, "Pause")).to_be_enabled()


def points(page: Page, title: str) -> int:
    """Points drawn in the chart that has a panel of this title; it is brought into view."""
    return page.evaluate(
        """title => { const figure = [...document.querySelectorAll('[role=figure]')]
            .find(figure => figure.ariaLabel?.startsWith(title));
          figure?.scrollIntoView();  // at once: a rerun may put another in its place at any moment
          const { data } = figure?.querySelector('.js-plotly-plot') ?? {};
          return (data ?? []).reduce((sum, trace) => sum + (trace.x?.length ?? 0), 0); }""",
        title,
    )


def wait_for_more_points(page: Page, title: str, than: int = 0) -> int:
    deadline = time.monotonic() + PATIENCE
    while (now := points(page, title)) <= than:
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s: {title} at {now} points"
        page.wait_for_timeout(100)
    return now


def run_ids(page: Page) -> list[str]:
    page.wait_for_url(re.compile("[?&]run="))
    return re.search(r"[?&]run=([^&]+)", page.url)[1].split("~")


def test_a_newcomer_sees_a_recording_move_and_trains_it_with_one_click(page: Page, address: str):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(address)
    cards = page.locator(".afn-card")
    expect(cards).to_have_count(3)
    expect(cards.first).to_contain_text("recorded")
    thumb = page.get_by_role("slider", name="Training step")
    expect(thumb).to_have_attribute("aria-valuetext", re.compile(r"^step \d+ of \d+$"))  # not "now"
    expect(thumb).to_have_attribute("aria-valuetext", re.compile(", now$"))  # it plays once
    page.emulate_media(reduced_motion="reduce")
    refreshed = page.url
    button(page, "Start").click()
    for title in ("Loss and accuracy", "λ over steps", "Gradient and speed"):
        wait_for_more_points(page, title)
    button(page, "Start again").wait_for()
    for card in cards.all():
        expect(card).to_contain_text("finished")
        expect(card).to_contain_text(re.compile(r"9\d\.\d %"))
    wait_for_more_points(page, "γ̂ and β̂")
    wait_for_more_points(page, "Accuracy per corruption")
    expect(
        page.get_by_text(re.compile("The largest drop from clean at severity 5"))
    ).to_be_visible()
    assert not page.get_by_text("Traceback").count()
    page.goto(refreshed)
    expect(cards.first).to_contain_text("recorded")


def test_refresh_second_browser_and_shared_link_show_the_same_runs(
    page: Page, address: str, chromium: Browser
):
    start(page, address + LONG)
    before = wait_for_more_points(page, "λ over steps")
    ids = run_ids(page)
    page.reload()
    wait_for_more_points(page, "λ over steps", before)
    assert run_ids(page) == ids
    other = chromium.new_context().new_page()
    other.goto(f"{address}/?run={'~'.join(ids)}")
    wait_for_more_points(other, "λ over steps", before)
    expect(other.get_by_label("Epochs", exact=True)).to_have_value("200")
    other.context.close()


def test_closing_the_tab_loses_nothing(chromium: Browser, address: str, runs_folder: Path):
    tab = chromium.new_context().new_page()
    tab.set_default_timeout(IN_A_BROWSER)
    start(tab, address + LONG)
    [run, _] = [RunStore(runs_folder).open(run_id) for run_id in run_ids(tab)]
    tab.context.close()
    seen = len(run.events()[0])
    wait_for(lambda: len(run.events()[0]) > seen, "further steps")
    for live in RunStore(runs_folder).list():
        live.send({"command": "stop"})


def test_a_change_while_running_takes_effect_and_leaves_a_mark(page: Page, address: str):
    start(page, address + LONG)
    wait_for_more_points(page, "λ over steps")
    rail = page.locator(".st-key-rail")
    rate = rail.get_by_label("Learning rate", exact=True)
    rate.fill("0.001")
    rate.press("Enter")
    page.wait_for_function(
        """() => [...document.querySelectorAll('.js-plotly-plot')].some(plot =>
          plot.layout.annotations?.some(note => note.text.includes('lr 0.001')))"""
    )


def test_pause_holds_step_takes_one_resume_goes_on(page: Page, address: str, runs_folder: Path):
    start(page, address + LONG)
    runs = [RunStore(runs_folder).open(run_id) for run_id in run_ids(page)]

    def steps() -> list[int]:
        return [sum(e["kind"] == "step" for e in run.events()[0]) for run in runs]

    button(page, "Pause").click()
    button(page, "Resume").wait_for()
    expect(page.locator(".afn-card", has_text="paused")).to_have_count(2)
    held = steps()
    button(page, "Step").click()
    wait_for(lambda: steps() == [n + 1 for n in held], "one step of each")
    button(page, "Resume").click()
    expect(button(page, "Pause")).to_be_enabled()
    button(page, "Reset").click()
    expect(page.get_by_text("Nothing runs yet")).to_be_visible()


DRAWN = """() => Object.fromEntries([...document.querySelectorAll('[role=figure]')].map(figure => {
  const data = figure.querySelector('.js-plotly-plot')?.data ?? [];
  const steps = data.flatMap(trace => [...(trace.x ?? [])]).filter(Number.isFinite);
  return [figure.ariaLabel?.split('.')[0], Math.max(0, ...steps)]; }))"""
# A rerun may put a new figure in its place at any moment: it is scrolled to as it is looked for.
SEEN = f"""([title, from, to]) => {{
  document.querySelector(`[role=figure][aria-label^="${{title}}"]`)?.scrollIntoView();
  const last = ({DRAWN})()[title];
  return from <= last && last <= to; }}"""


def test_what_a_resumed_run_took_back_is_gone_from_every_chart(
    page: Page, address: str, runs_folder: Path
):
    start(page, f"{address}/?data=digits8&widths=4-8&epochs=200&bs=4&lr=0.005&c=afn")
    run = RunStore(runs_folder).open(run_ids(page)[0])

    def told(kind: str) -> int:
        return sum(event["kind"] == kind for event in run.events()[0])

    run.send({"command": "pause"})
    wait_for(lambda: told("state"), "the pause")
    per_epoch = 1437 // 4
    at = (told("step") // per_epoch + 1) * per_epoch  # where its next checkpoint is
    step = json.dumps({"command": "step"}) + "\n"
    with run.control_path.open("a") as file:  # at once, so that all is read before the checkpoint
        file.write(step * (at + 40 - told("step")))
    wait_for(lambda: told("step") == at + 40, "steps behind a checkpoint")
    run.send({"command": "set", "lr": 0.001})
    wait_for(lambda: any("lr" in e for e in run.events()[0] if e["kind"] == "command"), "it")
    os.kill(json.loads((run.path / "claim.json").read_text())["pid"], signal.SIGKILL)
    expect(page.get_by_text(KILLED)).to_be_visible()
    assert run.checkpoints()[-1].stem == f"step-{at:08d}"
    curves = ("Loss and accuracy", "λ over steps", "Gradient and speed")
    for title in curves:
        page.wait_for_function(SEEN, arg=[title, at + 1, at + 40])
    run.send({"command": "pause"})  # so that it stands at its checkpoint once it is resumed
    button(page, "Resume").click()
    expect(page.locator(".afn-card")).to_contain_text("paused")
    for title in curves:
        page.wait_for_function(SEEN, arg=[title, at, at])
    expect(page.locator(".afn-card .facts")).to_contain_text(f"step {at:,} ")
    expect(page.locator(".st-key-rail").get_by_label("Learning rate", exact=True)).to_be_visible()


LATE = """async () => {
  const loaded = performance.getEntriesByType('resource');
  const { name } = loaded.find(each => /live_chart.js/.test(each.name));
  const { stores, default: draw } = await import(name);
  const { channel, spec } = stores.get('cards');
  const chunks = [{ n: 0, spec, reading: '', html: '<div class="afn-cards">step 399</div>' }];
  const data = { key: 'cards', title: '', channel, polls: false, epoch: 'late', chunks };
  const root = document.querySelector('.afn-cards').closest('.live-chart');
  draw({ data, parentElement: root.parentElement, setTriggerValue: () => {} });
}"""


def test_what_the_page_says_late_does_not_stay_over_what_the_feed_said(page: Page, address: str):
    """A rerun may have looked before a run was resumed, and arrive after the feed told of it."""
    page.goto(f"{address}/?data=digits8&epochs=1&bs=256&c=bn")
    button(page, "Start").click()  # it may be over before it is seen to run
    card = page.locator(".afn-cards")
    expect(card).to_contain_text("finished")
    page.wait_for_timeout(500)  # the feed has nothing more to say
    page.evaluate(LATE)
    expect(card).to_contain_text("finished")


def test_hidden_legend_entries_survive_ticks(page: Page, address: str):
    start(page, address + LONG)
    wait_for_more_points(page, "Loss and accuracy")
    figure = page.get_by_role("figure", name=re.compile("^Loss and accuracy"))
    figure.get_by_role("button", name="BN").click()
    before = wait_for_more_points(page, "Loss and accuracy")
    wait_for_more_points(page, "Loss and accuracy", before)
    expect(figure.get_by_role("button", name="BN")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_sees_no_horizontal_scroll(chromium: Browser, address: str, scheme: str):
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True
    )
    phone = context.new_page()
    phone.set_default_timeout(IN_A_BROWSER)
    start(phone, f"{address}/?data=digits8&widths=4-8&epochs=1")
    button(phone, "Start again").wait_for()
    for title in ("Loss and accuracy", "λ over steps", "Accuracy per corruption", "γ̂ and β̂"):
        wait_for_more_points(phone, title)
        wide = phone.evaluate(
            """() => [...document.querySelectorAll('*')].filter(node =>
              node.getBoundingClientRect().right > innerWidth + 1 &&
              getComputedStyle(node).overflowX === 'visible' &&
              node.closest('[role=figure], [data-testid=stMain]') &&
              !node.closest('pre, svg')).map(node => node.className).slice(0, 5)"""
        )
        assert wide == [] or phone.evaluate(
            "() => document.documentElement.scrollWidth <= innerWidth"
        )
    context.close()


def test_a_killed_run_says_so_where_the_user_looks(page: Page, address: str, runs_folder: Path):
    start(page, address + LONG)
    wait_for_more_points(page, "λ over steps")
    run = RunStore(runs_folder).open(run_ids(page)[0])
    os.kill(json.loads((run.path / "claim.json").read_text())["pid"], signal.SIGKILL)
    expect(page.get_by_text(KILLED)).to_be_visible()
    wait_for_more_points(page, "λ over steps")


def test_a_deleted_run_folder_is_one_line(page: Page, address: str, runs_folder: Path):
    start(page, address + LONG)
    wait_for_more_points(page, "λ over steps")
    RunStore(runs_folder).open(run_ids(page)[0]).delete()
    expect(page.get_by_text(re.compile("it may have been deleted"))).to_be_visible()
    assert not page.get_by_text("Traceback").count()


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("?bs=9999", "batch_size must be a whole number from 1 to 512, got 9999"),
        ("?run=../..", "is not a run id"),
        ("?run=20200101-000000-afn-000000", "it may have been deleted"),
        ("?c=bogus", "unknown norm 'bogus'"),
        ("?data=atlantis", "is not here"),
        ("?data=digits8&widths=1-1-1-1", "halve 8 pixels to nothing"),
        ("?c=bn&bs=1", "batch of one"),
    ],
)
def test_a_bad_link_is_one_line(page: Page, address: str, query: str, line: str):
    page.goto(f"{address}/{query}")
    expect(page.get_by_text(re.compile(re.escape(line))).first).to_be_visible()
    assert not page.get_by_text("Traceback").count()


def test_runs_are_listed_and_opened(page: Page, address: str, runs_folder: Path):
    from afn.engine.execution import execute

    store = RunStore(runs_folder)
    config = TrainConfig(dataset="digits8", widths=(4, 8), epochs=1, corruptions=("contrast",))
    for norm in ("afn", "bn"):
        list(execute(store.create(replace(config, norm=norm), name=f"shown {norm}")))
    page.goto(f"{address}/runs")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    expect(open_button(page)).to_be_disabled()
    table = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(table["x"] + 16, table["y"] + 35 + 17)
    open_button(page).click()
    expect(page.locator(".afn-card")).to_have_count(1)
    expect(page.locator(".afn-card")).to_contain_text("finished")


def test_the_step_that_was_scrubbed_to_is_in_the_link_and_outlasts_a_refresh(
    page: Page, address: str, runs_folder: Path
):
    from afn.engine.execution import execute

    run = RunStore(runs_folder).create(replace(SMALL, norm="afn"))
    list(execute(run))
    page.goto(f"{address}/?run={run.id}")
    thumb = page.get_by_role("slider", name="Training step")
    expect(thumb).to_be_enabled()
    last = int(thumb.get_attribute("max") or 0)
    thumb.press("Home")
    for _ in range(4):
        thumb.press("ArrowRight")
    page.wait_for_url(re.compile("[?&]step=4(&|$)"))
    page.reload()
    expect(thumb).to_have_attribute("aria-valuetext", f"step 4 of {last}")
    spread = page.get_by_role("figure", name=re.compile("^γ̂ and β̂"))
    spread.scroll_into_view_if_needed()
    expect(spread.get_by_text(re.compile(r"at step \d"))).not_to_have_count(0)
    button(page, "end").click()
    page.wait_for_function("!location.search.includes('step=')")


def test_a_lambda_curve_that_is_dragged_branches_the_run_there(
    page: Page, address: str, runs_folder: Path
):
    page.goto(address + "?data=digits8&widths=4-8&epochs=2&c=afn")
    button(page, "Start").click()
    wait_for_more_points(page, "λ over steps", 100)
    [parent] = run_ids(page)
    figure = page.get_by_role("figure", name=re.compile("^λ over steps"))
    figure.scroll_into_view_if_needed()
    place = figure.locator(".live-chart-plot").evaluate(
        """plot => { const [{ left, right, top, bottom, steps, y, lines }] = plot.areas;
          const [box, { x, y: values }] = [plot.getBoundingClientRect(), lines[0]];
          const at = x.findIndex(step => step >= 12);
          const share = (x[at] - steps[0]) / (steps[1] - steps[0]);
          const height = (values[at] - y[0]) / (y[1] - y[0]);
          return { step: x[at], x: box.left + left + share * (right - left),
                   y: box.top + bottom - height * (bottom - top) }; }"""
    )
    page.mouse.move(place["x"], place["y"])
    page.mouse.down()
    page.mouse.move(place["x"], place["y"] - 30, steps=3)
    page.mouse.up()
    form = page.get_by_role("dialog", name="Branch here")
    step = int(form.locator("input.is-step").input_value())
    assert abs(step - place["step"]) <= 1
    form.get_by_role("button", name="Branch here").click()
    page.wait_for_url(re.compile(f"run={parent}~"))
    made = RunStore(runs_folder).open(run_ids(page)[1])
    assert (made.origin().run, made.origin().branches_at) == (parent, step)
    [(_, command)] = made.origin().script
    assert -3 < command["lambda"]["mu"] < 0  # upwards, from 0.047
    expect(page.get_by_role("button", name=re.compile("AFN .λμ 0"))).not_to_have_count(0)
    expect(
        button(page, "Stop")
    ).to_be_disabled()  # it trains for seconds: stopped, it may have ended
