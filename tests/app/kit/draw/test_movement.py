"""How far networks moved, drawn and read: pictures and words follow from the numbers."""

from dataclasses import replace

import pytest
import streamlit as st

from afn.ask.movement import Movement, NetworkMovement, OutputMovement
from afn.ask.movement_statistics import movement_of
from afn.ask.sources import network_of
from afn.cli.movement import with_networks
from afn.pretrained.cards import read_card
from afn.stats.decay import decay_alone
from app.kit.draw.movement import (
    Moved,
    answers_figure,
    answers_reading,
    dead_words,
    table,
    way_figure,
    way_reading,
)
from app.kit.sections import movement as moving
from app.page.lessons.lessons import networks
from app.page.paper.mechanisms import VARIANTS
from app.page.paper.view import NETWORKS

LAYER = "backbone.blocks.0.norm"


def network(part, weights, dead=(0, 0)):
    return NetworkMovement(
        layer=LAYER, part=part, weights=weights, matrices={"encoder": weights}, biases=(1.0, 1.0),
        hidden=2, dead=dead,
    )  # fmt: skip


def answer(name, follows, measured=None):
    return OutputMovement(
        layer=LAYER, output=name, lambda_=0.05, effect=0.1, varies=follows / 10, follows=follows,
        measured=measured and (measured / 10, measured), spread=2.0,
    )  # fmt: skip


def moved(weights=(0.5, 0.6), alone=0.6, dead=(0, 0), label="AFN", follows=0.02):
    return Moved(
        label,
        "#D55E00",
        Movement(
            weights=weights,
            networks=(network("standardize", weights), network("rescale", weights, dead)),
            outputs=(
                answer("mu", follows, 0.4), answer("sigma", 0.01, 0.2),
                answer("gamma", 0.0), answer("beta", 0.001),
            ),
            conditions=(("d", None, 0), ("d", "fog", 5)),
            num_images=4,
            batch_size=2,
            varies_between="batches",
        ),
        alone,
    )  # fmt: skip


def test_an_arrow_leads_from_the_start_to_the_place_of_angle_and_length():
    figure = way_figure([moved()])
    [arrow] = [each for each in figure.layout.annotations if each.showarrow]
    assert (arrow.ax, arrow.ay) == (1, 0)
    assert (arrow.x, arrow.y) == pytest.approx((0.3, 0.6 * 0.75**0.5))
    assert figure.layout.shapes[0].x0 == 0.6  # weight decay alone
    assert {each.text for each in figure.layout.annotations} >= {"weight decay alone", "start"}
    still = way_figure([moved((1.0, 1.0), 1.0)])
    assert "start (no weight decay)" in {each.text for each in still.layout.annotations}
    assert len(way_figure([moved(alone=None)]).layout.shapes) == 0


def test_a_silent_network_is_grey_and_hollow():
    [alive, _] = way_figure([moved(dead=(2, 1))]).data
    assert list(alive.marker.symbol) == ["circle", "diamond"]
    [dead, _] = way_figure([moved(dead=(2, 2))]).data
    assert list(dead.marker.symbol) == ["circle", "diamond-open"]
    assert dead.marker.color[1] == "#8A8A8A"


def test_words_say_what_the_numbers_say():
    shrunk = way_reading([moved((0.995, 0.297), 0.296)])
    assert shrunk == (
        "The networks' matrices still point where they started (cosine 0.995); their norm is what "
        "weight decay alone leaves (0.297 of the start's; decay alone 0.296)."
    )
    learned = way_reading([moved((0.5, 0.6), 0.296)])
    assert "have turned by 60° from their start (cosine 0.500)" in learned
    assert "0.600 of the start's, where weight decay alone leaves 0.296" in learned
    assert "without weight decay" in way_reading([moved((0.5, 0.6), 1.0)])
    assert "not known" in way_reading([moved(alone=None)])
    both = way_reading([moved(label="A"), moved((0.9, 1.0), None, label="B")])
    assert both == (
        "The networks' matrices, cosine to their start and norm: A 0.500 and 0.600 (decay alone "
        "0.600); B 0.900 and 1.000."
    )
    alike = way_reading([moved(label="A"), moved((0.9, 1.0), label="B")])
    assert "norm (weight decay alone leaves 1 and 0.600): A 0.500 and 0.600; B" in alike


def test_the_furthest_network_is_named_where_one_has_turned():
    one = moved((0.995, 0.3), 0.3)
    networks = (network("standardize", (0.9, 0.3)), one.movement.networks[1])
    text = way_reading([replace(one, movement=replace(one.movement, networks=networks))])
    assert "furthest, standardize in norm 1, 0.900" in text


def test_answers_are_held_against_what_is_measured():
    assert answers_reading([moved()]) == (
        "The networks' answers change by at most 1 % of what they act on, the measured statistics "
        "by up to 20 %."
    )
    assert answers_reading([moved(dead=(0, 2))]).endswith("constant: γ_net in 1 of 1 layer.")
    assert dead_words(moved(dead=(2, 2)).movement) == (
        "Dead, and so constant: γ_net in 1 and β_net in 1 of 1 layer."
    )
    assert (
        "measured: A 1 % beside 20 %; B 20 % beside 20 % of what they act on."
        in answers_reading([moved(label="A"), moved(label="B", follows=0.4)])
    )
    unseen = moved()
    unseen = replace(unseen, movement=replace(unseen.movement, outputs=(), conditions=()))
    assert answers_reading([unseen]) == ""


def test_a_dot_per_answer_and_dead_ones_grey():
    measured, answers = answers_figure([moved(dead=(0, 2))]).data
    assert list(measured.x) == pytest.approx([20, 10])
    assert list(answers.x[:2]) == pytest.approx([1, 0.5])
    assert list(answers.marker.color) == ["#D55E00", "#D55E00", "#8A8A8A", "#D55E00"]
    texts = {each.text for each in answers_figure([moved()]).layout.annotations}
    assert texts == {"● networks' answers", "○ measured statistics", "≈ 0, grey: dead"}


def test_the_table_holds_every_answer():
    rows = table([moved(dead=(2, 1))])
    assert [row["answer"] for row in rows] == ["mu", "sigma", "gamma", "beta"]
    assert [row["dead"] for row in rows] == [0, 0, 1, 2]
    assert {row["decay alone"] for row in rows} == {0.6}


# -- what is kept ----------------------------------------------------------------------------------


def test_what_is_kept_is_what_the_shipped_weights_give():
    compared = {f"{network}-{variant}" for network in NETWORKS for variant in VARIANTS}
    names = with_networks()
    kept = {name: found for name in names if (found := moving.of_card(read_card(name)))}
    missing = compared & set(names) - kept.keys()
    assert not missing, f"python -m afn movement --all --output {moving.KEPT.name} makes them"
    assert len(kept) > 30
    for name, found in kept.items():
        now = movement_of(network_of(read_card(name)), num_images=0)
        assert found.weights == pytest.approx(now.weights, rel=2e-5), name
        assert len(found.outputs) == 2 * len(found.networks)
        assert len(found.conditions) >= 15


@pytest.mark.slow
def test_what_is_kept_of_answers_is_what_the_embedded_images_give():
    card = read_card("mnist5k-afn")
    kept, now = moving.of_card(card), movement_of(network_of(card))
    for before, after in zip(kept.networks, now.networks, strict=True):
        assert before.dead == pytest.approx(after.dead, abs=1)  # on another processor
    for before, after in zip(kept.outputs, now.outputs, strict=True):
        assert before.follows == pytest.approx(after.follows, rel=1e-2, abs=1e-9)
    first = kept.of(LAYER, "rescale")
    assert (first.hidden, first.dead) == (1, (1, 1))


def test_without_a_cards_events_what_decay_leaves_is_open(tmp_path):
    card = read_card("cifar10-afn")
    assert moving.decay_of_card(card) == pytest.approx(0.2956, abs=5e-5)
    st.cache_data.clear()
    gone = replace(card, folder=tmp_path, sha256=card.sha256 | {"events": "0"})
    assert moving.decay_of_card(gone) is None


def test_the_page_says_that_the_shipped_networks_are_their_start():
    card = read_card("cifar10-afn")
    shown = [Moved("AFN", "#D55E00", moving.of_card(card), decay_alone(card).ratio)]
    assert way_reading(shown).startswith(
        "The networks' matrices still point where they started (cosine 0.996); their norm is what "
        "weight decay alone leaves (0.297 of the start's; decay alone 0.296)"
    )


def test_the_lesson_says_what_is_kept():
    kept = moving.of_card(read_card("mnist5k-afn"))
    words = answers_reading([Moved("AFN", "#D55E00", kept, 1.0)])
    assert "at most 0.28 % of what they act on, the measured statistics by up to 22 %" in words
    text = " ".join(networks.LESSON.after.split())
    assert "at most 0.28 % of what they act on, the measured statistics by up to 22 %" in text
    assert f"(cosine {kept.weights[0]:.4f})" in text
