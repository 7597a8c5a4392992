"""A ready-made choice applies once, in a real Chromium: whatever is set behind it stays."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from afn import LambdaInit, TrainConfig
from afn.runs.store import RunStore
from app.kit.comparison import PRESETS, Comparison, from_url, share
from tests.app.browser import button
from tests.waiting import PATIENCE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(serve, runs_folder: Path) -> str:
    env = {"AFN_RUNS_DIR": str(runs_folder), "AFN_DATA_DIR": str(runs_folder / "no-data")}
    return serve(env)


class Sidebar:
    """The Playground's settings as a hand sets them, and what the address says of them."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.place = page, page.get_by_test_id("stSidebar")
        page.goto(address)
        expect(self.field("Seed")).to_be_visible()

    @property
    def comparison(self) -> Comparison:
        comparison, problems = from_url(parse_qs(urlsplit(self.page.url).query))
        assert problems == []
        return comparison

    def says(self, wanted: Comparison) -> None:
        """Wait until the address asks for all of this, and see that it stays so."""
        deadline = time.monotonic() + PATIENCE
        while self.comparison != wanted and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        assert self.comparison == wanted

    def field(self, label: str) -> Locator:
        found = self.place.get_by_label(label, exact=True).filter(visible=True)
        expect(found).to_have_count(1)  # while a page is drawn anew there are two for a moment
        return found

    def write(self, label: str, value: str) -> None:
        self.field(label).fill(value)
        self.field(label).press("Enter")

    def adopt(self, preset: str) -> None:
        """Choose one of the pictures."""
        self.place.get_by_role("button", name="Experiments").click()
        button(self.page, PRESETS[preset].name).click()

    def choose(self, label: str, option: str) -> None:
        box = self.place.get_by_test_id("stSelectbox").filter(has_text=label)
        wanted = self.page.get_by_role("option", name=option).first
        for _ in range(20):  # behind a number field the first click only leaves it
            box.get_by_role("combobox").click()
            with suppress(TimeoutError):
                wanted.click(timeout=3000)
                return
        raise AssertionError(f"waited 60 s for the option {option!r}")

    def pick(self, option: str) -> None:
        self.place.get_by_role("radio", name=option, exact=True).click()

    def contender(self, number: int) -> None:
        self.place.locator(f".st-key-open-{number} summary").first.click()


def of_first(comparison: Comparison, **values: Any) -> Comparison:
    return (replace(comparison[0], **values), *comparison[1:])


def test_a_preset_sets_the_settings_once_and_each_can_be_changed_behind_it(
    page: Page, address: str, runs_folder: Path
):
    side = Sidebar(page, address)
    wanted = PRESETS["batch4"].comparison
    side.adopt("batch4")
    side.says(wanted)
    for label, text, values in (
        ("Epochs", "2", {"epochs": 2}),
        ("Batch size", "32", {"batch_size": 32}),
        ("Learning rate", "0.02", {"lr": 0.02}),
        ("Momentum", "0.5", {"momentum": 0.5}),
        ("λ's learning rate, times", "3", {"lambda_lr_factor": 3.0}),
        ("Seed", "7", {"seed": 7}),
        ("Channel widths", "4, 8", {"widths": (4, 8)}),
    ):
        side.write(label, text)
        wanted = share(wanted, **values)
        side.says(wanted)
    side.pick("resnet8")
    side.says(share(wanted, backbone="resnet8"))
    side.pick("convnet")
    side.says(wanted)
    side.choose("Data set", "1,437")
    wanted = share(wanted, dataset="digits8")
    side.says(wanted)

    side.contender(0)
    init = LambdaInit.OPEN
    side.choose("λ start", "wide open")
    side.says(wanted := of_first(wanted, lambda_init=init))
    side.choose("λ start", "custom")
    expect(side.field("logit of λ(μ)")).to_have_value("0.00")
    for name, letter, logit in (("mu", "μ", -1.0), ("sigma", "σ", -2.0), ("gamma", "γ", 1.0),
                                ("beta", "β", 2.0)):  # fmt: skip
        side.write(f"logit of λ({letter})", f"{logit}")
        init = replace(init, **{name: logit})
        side.says(wanted := of_first(wanted, lambda_init=init))
    side.pick("linear")
    init = replace(init, rescale_gate="linear")
    side.says(wanted := of_first(wanted, lambda_init=init))
    side.write("`stan_width`", "5")
    side.says(wanted := of_first(wanted, stan_width=5))
    side.write("`rescale_width`", "3")
    side.says(wanted := of_first(wanted, rescale_width=3))
    slider = side.place.get_by_role("slider")
    slider.press("ArrowRight")
    side.says(wanted := of_first(wanted, stat_dropout=0.05))
    side.pick("reference")
    side.says(wanted := of_first(wanted, formula="reference"))
    side.choose("Statistics at test time", "running")
    side.says(wanted := of_first(wanted, eval_stats="running"))
    side.contender(0)
    side.contender(1)
    side.place.get_by_text("Encoder-decoder").click()
    side.says(wanted := (wanted[0], replace(wanted[1], adaptive=False), *wanted[2:]))
    side.choose("Norm", "GN")
    side.says(wanted := (wanted[0], replace(wanted[1], norm="gn", adaptive=True), *wanted[2:]))

    added = replace(TrainConfig(norm="asrnorm"), **{
        name: getattr(wanted[0], name)
        for name in ("dataset", "widths", "epochs", "batch_size", "lr", "momentum",
                     "lambda_lr_factor", "seed")
    })  # fmt: skip
    side.place.get_by_role("button", name="Add a contender").click()
    side.says(wanted := (*wanted, added))
    side.place.get_by_role("button", name="Remove").filter(visible=True).click()
    side.says(wanted := (wanted[0], *wanted[2:]))
    button(page, "New seed").click()
    expect(side.field("Seed")).not_to_have_value("7")
    seed = int(side.field("Seed").input_value())
    side.says(wanted := share(wanted, seed=seed))

    button(page, "Start").click()
    page.wait_for_url(re.compile("[?&]run="))
    ids = parse_qs(urlsplit(page.url).query)["run"][0].split("~")
    assert tuple(RunStore(runs_folder).open(run_id).config() for run_id in ids) == wanted
    side.says(wanted)


def test_presets_can_be_chosen_one_after_the_other_and_one_again(page: Page, address: str):
    side = Sidebar(page, address)
    for name in ("batch4", "off", "batch4"):
        side.adopt(name)
        side.says(PRESETS[name].comparison)
        side.write("Epochs", "2")
        side.says(share(PRESETS[name].comparison, epochs=2))


def test_a_panel_stays_open_when_its_contender_gets_another_name(page: Page, address: str):
    side = Sidebar(page, address)
    side.contender(1)
    for norm in ("GN", "IN"):
        side.choose("Norm", norm)
        expect(side.place.locator(".st-key-open-1 summary").first).to_contain_text(norm)
        expect(side.place.get_by_role("button", name="Remove")).to_be_visible()


def test_the_examples_that_come_with_a_sweeps_setting_can_be_changed(page: Page, address: str):
    page.goto(f"{address}/ablations?sweep=new")
    axis = page.get_by_test_id("stSelectbox").filter(has_text="What varies")
    axis.get_by_role("combobox").click()
    page.get_by_role("option", name="dropout of the statistics").click()
    values = page.get_by_label(re.compile("^Values")).first
    expect(values).to_have_value("0, 0.3")
    values.fill("0, 0.5")
    values.press("Enter")
    page.wait_for_url(re.compile(re.escape("values1=0%2C+0.5")))
    epochs = page.get_by_label("Epochs", exact=True)
    epochs.fill("1")
    epochs.press("Enter")
    page.wait_for_url(re.compile("epochs=1"))
    expect(values).to_have_value("0, 0.5")
    query = parse_qs(urlsplit(page.url).query)
    assert (query["vary1"], query["values1"]) == (["stat_dropout"], ["0, 0.5"])
