"""Back and Forward in a real Chromium: settings replace the address, what is opened is a step."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.app.browser import button, open_button
from tests.waiting import IN_A_BROWSER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    folder = tmp_path_factory.mktemp("history") / "runs"
    shutil.copytree(trained, folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image tree whose names are not ASCII."""
    data = tmp_path_factory.mktemp("data")
    for domain, grey in {"墨": 40, "Öl": 200}.items():
        for name in ("Bär", "箱"):
            folder = data / "図形 Möbel" / domain / name
            folder.mkdir(parents=True)
            for i in range(6):
                Image.new("RGB", (16, 16), (grey, grey + i, grey)).save(folder / f"{i}.png")
    return data


@pytest.fixture(scope="module")
def address(serve, folder: Path, data: Path) -> str:
    env = {"AFN_RUNS_DIR": str(folder), "AFN_DATA_DIR": str(data)}
    return serve(env)


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """One for all tests here, so that the browser has the scripts already."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 1000}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(IN_A_BROWSER)
    expect.set_options(timeout=IN_A_BROWSER)
    yield page
    context.close()


def begin(page: Page, address: str) -> None:
    """A visit that begins at `address`, behind a page of somebody else."""
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_role("navigation", name="App pages")).to_be_visible()


def turn_to(page: Page, title: str) -> None:
    page.get_by_role("link", name=title, exact=True).first.click()


def radio(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("radio", name=name, exact=True).click()


def is_checked(name: str, *, yes: bool = True) -> Callable[[Page], None]:
    def see(page: Page) -> None:
        expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked(checked=yes)

    return see


def heading(name: str) -> Callable[[Page], None]:
    found = re.compile(name)
    return lambda page: expect(page.get_by_role("heading", name=found).first).to_be_visible()


def first_row(page: Page) -> None:
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": 18, "y": 52})


def choose_all_layers(page: Page) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text="Layer").get_by_role("combobox").click()
    page.get_by_role("option", name="all layers").click()


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A page, and something to change on it."""

    title: str
    path: str
    heading: str
    change: Callable[[Page], None]
    query: dict[str, str]
    """What the address says of the change."""
    sees: Callable[[Page], None]
    """That the change is on screen."""
    before: Callable[[Page], None] | None = None
    """That it is not; where the change is a step, which Back takes back."""
    is_kept: bool = True
    """Whether it is on screen where the visitor comes by the menu again."""

    def at_first(self, page: Page) -> None:
        """Wait until the page is on screen without the change."""
        arrived(page, self.path, {}, self.before or heading(self.heading))
        page.wait_for_function(  # a press while a part is drawn may meet what is being replaced
            "document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
        )

    def changed(self, page: Page) -> None:
        """Wait until the page is on screen with the change."""
        arrived(page, self.path, self.query, self.sees)

    def returned(self, page: Page) -> None:
        """Wait until the page is on screen as one who comes by the menu again is to find it."""
        (self.changed if self.is_kept else self.at_first)(page)


CASES = [
    Case(title="Lessons", path="/lessons", heading="Lessons",
         change=lambda page: page.get_by_role("link", name="What does it cost?").click(),
         query={"lesson": "price"}, sees=heading("What does it cost"), before=heading("Lessons"),
         is_kept=False),
    Case(title="Playground", path="/", heading="Watch normalization",
         change=radio("resnet8"), query={"net": "resnet8"}, sees=is_checked("resnet8")),
    Case(title="λ dynamics", path="/lambda", heading="λ dynamics",
         change=radio("log"), query={"steps": "log"}, sees=is_checked("log")),
    Case(title="γ/β", path="/gamma-beta", heading="γ/β",
         change=choose_all_layers, query={"layer": "all"},
         sees=lambda page: expect(page.get_by_role("combobox", name="Layer")).to_have_value(
             "all layers"),
         before=heading("Channel by channel at step")),
    Case(title="Robustness", path="/robustness", heading="Robustness",
         change=radio("the first"), query={"pictures": "first"}, sees=is_checked("the first")),
    Case(title="Domains", path="/domains", heading="Domains",
         change=radio("minus BN"), query={"show": "difference"},
         sees=is_checked("minus BN")),
    Case(title="Ablations", path="/ablations", heading="What if",
         change=radio("Build one"), query={"sweep": "new"}, sees=is_checked("Build one"),
         before=is_checked("Build one", yes=False)),
    Case(title="Inside the layer", path="/inside", heading="Inside the layer",
         change=radio("draw"), query={"first_place": "a drawing"}, sees=is_checked("draw")),
    Case(title="Cost", path="/cost", heading="What a norm costs",
         change=radio("image size"), query={"over": "size"}, sees=is_checked("image size")),
    Case(title="Paper", path="/paper", heading="The paper",
         change=radio("MNIST, ConvNet"), query={"network": "mnist-grey"},
         sees=is_checked("MNIST, ConvNet")),
    Case(title="Runs", path="/runs", heading="Runs", change=first_row, query={"run": "*"},
         sees=lambda page: expect(button(page, "Fork and train on")).to_be_visible(),
         before=lambda page: expect(button(page, "Fork and train on")).to_have_count(0)),
]  # fmt: skip


def settled(page: Page, path: str, query: dict[str, str]) -> None:
    """Wait until the address is this page and says this; "*" is any value."""

    def is_there(url: str) -> bool:
        parts = urlsplit(url)
        said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return parts.path == path and all(
            said.get(name) == value or (value == "*" and name in said)
            for name, value in query.items()
        )

    page.wait_for_url(is_there, wait_until="commit")
    here = page.locator(f"[aria-current=page][href$='{path}']")
    expect(here.first).to_be_attached()


def arrived(page: Page, path: str, query: dict[str, str], sees: Callable[[Page], None]) -> None:
    """Wait until the address says this, and the page that does is there to its end.

    Who goes on before that has Streamlit add an entry for the page that is not there any more.
    """
    settled(page, path, query)
    sees(page)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def test_change_something_on_each_page_then_back_forward_reload_and_return(
    page: Page, address: str
):
    begin(page, address + CASES[0].path)
    steps: list[Callable[[Page], None]] = []
    for case in CASES:
        if case is not CASES[0]:
            turn_to(page, case.title)
        case.at_first(page)
        case.change(page)
        case.changed(page)
        steps += [case.at_first, case.changed] if case.before else [case.changed]
    for step in steps[-2::-1]:
        page.go_back()
        step(page)
    page.go_back()
    page.wait_for_url("about:blank")
    for step in steps:
        page.go_forward()
        step(page)
    for case in CASES:  # whose settings the session has from the addresses
        turn_to(page, case.title)
        case.returned(page)
    for case in reversed(CASES):
        page.reload()
        case.returned(page)
        page.go_back()


def test_back_and_forward_bring_each_visit_to_a_page_as_it_was(page: Page, address: str):
    begin(page, f"{address}/cost?over=size")
    is_checked("image size")(page)
    turn_to(page, "Lessons")
    settled(page, "/lessons", {})
    turn_to(page, "Cost")
    settled(page, "/cost", {"over": "size"})
    radio("channels")(page)
    page.wait_for_url(f"{address}/cost")
    page.go_back()
    settled(page, "/lessons", {})
    page.go_back()
    settled(page, "/cost", {"over": "size"})
    is_checked("image size")(page)
    page.go_forward()
    settled(page, "/lessons", {})
    page.go_forward()
    page.wait_for_url(f"{address}/cost")
    settled(page, "/cost", {})
    is_checked("channels")(page)
    for path in ("/lessons", "/cost"):
        page.go_back()
        settled(page, path, {})
    page.go_back()
    page.wait_for_url("about:blank")


def test_opened_runs_are_one_step_and_how_they_are_looked_at_is_kept(page: Page, address: str):
    begin(page, f"{address}/runs")
    first_row(page)
    settled(page, "/runs", {"run": "*"})
    at_runs = page.url
    open_button(page).click()
    settled(page, "/", {"run": "*"})
    radio("logit")(page)
    radio("a panel per layer")(page)
    looks = {"scale": "logit", "by": "layer"}
    settled(page, "/", {"run": "*", **looks})

    def sees_looks() -> None:
        settled(page, "/", {"run": "*", **looks})
        is_checked("logit")(page)
        is_checked("a panel per layer")(page)

    page.go_back()
    page.wait_for_url(at_runs)
    expect(button(page, "Fork and train on")).to_be_visible()
    page.go_forward()
    sees_looks()
    turn_to(page, "Lessons")
    settled(page, "/lessons", {})
    turn_to(page, "Playground")
    sees_looks()
    page.reload()
    sees_looks()


@pytest.mark.parametrize("path", ["/playground?epochs=2", "/Cost?as=absolute"])
def test_one_press_of_back_leaves_what_another_name_led_to(page: Page, address: str, path: str):
    begin(page, f"{address}/lessons")
    heading("Lessons")(page)
    page.goto(address + path)
    page.wait_for_url(address + path.lower().replace("playground", ""))
    heading("Watch normalization|What a norm costs")(page)
    page.go_back()
    settled(page, "/lessons", {})
    heading("Lessons")(page)


def test_a_link_whose_names_are_not_ascii_is_gone_back_to(page: Page, address: str):
    named = {"of": "図形-möbel"}
    begin(page, f"{address}/domains?of=図形-möbel")
    expect(page.get_by_text("Öl, 墨")).to_be_visible()
    arrived(page, "/domains", named, heading("Domains"))
    radio("all but one")(page)
    changed = named | {"how": "leave one out"}
    arrived(page, "/domains", changed, is_checked("all but one"))
    turn_to(page, "Lessons")
    arrived(page, "/lessons", {}, heading("Lessons"))
    page.go_back()
    arrived(page, "/domains", changed, is_checked("all but one"))
    page.reload()
    arrived(page, "/domains", changed, is_checked("all but one"))
    expect(page.get_by_text("Öl, 墨")).to_be_visible()
    page.go_back()
    page.wait_for_url("about:blank")
