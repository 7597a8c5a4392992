"""The Robustness page with pretrained models, and with images that are not here."""

import shutil

import pytest

from afn.ask.network import Network
from afn.pretrained.cards import pretrained_dir, read_card
from afn.settings.corruptions import RULE
from tests.app.one_view import html, words
from tests.app.page.robustness.test_page import TEST_ALL, answered, asked, buttons, page, press

# -- pretrained models, data and code --------------------------------------------------------------

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_models")]


@pytest.fixture
def shipped(runs, monkeypatch):
    """No runs, but the models that came along."""
    monkeypatch.delenv("AFN_PRETRAINED_DIR")
    return runs


def test_without_runs_the_pretrained_models_are_open_and_known(shipped):
    at = page(n="500")
    assert at.query_params["models"] == "mnist5k-bn~mnist5k-asrnorm~mnist5k-afn"
    card = read_card("mnist5k-afn")
    row = next(
        each for each in card.accuracies
        if (each.corruption, each.severity, each.networks) == ("contrast", 5, "on")
        and each.statistics == card.config.statistics
    )  # fmt: skip
    known = read_grid(shipped, "mnist5k-afn", card, row.rule)["contrast", 5]
    assert known.n == row.n == 500
    assert known.accuracy == pytest.approx(row.accuracy, abs=1e-6)
    assert "Precomputed" in words(at)
    assert "mnist5k-afn" in [each.proto.popover.label for each in at.get("popover")]


def read_grid(store, name, card, rule):
    network = card.network(store.root / ".pretrained" / name)
    return network.file(network.question(num_images=500)).cells(rule)


def test_answers_of_an_older_rule_are_told_and_never_mixed_with_newer_ones(runs, ids):
    at = answered(press(answered(page(models=ids["bn"])), TEST_ALL))
    assert "rule" not in words(at)
    before = html(at)
    network = Network.of_run(runs.open(ids["bn"]))
    [path] = [p for p in network.folder.glob("*.jsonl") if p.read_text().count("\n") > 80]
    path.write_text(path.read_text().replace(f'"rule": {RULE}', '"rule": 1'))
    at = page(models=ids["bn"])
    assert f"images corrupted under rule 1 (today's is {RULE}); ask again" in at.info[0].value
    at = answered(at)  # the corruption up close is asked again at once
    assert "contrast at severity 5 turns" in words(at)
    assert "Over 89" not in words(at)
    assert "averages" in words(at)
    assert "constants, corrupted under rule 1" in words(at)
    at = answered(press(at, TEST_ALL))
    assert "rule" not in words(at)
    assert not at.info
    assert html(at) == before


def test_a_corruption_that_changes_nothing_is_not_offered(runs, ids):
    at = page(corruption="saturate")
    assert (
        "In the link, corruption=saturate: saturate needs colour: left out" in at.warning[0].value
    )
    assert at.selectbox(key="robustness.corruption").value == "contrast"
    assert "saturate" not in at.selectbox(key="robustness.corruption").options
    assert "zoom_blur 1 needs sides above 8; saturate needs colour: left out." in words(at)


def test_models_whose_images_are_not_here_show_what_they_were_asked(shipped):
    at = page(models="cifar10-bn")
    assert not at.warning
    assert "The images of CIFAR-10 are not in the data folder" in at.info[0].value
    assert at.selectbox(key="robustness.images").value == 2000
    assert at.selectbox(key="robustness.images").disabled
    assert not asked(at)
    assert TEST_ALL not in buttons(at)
    card = read_card("cifar10-bn")
    wanted = ("fog", 5, "running")
    [fog] = [
        each.accuracy
        for each in card.accuracies
        if (each.corruption, each.severity, each.statistics) == wanted
    ]
    assert f"fog, severity 5: {100 * fog:.1f} %" in html(at)
    assert "Precomputed · 2000 test images of cifar10" in words(at)


def test_models_that_know_no_corruption_say_so_in_place_of_empty_figures(shipped):
    at = page(models="pacs-photo-bn")
    assert "hold no answers to corrupted images" in words(at)
    assert "The images of PACS" in at.info[0].value
    assert not [each for each in at.selectbox if each.key == "robustness.corruption"]


def test_a_damaged_pretrained_model_is_one_line(shipped, monkeypatch, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    for path in pretrained_dir().glob("mnist5k-*"):
        shutil.copy(path, folder)
    (folder / "mnist5k-bn.cells.jsonl.gz").write_bytes(b"torn")
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(folder))
    at = page(n="500", models="mnist5k-bn~mnist5k-afn")
    assert "mnist5k-bn.cells.jsonl.gz is damaged" in "".join(each.value for each in at.warning)
    assert "Precomputed" in words(at)
