"""Outliers, ridges and differences of γ̂ and β̂: their numbers, words and figures."""

from dataclasses import replace

import numpy as np
import pytest

from afn.ask.rescaling import LayerRescaling, Rescaling
from app.kit.draw.palette import GREY, domain_mark
from app.page.rescaling.differences import (
    channels_figure,
    difference_reading,
    layers_figure,
    looks,
)
from app.page.rescaling.differences import table as differences_table
from app.page.rescaling.ridges import (
    MOST_RIDGES,
    Ridge,
    by_layer,
    by_step,
    channel_figure,
    density,
    layers_reading,
    outlier_words,
    outliers,
    ridge_figure,
    steps_reading,
    thinned_steps,
)

CLEAN, FOG, FOGGIER = ("d", None, 0), ("d", "fog", 1), ("d", "fog", 2)


# -- outliers and ridges ---------------------------------------------------------------------------


def test_outliers_are_far_by_the_median_deviation_and_by_themselves():
    # median 1, absolute deviations 0 .1 .1 .1 .1 .9, their median .1: the limit is .519
    values = [1.0, 0.9, 1.1, 0.9, 1.1, 1.0, 1.9]
    [one] = outliers(values)
    assert (one.channel, one.value, one.median) == (7, 1.9, 1.0)
    assert [each.channel for each in outliers([*values[:6], 1.51])] == []
    assert [each.channel for each in outliers([*values[:6], 1.53])] == [7]
    # where all others agree, 0.05 is the limit
    assert outliers([1.0] * 6 + [1.049]) == []
    assert [each.channel for each in outliers([1.0] * 6 + [1.051, 0.9])] == [8, 7]
    assert outliers([float("nan")]) == []


def test_outliers_are_named():
    gamma, beta = [1.01] * 6 + [1.92], [0.0] * 7
    assert outlier_words(gamma, beta) == ("Apart from the others: channel 7: γ̂ 1.92 (median 1.01).")
    assert outlier_words(beta, beta) == "No channel stands apart."
    assert "β̂ −0.50 (median 0.00)" in outlier_words(beta, [*[0.0] * 20, -0.5])
    many = [0.0] * 20 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert outlier_words(many, beta).endswith("channel 23: γ̂ 3.00 (median 0.00), 2 more.")


def test_the_density_is_a_kernel_s():
    grid = np.linspace(0, 1, 101)
    one = density([0.5], grid)  # the bandwidth is a fiftieth of the grid
    assert one[50] == 1
    assert one[52] == pytest.approx(np.exp(-0.5))
    two = density([0.2, 0.2, 0.8, 0.8], grid)
    assert two[20] == pytest.approx(two[80])
    assert two[50] < two[20]
    assert not density([float("nan")], grid).any()


def test_thinned_steps_keep_the_ends_and_the_cursor():
    steps = list(range(0, 440, 10))
    for cursor in (0, 10, 170, 430):
        found = thinned_steps(steps, cursor)
        assert len(found) == MOST_RIDGES
        assert {0, 430, cursor} <= set(found)
        assert found == sorted(found)
    assert thinned_steps(steps[:5], 10) == steps[:5]


def history(*snapshots, layers=("backbone.a",)):
    class Told:
        pass

    told = Told()
    told.layers = list(layers)
    told.snapshots = [
        {"step": step, "layers": [{"gamma": g, "beta": b} for g, b in values]}
        for step, values in snapshots
    ]
    return told


def test_snapshots_are_read_by_step_and_by_layer_and_damaged_ones_left_out():
    told = history((1, [([1.0], [0.0])]), (9, [([2.0], [3.0])]), (12, []))
    assert by_step(told, "backbone.a") == {
        1: {"gamma": [1.0], "beta": [0.0]}, 9: {"gamma": [2.0], "beta": [3.0]},
    }  # fmt: skip
    assert by_layer(told, 9) == {"backbone.a": {"gamma": [2.0], "beta": [3.0]}}
    assert by_layer(told, 5) == by_layer(told, 12) == by_step(told, "gone") == {}


def test_the_reading_of_a_step():
    told = history((1, [([1.0, 1.0], [0.0, 0.0])]), (9, [([0.8, 1.2], [0.0, 0.0])]))
    assert steps_reading("backbone.a", by_step(told, "backbone.a"), 9) == (
        "At step 9 of a γ̂ spans 0.8 to 1.2, median 1; β̂ is 0 in every channel. Standard "
        "deviation of γ̂ over the channels since step 1: 0 → 0.2. No channel stands apart."
    )


def test_the_reading_of_all_layers():
    wide, apart = ([0.0, 2.0], [0.0, 0.0]), ([1.0] * 6 + [1.2], [0.0] * 7)
    told = history((1, [wide, apart]), layers=("backbone.a", "backbone.b"))
    assert layers_reading(by_layer(told, 1), 1) == (
        "At step 1 the channels differ most: γ̂ in a (1), β̂ in a (0), as standard deviation. "
        "Channels that stand apart: b (7)."
    )


def test_the_selected_ridge_stands_out_with_its_channels():
    rows = [Ridge("1", [1.0, 1.0]), Ridge("9", [0.8, 1.2])]
    figure = ridge_figure(rows, "gamma", "#D55E00", selected=1)
    strokes = figure.data[-1]
    assert list(strokes.x) == [0.8, 1.2]
    assert list(strokes.customdata) == [1, 2]
    assert list(figure.layout.yaxis.ticktext) == ["<b>9</b>", "1"]  # from below
    widths = [each.line.width for each in figure.data[:2]]
    assert widths[1] > widths[0]
    flat = ridge_figure([Ridge("1", [float("nan")])], "beta", "#D55E00")
    assert len(flat.data) == 2  # nothing but the foot


def test_channels_are_led_to_from_their_start_and_outliers_numbered():
    figure = channel_figure([1.0] * 6 + [1.9], [1.0] * 7, "gamma", "#D55E00")
    stems, dots = figure.data
    assert list(stems.x[-3:]) == [7, 7, 7]
    assert list(stems.y[-3:]) == [1.0, 1.9, None]
    assert list(dots.marker.symbol) == ["circle"] * 6 + ["diamond"]
    assert [each.text for each in figure.layout.annotations] == ["7"]


# -- differences -----------------------------------------------------------------------------------


def layer(name="backbone.a", varies="batches", **values):
    flat = ((0.0, 0.0),) * 3
    profiles = {"gamma": flat, "beta": flat, "gamma_spread": flat, "beta_spread": flat}
    return LayerRescaling(name=name, varies=varies, **{**profiles, **values})


def measured(*layers, conditions=(CLEAN, FOG, FOGGIER)):
    return Rescaling(
        conditions=conditions, num_images=(50,) * len(conditions), batch_size=25, layers=layers
    )


MOVING = layer(
    gamma=((0.9, 1.1), (0.901, 1.1), (0.904, 1.1)),
    gamma_spread=((0.002, 0.004),) * 3,
)


def test_what_follows_from_parameters_differs_by_exactly_nothing():
    still = measured(layer(varies="nothing", gamma=((1.0, 2.0),) * 3))
    text = difference_reading("BN", still, looks(still, "#000000"), still.layers[0])
    assert text == (
        "BN: γ̂ and β̂ in a are the same for every image, exactly: they follow from parameters and "
        "fixed averages, so nothing differs by construction."
    )
    off = measured(layer())
    assert "λ_γ and λ_β are 0" in difference_reading("AFN", off, looks(off, "#000000"))


def test_differences_are_told_beside_those_of_channels_and_batches():
    found = measured(MOVING)
    # |differences| .001 0 .004 0, mean .00125; channels deviate by .1 from their mean
    assert difference_reading("AFN", found, looks(found, "#000000"), MOVING) == (
        "AFN, against clean images: γ̂ differs by 0.001 on average and most by 0.004, at fog 2 in "
        "channel 1; β̂ does not differ. Channels differ from each other in γ̂ by 0.1 (standard "
        "deviation), 80 × as much. Between clean batches alone they differ by γ̂ 0.003."
    )
    both = measured(MOVING, layer("backbone.b"))
    text = difference_reading("AFN", both, looks(both, "#000000"))
    assert "in channel 1 in a;" in text
    alone = replace(MOVING, gamma_spread=((0.0, 0.0),) * 3)
    one = measured(alone)
    assert difference_reading("AFN", one, looks(one, "#000000"), alone).endswith(
        "There is one batch, which all images share."
    )


def test_dead_units_are_named_where_they_make_it_flat():
    dead = measured(layer(hidden=1, dead=(1, 1)))
    assert difference_reading("AFN", dead, looks(dead, "#000000")) == (
        "AFN: γ̂ and β̂ in all layers do not differ at all. Constant: γ̂ and β̂, all hidden units "
        "behind being dead (0 for all that was shown)."
    )
    half = replace(MOVING, hidden=2, dead=(1, 2))
    found = measured(half, layer("backbone.b", hidden=2, dead=(0, 2)))
    assert difference_reading("AFN", found, looks(found, "#000000")).endswith(
        " Constant: β̂ in 2 of 2 layers, all hidden units behind being dead (0 for all that was "
        "shown)."
    )
    one = difference_reading("AFN", found, looks(found, "#000000"), half)
    assert " Constant: β̂, all hidden units" in one
    awake = measured(replace(MOVING, hidden=2, dead=(1, 1)))
    assert "dead" not in difference_reading("AFN", awake, looks(awake, "#000000"))


def test_images_are_called_images():
    each = replace(MOVING, varies="images")
    found = measured(each)
    text = difference_reading("ASRNorm", found, looks(found, "#000000"), each)
    assert "Between clean images alone" in text


def test_severities_are_shades_and_domains_have_their_marks():
    clean, fog, foggier = looks(measured(MOVING), "#D55E00")
    assert (clean.title, fog.title, foggier.title) == ("clean", "fog 1", "fog 2")
    assert clean.color == GREY
    assert fog.color != foggier.color
    domains = tuple((name, None, 0) for name in ("mnist5k", "syn", "digits8"))
    own, syn, _ = looks(measured(MOVING, conditions=domains), "#D55E00", {"syn": "SYN"})
    assert (own.title, syn.title) == ("mnist5k", "SYN")
    assert syn.color == domain_mark("syn").color


def test_figures_have_a_mark_per_channel_or_layer_and_a_band_between_images():
    found = measured(MOVING, layer("backbone.b"))
    looked = looks(found, "#D55E00")
    low, high, fog, foggier = channels_figure(MOVING, looked, "gamma").data
    assert list(high.y) == [0.002, 0.004]
    assert list(low.y) == [-0.002, -0.004]
    assert list(fog.y) == pytest.approx([0.001, 0])
    assert list(foggier.y) == pytest.approx([0.004, 0])
    assert len(channels_figure(MOVING, looked, "beta").data) == 2  # nothing varies
    fog, foggier = layers_figure(found, looked, "gamma").data
    assert list(foggier.y) == pytest.approx([0.002, 0])
    assert list(fog.customdata) == ["a", "b"]


def test_the_table_of_differences_is_long():
    rows = differences_table(measured(MOVING))
    assert len(rows) == 3 * 2
    assert rows[-1] == {
        "layer": "backbone.a", "condition": "d fog 2", "images": 50, "channel": 2, "gamma": 1.1,
        "beta": 0.0, "gamma std": 0.004, "beta std": 0.0, "varies with": "batches",
    }  # fmt: skip
