"""The picture of who is averaged with whom, against what the layers do."""

import json

import pytest
import torch
from streamlit.testing.v1 import AppTest

from afn.norms import NORMS
from app.kit.folders import STATIC
from app.page.norms import facts, sharing
from app.page.norms.making import made
from tests.app.one_view import opened

IMAGES, CHANNELS = 4, 6
OPTIONS = {
    "gn": {"num_groups": 2}, "wsgn": {"num_groups": 2}, "evos0": {"num_groups": 2},
    "gbn": {"ghost_size": 2}, "brn": {"warmup": 10**9},
}  # fmt: skip
SHARE = {
    "channel": lambda a, b: a[1] == b[1],
    "half": lambda a, b: a[1] == b[1] and (a[0] < IMAGES / 2) == (b[0] < IMAGES / 2),
    "map": lambda a, b: a == b,
    "image": lambda a, b: a[0] == b[0],
    "group": lambda a, b: a[0] == b[0] and (a[1] < CHANNELS / 2) == (b[1] < CHANNELS / 2),
    "value": lambda a, b: False,
}
TILES = [(n, c) for n in range(IMAGES) for c in range(CHANNELS)]


@pytest.mark.parametrize("is_test", [False, True])
@pytest.mark.parametrize("name", NORMS)
def test_what_is_lit_is_what_moves_the_answer(name, is_test):
    torch.manual_seed(0)
    layer = NORMS[name](CHANNELS, **OPTIONS.get(name, {})).double()
    if name == "bin":
        torch.nn.init.constant_(layer.rho, 0.5)
    x = torch.randn(IMAGES, CHANNELS, 3, 3).double()
    layer(x)
    layer.train(not is_test)
    followed = (1, 2)
    before = layer(x)[followed]
    moves = set()
    for tile in TILES:
        moved = x.clone()
        moved[tile][0, 0] += 3  # a corner: what another value of the same map answers
        if (layer(moved)[followed] - before)[1:, 1:].abs().max() > 1e-9:
            moves.add(tile)
    rules = sharing.sets_of(name, is_test=is_test)
    lit = {tile for tile in TILES if any(SHARE[rule](followed, tile) for rule in rules)}
    if sharing.proposes(name):
        first = rules[0]
        read = {t for t in TILES if first == "channel" or t[0] == followed[0]}
        assert lit <= moves <= lit | read
        assert moves > lit
    else:
        assert moves == lit


def test_every_norm_has_its_sets_words_and_formula():
    assert sharing.SHARING.keys() == NORMS.keys()
    for name, each in sharing.SHARING.items():
        assert set(each.training) | set(each.test or ()) <= sharing.WORDS.keys()
        assert each.formula
        assert each.is_kept == (sharing.is_kept(name, is_test=True))
        assert not sharing.is_kept(name, is_test=False)


@pytest.mark.parametrize("norm", [each for each in NORMS if each not in ("dyt", "none")])
def test_what_is_taken_of_a_set_stands_in_the_formula(norm):
    of = sharing.SHARING[norm]
    formula = of.formula.replace(r"\mathrm{sigmoid}", "")
    written = {"μ": r"\mu", "σ": r"\sigma", "ν": r"\overline{x^2}"}
    assert set(of.takes) == {letter for letter, tex in written.items() if tex in formula}


def test_the_shown_batch_is_that_of_the_pretrained_network():
    kept, anew = json.loads((STATIC / "block" / "batch.json").read_text()), made()
    for name in ("mean", "variance", "middle", "spread"):
        torch.testing.assert_close(
            torch.tensor(kept[name]), torch.tensor(anew[name]), rtol=1e-3, atol=1e-3
        )
    assert {name: kept[name] for name in ("images", "channels", "size")} == {
        "images": 6, "channels": 8, "size": 28
    }  # fmt: skip


def test_a_link_says_the_norm_and_what_is_wrong_is_one_line():
    at: AppTest = opened("norms", norm="gn", images="2", when="test", side="1")
    assert not at.exception
    assert at.header[0].value == "GN"
    assert at.query_params["norm"] == "gn"
    at = opened("norms", norm="bogus", images="99")
    assert [warning.value.count("\n") for warning in at.warning] == [0, 0]
    assert at.header[0].value == "BN"


@pytest.mark.parametrize("name", NORMS)
def test_what_is_said_of_little_to_measure_is_what_layers_do(name):
    torch.manual_seed(0)
    layer = NORMS[name](CHANNELS, **OPTIONS.get(name, {})).double()
    image = torch.randn(1, CHANNELS, 4, 4).double()
    if "as instance norm" in facts.alone(name) and name != "afn":  # which its networks move
        torch.testing.assert_close(layer(image), NORMS["in"](CHANNELS).double()(image))
    points = torch.randn(IMAGES, CHANNELS, 1, 1).double()
    told = facts.at_a_point(name)
    if "β alone" in told:
        assert layer(points).count_nonzero() == 0
    elif "the sign" in told:
        torch.testing.assert_close(layer(points), points.sign().relu(), rtol=1e-3, atol=1e-3)
    elif told == "no difference":
        assert facts.alone(name) == "no difference: no image depends on another"
    assert facts.cost(name).endswith("64 images)")
    one, told = points[:1], facts.of_one_value(name)
    if "refuses" in told:
        with pytest.raises(ValueError, match="more than one value"):
            layer(one)
    elif "whatever came in" in told:
        assert layer(one).count_nonzero() == 0
    elif "networks" in told:
        assert layer(one).count_nonzero() > 0


def test_a_norm_leads_into_a_layer_of_its_own():
    [link] = opened("norms", norm="asrnorm").get("page_link")
    assert link.proto.query_string == "model=mnist5k-asrnorm"
    assert not opened("norms", norm="none").get("page_link")
