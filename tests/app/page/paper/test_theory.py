"""Gains and first gradients beside their limits, from the shipped cards and from made-up ones."""

from dataclasses import replace
from math import prod

import pytest

from afn.pretrained.cards import read_card
from app.page.paper import mechanisms
from app.page.paper.charts.theory import (
    failing,
    first_steps,
    gain_figure,
    gain_reading,
    gradient_figure,
    gradient_reading,
    logits_reading,
    theory_table,
)
from tests.app.one_view import opened, words


@pytest.fixture(scope="module")
def steps():
    cards = {variant: read_card(f"cifar10-{variant}") for variant in mechanisms.VARIANTS}
    return first_steps([mechanisms.course(card, variant) for variant, card in cards.items()])


def test_the_shipped_trainings_begin_as_their_events_say(steps):
    bn = next(e for e in read_card("cifar10-bn").events()[0] if e["kind"] == "step")
    found = {each.variant: each for each in steps}
    assert list(found) == ["afn", "afn-reference", "afn-open"]
    for variant, first in {"afn": 3.3, "afn-reference": 11.7, "afn-open": 16.8}.items():
        events = read_card(f"cifar10-{variant}").events()[0]
        step = next(e for e in events if e["kind"] == "step")
        assert round(step["grad_norm"], 1) == first
        assert found[variant].gradient == pytest.approx(step["grad_norm"] / bn["grad_norm"])
        logits = sum(row[1] ** 2 for row in step["lambda_grads"]) ** 0.5
        assert found[variant].logit_gradient == pytest.approx(logits)
        snapshot = next(e for e in events if e["kind"] == "snapshot")
        loud = [1 / layer["moves"][1] for layer in snapshot["layers"]]
        assert found[variant].gains == pytest.approx(loud)
        assert len(loud) == 19


def test_no_layer_passes_its_limit_and_the_product_is_far_off(steps):
    for each in steps:
        assert max(each.gains) < each.limit
    wide = steps[-1]
    assert (wide.limit, wide.stacked) == (2.0, 2.0**19)
    assert wide.stacked_gains == pytest.approx(prod(wide.gains))
    assert 2 < wide.gradient < 6 < 1e4 < wide.stacked_gains


def test_the_readings_say_it(steps):
    assert gain_reading(steps).startswith("All below the limit: AFN, paper's start 1.04 to 1.05 of")
    assert "AFN, λ wide open 5.40 (one layer's limit 2.00, that of 19 524,000)." in (
        gradient_reading(steps)
    )
    assert failing(steps).startswith(
        "The **product fails**: 221,000 times what is measured (AFN, reference start); the gains "
        "as measured multiply to 113,000."
    )
    assert "up to 2.7 times (AFN, λ wide open)" in failing(steps)
    assert logits_reading(steps) == (
        "The logits of λ_σ get 49 times the gradient with λ wide open: λ(1 − λ) makes 5.5 times of "
        "it, what reaches σ̂ the other 8.8."
    )


def test_what_is_not_there_is_not_said(steps):
    near = replace(steps[0], stacked=1.1)
    assert failing([near]).startswith("With so small a λ nothing here tells the product from")
    assert logits_reading(steps[:1]) == ""
    loud = replace(steps[0], gains=(1.2, 1.01))
    assert gain_reading([loud]).startswith("1 layer above the limit:")
    assert first_steps([]) == []
    afn = mechanisms.course(read_card("mnist5k-afn"), "afn")
    assert first_steps([afn]) == []  # no BN to hold it against


def test_the_figures_show_each_start(steps):
    limit, *dots = gain_figure(steps).data
    assert [len(each.x) for each in dots] == [19] * 3
    assert list(limit.y)[50] == pytest.approx(2.0)
    bars = gradient_figure(steps).data
    assert [list(bar.x) for bar in bars[::3]] == [[1, each.stacked] for each in steps]
    assert [tick.x[0] for tick in bars[1::3]] == [each.limit for each in steps]
    assert [dot.x[0] for dot in bars[2::3]] == [each.gradient for each in steps]
    rows = theory_table(steps)
    assert [row["layers"] for row in rows] == [19] * 3


def test_the_paper_page_has_it_with_the_derivation(monkeypatch, runs):
    monkeypatch.delenv("AFN_PRETRAINED_DIR", raising=False)
    at = opened("paper", network="cifar10")
    assert "The product fails" in words(at).replace("*", "")
    assert "[The derivation, and try it: do gains multiply?](./lessons?lesson=gain)" in words(at)
    assert not at.exception
