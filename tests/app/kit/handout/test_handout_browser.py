"""Files that pages hand out, opened from the disk in a real Chromium without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from app.kit.draw.axes import axis, drawn
from app.kit.handout.button import LABEL
from app.kit.handout.document import Document
from app.kit.handout.parts import Plot
from tests.app.axe import complaints
from tests.waiting import IN_A_BROWSER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NAME = "<script>window.isTaken = 1</script>"
_IDLE = "document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
LINKS = {
    "playground": "?run=afn~bn",
    "lesson": "lessons?lesson=hidden-hero",
    "rescaling": "gamma-beta?run=afn",
    "dynamics": "lambda?runs=afn",
    "run": "runs?run=afn",
    "inside": "inside?model=afn",
    "robustness": "robustness",
}


@pytest.fixture(scope="module")
def files(serve, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each, by its button."""
    folder = tmp_path_factory.mktemp("files")
    base = TrainConfig(
        dataset="digits8", widths=(4, 8), epochs=2, evals_per_epoch=4, eval_images=100,
        corruptions=("contrast",),
    )  # fmt: skip
    for norm in ("afn", "bn"):
        run = RunStore(folder / "runs").create(replace(base, norm=norm), name=NAME, run_id=norm)
        list(execute(run))
    address = serve({"AFN_RUNS_DIR": str(folder / "runs"), "AFN_DATA_DIR": str(folder / "none")})
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(IN_A_BROWSER)
    found = {}
    for name, link in LINKS.items():
        page.goto(f"{address}/{link}")
        button = page.get_by_role("button", name=LABEL)
        button.wait_for()
        page.wait_for_function(_IDLE)
        page.wait_for_timeout(1500)
        page.wait_for_function(_IDLE)
        with page.expect_download() as taken:
            button.click()
        found[name] = folder / f"{name}.html"
        taken.value.save_as(found[name])
    page.close()
    return found


@dataclass
class Opened:
    page: Page
    complaints: list[str]


@contextmanager
def opened(chromium: Browser, path: Path, width: int = 1280, **more: object) -> Iterator[Opened]:
    """The file, with all of its figures drawn; nothing it asks for is on a network."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, offline=True, **more)
    page = context.new_page()
    page.set_default_timeout(IN_A_BROWSER)
    expect.set_options(timeout=IN_A_BROWSER)
    found: list[str] = []
    page.on("console", lambda told: told.type in ("error", "warning") and found.append(told.text))
    page.on("pageerror", lambda error: found.append(f"{error}"))
    page.on(
        "request",
        lambda request: request.url.startswith(("http", "ws")) and found.append(request.url),
    )
    page.goto(path.as_uri())
    page.evaluate("dispatchEvent(new Event('beforeprint'))")  # figures out of sight, too
    page.wait_for_function(
        """() => [...document.querySelectorAll("figure[data-figure]")]
          .filter((figure) => figure.checkVisibility())
          .every((figure) => figure.matches(":has([data-drawn]), [data-drawn]"))"""
    )
    page.wait_for_timeout(500)
    yield Opened(page, found)
    context.close()


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_opens_without_a_network_and_can_be_read(
    files: dict[str, Path], chromium: Browser, name: str, width: int, scheme: str
):
    assert files[name].stat().st_size < 6e6
    with opened(chromium, files[name], width, color_scheme=scheme) as found:
        assert not found.complaints
        page = found.page
        assert page.locator("figure[data-figure]").count()
        assert not page.get_by_text("could not be drawn").count()
        assert not page.evaluate("window.isTaken")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (dark == "rgb(20, 19, 26)") == (scheme == "dark")
        assert complaints(page) == []


def test_curves_are_replayed_by_one_slider_for_all(files: dict[str, Path], chromium: Browser):
    with opened(chromium, files["dynamics"]) as found:
        page = found.page
        sliders = page.get_by_role("slider", name="Step")
        assert sliders.count() > 1
        ends = """[...document.querySelectorAll(".plot")]
          .map(({ data }) => Math.max(...data.flatMap(({ x }) => x)))"""
        last = page.evaluate(ends)[0]
        sliders.first.fill("10")
        expect(sliders.nth(1)).to_have_value("10")
        page.wait_for_timeout(500)
        first, second, *_ = page.evaluate(ends)
        assert first == second < last
        assert page.evaluate("document.querySelector('.plot')._fullLayout.xaxis.range")[1] >= last


def test_channels_step_by_step_say_what_they_show(files: dict[str, Path], chromium: Browser):
    with opened(chromium, files["rescaling"]) as found:
        page = found.page
        figure = page.locator("figure", has=page.get_by_role("slider")).first
        caption = figure.locator("figcaption")
        before = caption.inner_text()
        figure.get_by_role("slider").fill("0")
        expect(caption).not_to_have_text(before)
        expect(page.get_by_role("heading", name="Channel by channel", exact=True)).to_be_visible()


def test_letters_are_those_of_the_app(files: dict[str, Path], chromium: Browser):
    with opened(chromium, files["run"]) as found:
        assert found.page.evaluate("document.fonts.check('15px \"Source Sans\"')")
        assert found.page.evaluate("[...document.fonts].map((font) => font.status)") == ["loaded"]


def test_it_says_what_is_pointed_at(files: dict[str, Path], chromium: Browser):
    with opened(chromium, files["rescaling"]) as found:
        page = found.page
        page.locator(".plot .point").first.hover(force=True)
        expect(page.locator(".hoverlayer .hovertext").first).to_be_visible()


def test_the_playgrounds_scrubber_moves_all(files: dict[str, Path], chromium: Browser):
    with opened(chromium, files["playground"]) as found:
        page = found.page
        page.get_by_role("slider", name="Training step").fill("11")
        expect(page.locator(".scrubber-bubble")).to_have_text("step 11")
        bars = page.locator("[data-kind=bars]")
        bars.scroll_into_view_if_needed()  # what is out of sight follows once it is seen
        expect(bars).to_contain_text("% · step 6")  # where the last test by then was


def test_the_diagram_has_its_pictures_and_follows_the_scrubber(
    files: dict[str, Path], chromium: Browser
):
    for name in ("playground", "run"):
        with opened(chromium, files[name]) as found:
            diagram = found.page.locator("[data-kind=network]")
            expect(diagram).to_contain_text("step 44")
            assert not diagram.locator("a[href]").count()
            pictures = """(diagram) => [...diagram.querySelectorAll("canvas")].map(
              (canvas) => canvas.toDataURL())"""
            before = diagram.evaluate(pictures)
            found.page.get_by_role("slider", name="Training step").fill("11")
            expect(diagram).to_contain_text("maps: step 10")  # the last ones by then
            found.page.wait_for_timeout(1000)
            assert before
            assert all(
                was != now for was, now in zip(before, diagram.evaluate(pictures), strict=True)
            )


def test_a_lessons_answer_is_seen_once_it_is_asked_for(files: dict[str, Path], chromium: Browser):
    with opened(chromium, files["lesson"]) as found:
        page = found.page
        assert page.get_by_role("heading", level=1).inner_text() == "The hidden hero"
        answers = page.locator(".afn-hand [data-hidden=true]")
        assert answers.count()
        page.get_by_text("The experiment and its answer").click()
        expect(answers).to_have_count(0)
        before = page.locator(".afn-hand output").inner_text()
        page.get_by_role("slider", name="contrast left").press("ArrowRight")
        expect(page.locator(".afn-hand output")).not_to_have_text(before)
        assert not found.complaints


@pytest.mark.parametrize(
    "trace",
    [
        {"type": "bar", "y": [1, 2]},
        {"type": "box", "y": [1, 2, 3]},
        {"type": "heatmap", "z": [[1, 2], [3, 4]]},
        {"type": "contour", "z": [[1, 2], [3, 4]]},
        {"type": "pie", "values": [1, 2]},
    ],
    ids=lambda trace: trace["type"],
)
def test_a_part_of_plotly_draws_what_it_is_for(chromium: Browser, tmp_path: Path, trace: Any):
    figure = drawn([trace, {"type": "scatter", "y": [1, 2]}], 200, axis("step"), axis("value"))
    path = tmp_path / "figure.html"
    path.write_text(Document(title="λ", parts=[Plot(figure=figure, words="")], date="").html())
    with opened(chromium, path) as found:
        assert not found.complaints
        kinds = found.page.evaluate("document.querySelector('.plot')._fullData.map((t) => t.type)")
        assert kinds == [trace["type"], "scatter"]
        assert found.page.locator(".scatterlayer .point").count() == 2


def test_what_needs_the_page_cannot_be_pressed(files: dict[str, Path], chromium: Browser):
    with opened(chromium, files["inside"]) as found:
        page = found.page
        for one in page.locator("[data-lambda], [name=layer], [data-source]").all():
            expect(one).to_be_disabled()
        page.get_by_role("button", name="Step ›").click()
        expect(page.locator(".stage h3")).to_contain_text("2")
        assert not found.complaints
