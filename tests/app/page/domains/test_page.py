"""The Domains page: its links, its words, and the page under AppTest with networks of its own.

The domains are a small image tree. No worker runs: an evaluation is carried out when it is asked
for, and what the page queues for training waits until a test executes it.
"""

import numpy as np
import pytest

from afn.data import dataset_entry
from afn.pretrained.cards import read_card
from afn.pretrained.families import DIGITS, PACS
from afn.work.runner import LocalRunner
from app.kit.cards import sound_cards
from app.kit.families import are_here, families
from app.page.domains import training as training_domains
from app.page.domains import view as domains
from app.page.domains.view import DomainsView
from tests.app.one_view import words
from tests.app.shapes import NAMES, TREE, answered, buttons, finished, page, queued, tables

pytestmark = pytest.mark.slow


def test_an_empty_store_has_empty_cells_and_offers_to_train(shapes):
    at = page(**TREE)
    assert list(tables(at)) == ["BN", "BN, test batch", "ASRNorm", "AFN"]
    assert {text for rows in tables(at).values() for row in rows for text in row} == {"·"}
    assert "Train the 9 networks" in buttons(at)
    assert "3 norms × 3 training sets of 32 images · convnet 16-32-64, 10 epochs" in words(at)
    assert "takes about" not in words(at)  # nothing is known
    assert "As soon as a network is trained" in words(at)
    assert len(at.warning) == len(at.error) == 0
    assert dict(at.query_params) == TREE
    assert shapes.list() == []


def test_the_first_visit_needs_no_data(shapes, monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    at = page()
    assert "Train the 12 networks" in buttons(at)
    assert "training sets of 1,437 to 4,000 images" in words(at)
    assert "domains.family" not in [each.key for each in at.segmented_control]
    assert dict(at.query_params) == {}


def test_trained_networks_fill_the_matrix_and_the_layers(trained_shapes):
    at = page(**TREE, norms="bn~bn-batch~afn")
    found = tables(at)
    assert list(found) == ["BN", "BN, test batch", "AFN"]
    for rows in found.values():
        assert [len(row) for row in rows] == [4] * 3  # three domains and the mean
        assert all(0 <= float(text) <= 100 for row in rows for text in row)
    assert "over 6 pairs of training and test domain" in words(at)
    assert "**What the networks add.** On unseen domains AFN gives" in words(at)
    assert "first 200 test images of each domain (ink has 8, neon has 8, pale has 8)" in words(at)
    assert "statistics: running (BN); test batch of 8 (BN, AFN)" in words(at)
    labels = [each.label for each in at.get("download_button")]
    assert labels[:2] == ["The matrix (CSV)", "Protocol card (JSON)"]
    assert len(at.get("plotly_chart")) == 3
    assert "Train" not in " ".join(buttons(at))
    assert len(at.warning) == len(at.error) == 0


def test_what_is_shown_is_told_by_the_address_and_the_other_way_round(trained_shapes):
    url = {**TREE, "norms": "bn~bn-batch~afn"}
    at = page(**url)
    at.segmented_control(key="domains.shown").set_value("difference")
    answered(at.run())
    assert at.query_params["show"] == "difference"
    assert list(tables(at)) == ["BN, test batch", "AFN"]
    signs = {text[0] for rows in tables(at).values() for row in rows for text in row}
    assert signs <= set("+−±")
    assert list(tables(page(**url, show="beyond batch"))) == ["BN", "AFN"]
    again = page(**at.query_params)
    assert tables(again) == tables(at)
    assert dict(again.query_params) == dict(at.query_params)


def test_one_contender_has_nothing_to_be_compared_with(trained_shapes):
    at = page(**TREE, norms="afn", show="difference")
    assert list(tables(at)) == ["AFN"]
    assert {text[0] for row in tables(at)["AFN"] for text in row} <= set("0123456789")
    assert "domains.shown" not in [each.key for each in at.segmented_control]
    assert "What the networks add" not in words(at)
    assert "AFN is right in" in words(at)


def test_without_bn_the_first_contender_is_the_baseline(trained_shapes):
    at = page(**TREE, norms="bn-batch~afn", show="difference")
    assert list(tables(at)) == ["AFN"]
    assert at.segmented_control(key="domains.shown").options == ["accuracy", "minus BN, test batch"]


def test_no_contender_at_all_is_a_hint(trained_shapes):
    at = page(**TREE, norms="")
    assert "Choose a norm" in at.info[0].value
    assert tables(at) == {}


@pytest.mark.parametrize(
    ("way", "told"), [("frozen", "adapting against frozen"), ("off", "switched on and off")]
)
def test_what_networks_are_worth_is_asked_of_the_same_weights(trained_shapes, way, told):
    at = page(**TREE, norms=f"bn~bn-batch~afn~afn-{way}")
    assert list(tables(at)) == ["BN", "BN, test batch", "AFN", f"AFN, networks {way}"]
    assert f"{told} in the same weights" in words(at)
    view = DomainsView(family="shapes", contenders=("afn", f"afn-{way}"))
    networks, _ = training_domains.trained_networks(chosen_recipe(NAMES))
    here = [dataset_entry(name) for name in NAMES]
    asked = [task.question.networks for task in domains.matrix_tasks(view, networks, NAMES, here)]
    assert asked.count("on") == asked.count(way) == 9


def chosen_recipe(sources, norms=("bn", "afn")):
    """The recipe that the page would choose."""
    wanted = [(norm, source) for norm in norms for source in sources]
    found = training_domains.recipes(wanted, beside=domains.default_recipe("shapes"))
    return next(iter(found.values()))


def test_settings_choose_what_networks_are_trained_on(shapes):
    every = {(n, s) for n in ("bn", "afn") for s in ("mnist5k", "digits8", "mnistm5k", "syn")}
    at = page(norms="bn~afn", setting="channels reduced")
    answered(at.button(key="domains.train").click().run())
    colour = ("mnistm5k", "syn")
    assert queued(shapes) == {(n, f"{s}@grey" if s in colour else s) for n, s in every}
    for run in shapes.list():
        run.delete()
    answered(at.segmented_control(key="domains.setting").set_value("channels increased").run())
    answered(at.button(key="domains.train").click().run())
    assert queued(shapes) == {(n, s if s in colour else f"{s}@rgb") for n, s in every}


def test_all_but_one_trains_on_the_others_together(shapes):
    at = page(**TREE, norms="bn", how="leave one out")
    assert "Train the 3 networks" in buttons(at)
    answered(at.button(key="domains.train").click().run())
    ink, neon, pale = NAMES
    assert {s for _, s in queued(shapes)} == {f"{ink}+{neon}", f"{ink}+{pale}", f"{neon}+{pale}"}


def test_a_network_of_all_but_one_is_tested_on_all_and_named_by_the_one(shapes):
    finished(shapes, norm="bn", dataset="+".join(NAMES[:2]))
    at = page(**TREE, norms="bn", how="leave one out")
    [rows] = tables(at).values()
    assert [row[0] == "·" for row in rows] == [True, True, False]
    assert at.segmented_control(key="domains.source").options == ["all but pale"]


def test_a_tree_of_images_is_a_family_with_one_setting(shapes):
    at = page()
    assert at.segmented_control(key="domains.family").options == ["digits", "SHAPES"]
    answered(at.segmented_control(key="domains.family").set_value("shapes").run())
    assert at.query_params["of"] == "shapes"
    assert "The same classes in other pictures: ink, neon, pale." in words(at)
    assert "domains.setting" not in [each.key for each in at.segmented_control]


@pytest.mark.parametrize(
    ("url", "clue"),
    [
        ({"of": "nowhere"}, "Shown are the digits"),
        ({"of": "../.."}, "Shown are the digits"),
        ({"of": "shapes", "recipe": "beefbeef"}, "no network here was trained that way"),
        ({"of": "shapes", "source": "shapes/lost"}, "no network is trained on that"),
        ({"of": "shapes", "norms": "bn~*x*"}, "norms is one of"),
        ({"of": "shapes", "n": "1e9"}, "n is one of"),
    ],
    ids=str,
)
def test_a_hand_edited_link_is_one_line_on_a_page_that_works(shapes, url, clue):
    at = page(**url)
    [warning] = at.warning
    assert clue in warning.value
    assert "\n" not in warning.value
    assert len(warning.value) < 250
    assert "domains.train" in [button.key for button in at.button]
    again = page(**at.query_params)
    assert len(again.warning) == 0
    at.selectbox(key="domains.images").set_value(1000)
    assert len(answered(at.run()).warning) == 0  # the user has moved on


# -- layers ----------------------------------------------------------------------------------------


def test_source_norm_and_layer_are_chosen_and_in_the_address(shapes):
    for name in NAMES[:2]:
        finished(shapes, norm="bn", dataset=name, widths=(2, 2))
        finished(shapes, norm="afn", dataset=name, widths=(2, 2))
    at = page(**TREE, norms="bn~afn")
    assert at.segmented_control(key="domains.source").options == ["ink", "neon"]
    at.segmented_control(key="domains.source").set_value(NAMES[1])
    at.segmented_control(key="domains.looked_at").set_value("bn")
    at.selectbox(key="domains.layer").select("backbone.blocks.1.norm")
    answered(at.run())
    chosen = {"source": NAMES[1], "look": "bn", "layer": "backbone.blocks.1.norm"}
    assert chosen.items() <= dict(at.query_params).items()
    assert "Before norm 2 the domains lie" in words(at)
    assert "8 of ink, 8 of neon, 8 of pale" in words(at)
    again = page(**at.query_params)
    assert words(again) == words(at)
    assert dict(again.query_params) == dict(at.query_params)


def test_a_layer_that_is_none_gives_way_to_the_first(trained_shapes):
    at = page(**TREE, norms="bn", layer="backbone.blocks.9.norm")
    assert at.selectbox(key="domains.layer").value == "backbone.blocks.0.norm"
    assert at.query_params["layer"] == "backbone.blocks.0.norm"


def test_the_norm_looked_at_is_not_lost_while_others_are_known_first(trained_shapes, monkeypatch):
    at = page(**TREE, norms="bn")  # BN's layers are known now
    monkeypatch.setattr(LocalRunner, "evaluate", lambda self, evaluation: None)
    at = page(**TREE, norms="bn~afn", look="afn")
    assert at.segmented_control(key="domains.looked_at").value == "afn"
    assert len(at.get("plotly_chart")) == 1  # all layers, of BN alone
    assert "afn" in at.query_params.get("look", "afn")


# -- what goes wrong -------------------------------------------------------------------------------


def test_damaged_weights_are_told_and_the_rest_goes_on(trained_shapes):
    [bad] = [
        run
        for run in trained_shapes.list()
        if (run.config().norm, run.config().dataset) == ("bn", NAMES[0])
    ]
    bad.weights().write_bytes(b"nonsense")
    at = page(**TREE, norms="bn~afn")
    bn, afn = tables(at).values()
    assert set(bn[0]) == {"·"}
    assert all(text != "·" for row in [*bn[1:], *afn] for text in row)
    assert at.warning
    assert all("cannot restore step-" in line.value for line in at.warning)
    assert "\n" not in at.warning[0].value


def test_mnist_beside_digits_made_of_it_is_noted(shapes, monkeypatch, tmp_path):
    noise = np.random.default_rng(0)
    arrays = {
        f"{kind}_{split}": noise.integers(0, high, (n, *shape), dtype=np.uint8)
        for split, n in (("train", 60), ("test", 20))
        for kind, high, shape in (("x", 255, (28, 28)), ("y", 10, ()))
    }
    np.savez(tmp_path / "mnist.npz", **arrays)
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path))
    finished(shapes, norm="bn", dataset="mnist@rgb")
    at = page(norms="bn", n="200")
    assert "Some test digits of mnistm5k may be among those" in words(at)
    assert "(mnist has 20)" in words(at)


def test_settings_outlive_a_visit_to_another_page(trained_shapes):
    at = page(**TREE, norms="bn~afn")
    answered(at.segmented_control(key="domains.how").set_value("leave one out").run())
    for away in (True, False):  # meanwhile Streamlit forgets the widgets
        at.session_state["away"] = away
        answered(at.run())
    assert at.segmented_control(key="domains.how").value == "leave one out"
    assert at.query_params["how"] == "leave one out"


# -- pretrained models -----------------------------------------------------------------------------


@pytest.fixture
def shipped(shapes, monkeypatch, tmp_path):
    """Without any data, the models that came along."""
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    monkeypatch.delenv("AFN_PRETRAINED_DIR")
    return shapes


def test_pretrained_models_show_what_they_were_asked_where_the_images_are_not(shipped):
    at = page(of="pretrained digits")
    assert not at.warning
    assert not [label for label in buttons(at) if label.startswith("Train")]
    card = read_card("mnist-rgb-bn")
    known = card.clean_accuracy("usps")
    assert known.n == 2000
    assert f"{100 * known.accuracy:.1f}" in tables(at)["BN"][0]
    assert "Precomputed" in words(at)
    assert "To test live, get" in words(at)
    assert "To look into the layers takes the images" in words(at)
    assert not list((shipped.root / ".evaluations").glob("*"))  # nothing had to be asked


def test_a_first_visit_opens_where_most_is_known_and_a_link_means_what_it_did(shipped):
    """A quarter of the embedded digits' networks came along, and all of the published digits'."""
    at = page()
    assert at.query_params["of"] == "pretrained digits"
    assert all(text != "·" for rows in tables(at).values() for row in rows for text in row)
    before = page(norms="bn~afn")
    assert "of" not in before.query_params
    assert "Train the missing" in " ".join(buttons(before))


def test_pretrained_families_give_way_to_domains_that_are_here(shipped):
    cards = sound_cards()
    assert list(families(cards)) == ["digits", "pretrained digits", "pacs"]
    for name, planned in (("pretrained digits", DIGITS), ("pacs", PACS)):
        assert not are_here(families(cards)[name])
        assert {entry.name for entry in families(cards)[name]} == set(planned)
    assert list(families()) == ["digits"]
