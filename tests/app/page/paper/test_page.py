"""The Paper page under AppTest."""

from functools import partial
from pathlib import Path

import pytest
import streamlit as st

from afn.pretrained.cards import pretrained_dir
from afn.pretrained.published import TABLES
from afn.pretrained.results import FILE
from tests.app.one_view import drawn, html, opened, words
from tests.pretrained.accuracies import measured, write_results

pytestmark = pytest.mark.slow

page = partial(opened, "paper")


@pytest.fixture(autouse=True)
def fresh():
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Where the page looks for what is shipped."""
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path / "pretrained"))
    return tmp_path / "pretrained"


def test_what_is_shipped_shows_every_table_and_trajectory():
    assert (pretrained_dir() / FILE).exists()
    at = page()
    assert html(at).count('class="afn-table afn-paper"') == len(TABLES)
    assert len(at.get("plotly_chart")) >= 3 + 1  # three mechanisms and a ladder
    assert "Precomputed" in words(at)
    assert dict(at.query_params) == {}
    assert len(at.warning) == len(at.error) == 0
    condition = "trained on 25,000 of 50,000 images"
    assert f"CIFAR-10, ResNet-20 · {condition} · seed 0 of each" in words(at)
    assert f"{condition.capitalize()}." in words(at)  # where the gain under corruption is split


def test_an_empty_folder_says_what_to_do(folder):
    at = page()
    assert html(at).count('class="afn-table afn-paper"') == len(TABLES)
    assert html(at).count("not measured yet") >= 4 * 5
    assert not at.get("plotly_chart")
    commands = [block.value for block in at.code]
    assert "python -m afn pretrained train 'pacs-*'" in commands
    assert "python -m afn pretrained train mnist5k-afn" in commands


def test_results_of_several_seeds_give_verdicts(folder):
    write_results(folder, measured())
    at = page()
    assert "holds here" in html(at)
    assert "AFN − BN: +5.0 (+4.6 to +5.5), holds here" in words(at)
    assert "seeds: 0, 1, 2" in words(at)
    write_results(folder, [])
    assert "(+4.6 to +5.5)" not in words(drawn(at.run()))


def test_a_card_without_its_files_leaves_the_page_whole(folder):
    folder.mkdir()
    card = pretrained_dir_of_the_repository() / "mnist5k-afn.json"
    (folder / card.name).write_bytes(card.read_bytes())
    at = page()
    assert "No AFN network is there to say." in words(at)
    assert "No training is there to say." in words(at)
    drawn_here = {chart.key for chart in at.get("plotly_chart")}
    assert drawn_here == {"paper.movement.way", "paper.movement.answers"}  # kept beside the app


def test_the_first_mechanism_follows_from_how_far_the_networks_moved():
    at = page(network="cifar10")
    assert (
        "The networks' matrices still point where they started (cosine 0.996); their norm is what "
        "weight decay alone leaves (0.297 of the start's; decay alone 0.296)"
    ) in words(at)
    assert "The networks' answers change by at most 0.021 % of what they act on" in words(at)
    assert "others: ASRNorm 24°; AFN, reference start 16°; AFN, λ wide open 24°." in words(at)


def test_a_damaged_table_is_one_line(folder):
    folder.mkdir()
    (folder / FILE).write_text("model\nx\n")
    [error] = page().error
    assert "damaged" in error.value
    assert "\n" not in error.value


def test_settings_reach_the_address_and_outlive_another_page():
    at = page()
    drawn(at.segmented_control(key="paper.reading").set_value("tests").run())
    assert dict(at.query_params) == {"column": "tests"}
    for away in (True, False):
        at.session_state["away"] = away
        drawn(at.run())
    assert at.segmented_control(key="paper.reading").value == "tests"
    assert page(**at.query_params).segmented_control(key="paper.reading").value == "tests"


@pytest.mark.parametrize("url", [{"column": "*x*"}, {"network": "é" * 300}])
def test_a_hand_edited_link_is_one_warning_on_a_page_that_works(url):
    at = page(**url)
    [warning] = at.warning
    assert "\n" not in warning.value
    assert len(warning.value) < 250
    assert "Precomputed" in words(at)
    assert dict(at.query_params) == {}


def test_a_network_that_is_not_there_is_said_and_another_shown(folder):
    folder.mkdir()
    for file in pretrained_dir_of_the_repository().iterdir():
        if not file.name.startswith("cifar10-"):
            (folder / file.name).symlink_to(file)
    at = page(network="cifar10")
    assert "not trained yet" in at.warning[0].value
    options = at.segmented_control(key="paper.network").options
    assert options == ["MNIST, ConvNet", "MNIST 5k, ConvNet"]


def pretrained_dir_of_the_repository() -> Path:
    return Path(__file__).parents[4] / "pretrained"
