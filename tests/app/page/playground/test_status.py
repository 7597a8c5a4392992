"""The cards: how a contender stands, and of which images its accuracy is."""

import re
from dataclasses import replace

import pytest

from afn.runs.history import History
from app.kit.comparison import opening_comparison
from app.kit.demo import demo_of
from app.kit.draw.chart import Shown
from app.kit.draw.network import followed
from app.page.playground.status import _card

CONFIG = opening_comparison()[0]


@pytest.fixture(scope="module")
def history():
    return History.of(demo_of(CONFIG))


def card(history, status="running"):
    return _card(Shown("AFN", "#D55E00", CONFIG, history), "AFN", "#D55E00", status)


def test_a_card_says_out_of_step_as_long_as_it_goes_on_without_another(history):
    def told(*without, status="running"):
        said = tuple({"step": 20 * i, "without": each} for i, each in enumerate(without))
        return "out of step" in card(replace(history, lockstep=said), status)

    assert not told()
    assert told(["another"])
    assert not told(["another"], [])
    assert not told(["another"], status="finished")


def test_the_clean_accuracy_stands_behind_a_clean_image_the_one_that_the_diagram_shows(history):
    images, columns = history.probe_images["images"], history.probe_images["columns"]
    rows = -(-len(images) // columns)
    drawn = card(history)
    assert "url(&#x27;data:image/png;base64,iVBOR" in drawn
    x, y = map(float, re.search(r"--place:([\d.]+)% ([\d.]+)%", drawn).groups())
    shown = images[round(y / 100 * (rows - 1)) * columns + round(x / 100 * (columns - 1))]
    assert shown["corruption"] is None
    assert shown["index"] == images[followed(images)]["index"]
    assert images[followed(images)]["corruption"] == "contrast"
    assert "--image" not in card(replace(history, probes=()))
