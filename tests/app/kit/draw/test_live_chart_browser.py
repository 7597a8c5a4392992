"""The live chart in a real browser: nothing here is known from Python alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.app.browser import ROOT, plain_streamlit
from tests.runs.test_equal import CASES
from tests.waiting import IN_A_BROWSER

pytestmark = pytest.mark.browser

PLOT = ".live-chart-plot"
LOSS = f"document.querySelector('{PLOT}').data[1]"
MODULE = (
    "performance.getEntriesByType('resource').map(e => e.name).find(n => /live_chart\\.js/.test(n))"
)
COUNT_BLANKS = f"""() => {{
    window.blanks = window.frames = 0;
    document.querySelector('{PLOT}').isTheSame = true;
    const look = () => {{
        window.frames++;
        const drawn = document.querySelector('{PLOT} .scatterlayer .js-line')?.getAttribute('d');
        if (!drawn) window.blanks++;
        requestAnimationFrame(look);
    }};
    look();
}}"""


@pytest.fixture(scope="module")
def demo(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("demo")
    script = shutil.copy(Path(__file__).with_name("live_chart_demo.py"), folder)
    (folder / "static").symlink_to(ROOT / "app" / "static")
    return serve({"AFN_DEMO_TICK": "0.3"}, plain_streamlit(Path(script)))


@pytest.fixture
def show(chromium: Browser, demo: str) -> Iterator[Callable[..., Page]]:
    """Opens the demo on one chart; page errors fail the test."""
    contexts, errors = [], list[str]()

    def open_page(chart: str, ready: str = ".main-svg", over: bool = False, **context: Any) -> Page:
        # Runs that grow go on for four minutes, so that no machine is too slow to see them grow.
        at, steps = (100, 600) if over else (6, 6000)
        contexts.append(
            chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(IN_A_BROWSER)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{demo}/?show={chart}&at={at}&steps={steps}")
        page.wait_for_selector(f"{PLOT} {ready}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def wait(page: Page, condition: str) -> None:
    page.wait_for_function(condition)


def wait_for_ticks(page: Page, count: int = 3) -> None:
    """Until the curves have grown that many times."""
    for _ in range(count):
        wait(page, f"{LOSS}.x.length > {page.evaluate(f'{LOSS}.x.length')}")


def zoom(page: Page) -> list[float]:
    box = page.locator(f"{PLOT} .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 250, box["y"] + 120, steps=5)
    page.mouse.up()
    page.mouse.move(5, 5)
    wait(page, f"document.querySelector('{PLOT}').layout.xaxis.range[0] > 5")
    return ranges(page)


def ranges(page: Page) -> list[float]:
    return page.evaluate(
        f"(({{xaxis, yaxis}}) => [...xaxis.range, ...yaxis.range])"
        f"(document.querySelector('{PLOT}').layout)"
    )


def names(page: Page) -> list[str]:
    return page.evaluate(
        f"[...new Set(document.querySelector('{PLOT}').data.map(t => t.name).filter(Boolean))]"
    )


def test_points_grow_on_one_graph_without_a_blank_frame(show: Callable[..., Page]) -> None:
    page = show("training")
    page.evaluate(COUNT_BLANKS)
    wait_for_ticks(page, 6)
    assert page.evaluate(f"document.querySelector('{PLOT}').isTheSame")
    assert page.evaluate("window.frames") > 20
    assert page.evaluate("window.blanks") == 0


def test_zoom_and_hidden_run_survive_ticks_and_a_remount(show: Callable[..., Page]) -> None:
    page = show("training")
    zoomed = zoom(page)
    page.get_by_role("button", name="ASRNorm").click()
    wait_for_ticks(page)
    assert ranges(page) == pytest.approx(zoomed)
    assert names(page)[0] == "AFN"
    assert not any("ASRNorm" in name for name in names(page))

    page.evaluate(f"document.querySelector('{PLOT}').isTheSame = true")
    box = page.get_by_text("Show charts")
    box.click()
    wait(page, f"!document.querySelector('{PLOT}')")
    page.wait_for_timeout(3000)  # runs grow by 75 steps; half a second on, nobody listens to them
    box.click()
    page.wait_for_selector(f"{PLOT} .main-svg")
    wait_for_ticks(page)
    assert not page.evaluate(f"document.querySelector('{PLOT}').isTheSame")
    assert ranges(page) == pytest.approx(zoomed)
    assert not any("ASRNorm" in name for name in names(page))
    steps = page.evaluate(f"{LOSS}.x")
    # The pause came thinned, not as a gap: up to 10 s, 250 steps, into the 16 points of one tick.
    assert all(0 < b - a <= 20 for a, b in pairwise(steps))

    page.locator(f"{PLOT} .nsewdrag").first.dblclick()
    wait(page, f"document.querySelector('{PLOT}').layout.xaxis.range[0] < 0")


def test_a_drag_outlasts_ticks(show: Callable[..., Page]) -> None:
    page = show("training")
    box = page.locator(f"{PLOT} .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 40)
    page.mouse.down()
    for step in range(12):
        page.mouse.move(box["x"] + 100 + 10 * step, box["y"] + 40 + 6 * step)
        page.wait_for_timeout(100)
    assert page.locator(f"{PLOT} .zoombox").count() == 1
    page.mouse.up()
    wait(page, f"document.querySelector('{PLOT}').layout.xaxis.range[0] > 5")


@pytest.mark.parametrize("loss", ["store.last -= 20", "module.stores.delete('training')"])
def test_lost_messages_leave_no_gap(show: Callable[..., Page], loss: str) -> None:
    page = show("training")
    wait_for_ticks(page, 4)
    newest = page.evaluate(
        f"""async () => {{
            const module = await import({MODULE});
            const store = module.stores.get('training');
            const newest = store.last;
            {loss};
            return newest;
        }}"""
    )
    wait(page, f"import({MODULE}).then(m => m.stores.get('training')?.last > {newest})")
    wait_for_ticks(page)
    steps = page.evaluate(f"{LOSS}.x")
    assert steps == list(range(len(steps)))


def test_what_is_told_twice_is_drawn_once(show: Callable[..., Page]) -> None:
    """All there is may end behind where the news after it begin: what is read grows meanwhile."""
    found = show("training", over=True).evaluate(f"""async () => {{
        const {{ receive, stores }} = await import({MODULE});
        const store = stores.get("training");
        const packed = (...values) =>
            btoa(String.fromCharCode(...new Uint8Array(new Float32Array(values).buffer)));
        const [line] = store.data.lines;
        const before = line.x.length;
        const mark = {{ x: 601, text: "lr 1" }};
        for (const last of [601, 602]) {{
            const pts = [[0, packed(598, 599, 600, last), packed(1, 2, 3, last)]];
            const chunks = [{{ n: store.last + 1, pts, marks: [mark] }}];
            receive(store, {{ epoch: store.epoch, chunks }});
        }}
        const ends = [line.x, line.y].map((values) => values.slice(before));
        const marks = store.data.marks.filter(({{ x }}) => x === mark.x).length;
        return [before, ...ends, line.mean.length, marks];
    }}""")
    assert found == [600, [600, 601, 602], [3, 601, 602], 603, 1]


def test_theme_change_restyles_the_graph_in_place(show: Callable[..., Page]) -> None:
    page = show("training", color_scheme="light")
    color = f"document.querySelector('{PLOT}').layout.font.color"
    light = page.evaluate(color)
    page.evaluate(f"document.querySelector('{PLOT}').isTheSame = true")
    page.emulate_media(color_scheme="dark")
    wait(page, f"{color} !== '{light}'")
    assert page.evaluate(f"document.querySelector('{PLOT}').isTheSame")


def test_the_page_follows_the_scrubber_stays_where_it_is_put_and_replays(
    show: Callable[..., Page],
) -> None:
    page = show("scrubber,spread")
    thumb = page.get_by_role("slider", name="Training step")
    told = "document.querySelector('input[type=range]').ariaValueText"
    drawn = """[...document.querySelectorAll('.live-chart-plot .annotation-text')]
      .map(each => each.textContent.match(/at step ([\\d,]+)/)?.[1]).find(Boolean)"""
    assert page.evaluate(told).endswith(", now")
    thumb.focus()
    page.keyboard.press("Home")
    wait(page, f"{told}.startsWith('step 0 of')")
    wait(page, f"{drawn} === '0'")
    newest = page.evaluate(f"{told}.match(/of (\\d+)/)[1]")
    wait(page, f"{told}.match(/of (\\d+)/)[1] !== '{newest}'")
    assert page.evaluate(told).startswith("step 0 of")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    wait(page, f"{told}.startsWith('step 3 of')")
    assert page.evaluate(drawn) == "0"  # the last snapshot not behind it

    page.get_by_role("button", name="Replay").press("Enter")
    wait(page, f"Number({drawn}) > 0 && !{told}.endsWith('now')")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="live").click()
    wait(page, f"{told}.endsWith(', now')")


def test_a_drift_of_a_hundred_thousandth_lies_flat_unless_it_says_how_far_it_is_zoomed(
    show: Callable[..., Page],
) -> None:
    found = show("lambdas").evaluate(f"""async () => {{
        const {{ scales, zoomWords }} = await import(
            new URL("./live_chart/curves_scale.js?alone", {MODULE})
        );
        const panels = [[0.0474, 0.0564], [0.00669, 0.00672], null].map(
            (extent) => ({{ extent }})
        );
        const drawn = (mode, from) => scales(panels, {{ mode, least: 0.1, from }});
        return {{
            shared: drawn("shared", 0).map(({{ range }}) => range),
            unit: drawn("unit", 0).map(({{ range }}) => range),
            zoomed: drawn("zoom", 0).map(({{ range, zoom }}) => [...range, zoomWords(zoom)]),
            wide: scales(
                [{{ extent: [0.1, 0.9] }}, ...panels], {{ mode: "shared", least: 0.1, from: 0 }}
            ),
        }};
    }}""")
    assert found["shared"] == [pytest.approx([-0.003, 0.103])] * 3
    assert found["unit"] == [pytest.approx([-0.03, 1.03])] * 3
    low, high, words = found["zoomed"][1]
    assert low < 0.00669 < 0.00672 < high < 0.00673
    assert words == "×2,900 zoom"
    sizes = [high - low for low, high in (each["range"] for each in found["wide"])]
    assert sizes == [pytest.approx(0.88 * 1.06)] * 4


def test_another_moment_moves_a_line_and_draws_no_curve_anew(show: Callable[..., Page]) -> None:
    page = show("lambdas", over=True)
    wait(page, f"document.querySelector('{PLOT}').data?.[0].x.at(-1) > 590")
    count = f"document.querySelector('{PLOT}').layout.datarevision"
    revision = page.evaluate(count)
    lefts = page.evaluate(f"""async () => {{
        const {{ moment }} = await import(
            performance.getEntriesByType("resource").find(({{ name }}) => /moment/.test(name)).name
        );
        const frame = () =>
            new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const lefts = [];
        moment.extend("run", 0, 600, true);
        for (const step of [150, 300, null]) {{
            moment.set(step);
            await frame();
            const veil = document.querySelector('{PLOT} .live-chart-veil');
            const at = document.querySelector('{PLOT}')._fullLayout.xaxis;
            lefts.push(veil && parseFloat(veil.style.left) - at._offset - at.l2p(step));
        }}
        return lefts;
    }}""")
    assert lefts == [pytest.approx(0, abs=1), pytest.approx(0, abs=1), None]
    assert page.evaluate(count) == revision


def test_bars_fill_in_beside_their_pictures(show: Callable[..., Page]) -> None:
    page = show("robust")
    cells = f"document.querySelector('{PLOT}').data.filter(t => t.type === 'bar').flatMap(t => t.x)"
    wait(page, f"{cells}.length >= 3")
    few = page.evaluate(f"{cells}.length")
    wait(page, f"{cells}.length > {few}")
    assert page.locator(f"{PLOT} image").count() == 8


def test_the_browser_compares_at_the_step_that_python_does(show: Callable[..., Page]) -> None:
    page = show("robust", over=True)
    equal = (
        "import("
        + MODULE.replace("n => /live_chart\\.js/.test(n)", "n => /equal\\.js/.test(n)")
        + ")"
    )
    for steps, expected in CASES:
        assert page.evaluate(f"{equal}.then(({{sharedStep}}) => sharedStep({steps}))") == expected
    found = page.evaluate(
        f"{equal}.then(({{sharedStep}}) => sharedStep([[5, 10, 15], [5, 10, 15]], 12))"
    )
    assert found == 10, "of what is not behind the step shown"


def test_bars_are_of_one_step_and_what_is_of_another_is_paler(show: Callable[..., Page]) -> None:
    page = show("robust", over=True)
    plot = f"document.querySelector('{PLOT}')"
    wait(page, f"{plot}.data.filter(t => t.type === 'bar').flatMap(t => t.x).length === 24")
    assert page.evaluate(f"{plot}.layout.xaxis.title.text") == "accuracy, % · step 12"
    clean = (
        f"{plot}.data.filter(t => t.type === 'bar').filter(t => t.customdata[0]?.[0] === 'clean')"
    )
    found = page.evaluate(f"{clean}.map(t => [t.x[0], t.customdata[0][1], t.marker.opacity[0]])")
    assert found == [[97, 12, 1], [93, 12, 1], [89, 6, 0.45]]
    assert page.get_by_text("89.0 at step 6").count() == 1


def test_answers_turn_with_the_step_and_their_order_stays(show: Callable[..., Page]) -> None:
    page = show("scrubber,wall", over=True, ready=".wall-chip.right")
    pale = page.get_by_role("list", name="pale animals").get_by_role("button")
    told = "[...document.querySelectorAll('.wall-score')].map(each => each.innerText.split('\\n'))"
    figure = page.get_by_role("figure", name="Made-up wall")
    bn = "BN <b>&amp;</b>"
    wait(page, f"{told}[0][1] === '3/3 pale'")
    assert page.evaluate(told) == [[n, f"{k}/3 pale", "3/3 clean"]
                                   for n, k in (("AFN", 3), ("ASRNorm", 3), (bn, 1))]  # fmt: skip
    first = f"cat, pale. AFN: cat, 90 % sure, ASRNorm: cat, 90 % sure, {bn}: frog, wrong, 90 % sure"
    assert pale.first.get_attribute("aria-label") == first, "those that contenders part on"
    assert pale.last.get_attribute("aria-label").startswith("frog, pale. AFN: frog,")
    assert (figure.get_attribute("aria-label") or "").endswith(
        f"AFN reads 3 of 3 pale animals right, ASRNorm 3 of 3, {bn} 1 of 3, at step 600."
    )
    page.get_by_role("slider", name="Training step").focus()
    page.keyboard.press("Home")
    wait(page, f"{told}[0][1] === '2/3 pale'")
    assert page.evaluate(told)[0] == ["AFN", "2/3 pale", "2/3 clean"]
    assert page.locator(".wall-at").inner_text() == "answers at step 0"
    assert pale.last.get_attribute("aria-label").startswith("frog, pale. AFN: cat, wrong,")
    assert page.locator(".wall-chip.right").count() - 1 == 4 + 4 + 3, "and one in the legend"


def test_an_image_of_the_wall_is_told_closely_on_focus(show: Callable[..., Page]) -> None:
    page = show("wall", over=True, ready=".wall-chip.right")
    detail = page.locator(".wall-detail")
    pale = page.get_by_role("list", name="pale animals").get_by_role("button")
    page.get_by_role("button", name="Hard ones first").focus()
    page.keyboard.press("Tab")
    assert pale.first.evaluate("node => node === document.activeElement")
    page.keyboard.press("ArrowRight")
    assert detail.locator("p").inner_text() == "dog, pale"
    assert detail.locator(".wall-said").all_inner_texts() == [
        "AFN\ndog · 90 %\nright",
        "ASRNorm\ndog · 90 %\nright",
        "BN <b>&amp;</b>\nfrog · 90 %\nwrong",
    ]
    assert detail.locator(".wall-bars").first.locator(".true").inner_text() == "dog"
    page.keyboard.press("Escape")
    assert detail.is_hidden()


@pytest.mark.parametrize("chart", ["training", "lambdas", "spread", "robust"])
def test_narrow_page_does_not_scroll_sideways(show: Callable[..., Page], chart: str) -> None:
    page = show(chart, viewport={"width": 390, "height": 844})
    wait(page, f"document.querySelector('{PLOT}').layout.width < 390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert (
        page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('.live-chart'))")
        <= 0
    )
    plot = page.locator(f"{PLOT} .main-svg").first.bounding_box()
    assert plot is not None
    assert plot["height"] > 300


def test_labels_are_text_and_the_figure_is_named(show: Callable[..., Page]) -> None:
    page = show("training")
    assert page.get_by_role("figure", name="Made-up training. Of three runs.").count() == 1
    assert page.get_by_role("button", name="BN <b>&amp;</b>", exact=True).is_visible()
    assert "BN &lt;b&gt;&amp;amp;&lt;/b&gt; · test" in names(page)


def test_what_comes_while_an_element_is_replaced_is_asked_for_again(
    show: Callable[..., Page],
) -> None:
    asked = show("training").evaluate(f"""async () => {{
        const asked = [], waiting = [];
        window.EventSource = class extends EventTarget {{
            constructor(address) {{
                super();
                asked.push(address.searchParams.get("c"));
                waiting.shift()(this);
            }}
            close() {{}}
        }};
        const connection = () => new Promise((resolve) => waiting.push(resolve));
        const {{ listen }} = await import(new URL("./live_chart/feed.js?alone", {MODULE}));
        const listener = {{ has: () => "e:1", news: () => true }};
        let opened = connection();
        const stop = listen("cards", listener);
        const source = await opened;
        opened = connection();
        stop();
        source.dispatchEvent(new MessageEvent("news", {{ data: 'cards {{"epoch":"e"}}' }}));
        listen("cards", {{ ...listener }});
        await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, 30_000))]);
        return asked;
    }}""")
    assert asked == ["cards:e:1", "cards:e:1"]


def test_three_seeds_have_a_band_around_their_mean(show: Callable[..., Page]) -> None:
    traces, names = show("lambdas").evaluate(f"""async () => {{
        const {{ bands }} = await import(new URL("./live_chart/curves_seeds.js?alone", {MODULE}));
        const seed = (y, past) => ({{
            x: [0, 10, 20].slice(0, y.length), y, name: "norm 1", dash: 1,
            run: {{ label: past ? "one" : "AFN", color: "#D55E00", past }},
        }});
        const lines = [seed([1, 2]), seed([2, 4, 6], "AFN"), seed([3, 6, 9], "AFN")];
        const {{ traces, counts }} = bands(lines);
        return [[...traces, ...bands(lines.slice(1)).traces], [...counts]];
    }}""")
    low, high, mean = traces
    assert names == [["AFN", 3]]
    assert (mean["x"], mean["y"]) == ([0, 10], [2, 4])  # at step 20 there are two
    half = 4.303 / 3**0.5
    assert low["y"] == pytest.approx([2 - half, 4 - 2 * half])
    assert high["y"] == pytest.approx([2 + half, 4 + 2 * half])
