"""What the figures of the layers say of made-up spreads of domains."""

from dataclasses import replace

from afn.ask.spread import LayerSpread, Side, Spread
from app.kit.draw.palette import domain_mark
from app.page.domains.spread import (
    profile_figure,
    profile_reading,
    separation_figure,
    separation_reading,
    spread_figure,
    spread_reading,
    spread_table,
)
from tests.app.overrun import overrun

# -- layers ----------------------------------------------------------------------------------------


def side(shift, separation=1.0, mu=((0.0, 1.0), (2.0, 1.0)), sigma=((1.0, 2.0), (1.0, 2.0))):
    return Side(
        mu=mu, sigma=sigma,
        points=(((-shift, 0.0), (-shift, 0.5)), ((shift, 0.0), (shift, 3.0))),
        centers=((-shift, 0.25), (shift, 0.0)), explained=(0.714, 0.2),
        shift=shift, shift95=(shift - 0.01, shift + 0.01), scatter=0.5,
        separation=separation, separation95=(0.0, 2 * separation),
    )  # fmt: skip


def layer(before, after, name="backbone.blocks.0.norm"):
    return LayerSpread(name=name, domains=("mnist5k", "syn"), before=before, after=after)


def spread(*layers):
    return Spread(domains=("mnist5k", "syn"), num_images=(2, 2), batch_size=2, layers=layers)


def test_points_lie_on_axes_of_one_scale_in_their_domains_marks():
    figure = spread_figure(layer(side(0.5), side(0.1)), {"syn": "SYN 5k"})
    images = [trace for trace in figure.data if len(trace.x) == 2]
    assert [list(trace.x) for trace in images] == [[-0.5] * 2, [0.5] * 2, [-0.1] * 2, [0.1] * 2]
    means = [trace for trace in figure.data if len(trace.x) == 1]
    assert [(trace.x[0], trace.xaxis) for trace in means] == [
        (-0.5, "x"), (0.5, "x"), (-0.1, "x2"), (0.1, "x2"),
    ]  # fmt: skip
    for traces in (images, means):
        assert [trace.marker.symbol for trace in traces] == ["circle", "square"] * 2
        assert traces[1].marker.color == domain_mark("syn").color
    layout = figure.layout
    assert layout.xaxis.range == layout.xaxis2.range
    assert layout.yaxis.range == layout.yaxis2.range
    assert layout.yaxis.range[0] < 0 < 3 < layout.yaxis.range[1]
    assert (layout.yaxis.scaleanchor, layout.yaxis2.scaleanchor) == ("x", "x2")
    assert layout.xaxis.title.text == "axis 1 · 71 %"
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert named == ["mnist5k", "SYN 5k"]
    flat = side(0.0)
    flat = replace(flat, points=(((0.0, 0.0),),) * 2, centers=((0.0, 0.0),) * 2)
    assert spread_figure(layer(flat, flat)).layout.xaxis.range == (-1, 1)


def test_profiles_are_in_units_of_each_channel_and_joined():
    dead = side(0.5, mu=((0.0, 1.0, 9.0), (2.0, 1.0, 9.0)), sigma=((1.0, 2.0, 0.0),) * 2)
    figure = profile_figure(layer(dead, dead))
    lines, one, other = figure.data[:3]
    assert list(lines.x) == [0, 2, None, 0.5, 0.5, None]
    assert (list(one.x), list(one.y)) == ([0, 0.5], [1, 1])
    assert list(other.customdata) == [1, 2]  # the third is flat
    gone = replace(dead, sigma=((0.0,) * 3,) * 2)
    assert profile_reading(layer(dead, gone)) == (
        "The domains' means differ most in channel 1: by 2.00 pixel deviations before "
        "norm 1; after it the channel is flat."
    )
    assert profile_reading(layer(dead, dead)).endswith("norm 1, by 2.00 after it.")
    assert profile_reading(layer(gone, gone)).startswith("No channel varies")
    assert len(profile_figure(layer(gone, gone)).data) == 6


def test_distances_are_drawn_over_the_layers_before_and_after():
    deep = spread(
        layer(side(0.5), side(0.1)), layer(side(0.3), side(0.2), "backbone.blocks.1.norm")
    )
    figure = separation_figure([("AFN", "#D55E00", deep)])
    assert overrun(figure) == []
    before, after = figure.data
    assert (list(before.y), list(after.y)) == ([0.5, 0.3], [0.1, 0.2])
    assert (before.name, after.name) == ("AFN, before", "AFN, after")
    assert (before.marker.symbol, after.marker.symbol) == ("circle-open", "circle")
    assert list(figure.layout.xaxis.ticktext) == ["norm 1", "norm 2"]
    assert after.customdata[0] == "0.09 to 0.11"
    ratio = separation_figure([("AFN", "#D55E00", deep)], "separation")
    assert list(ratio.data[0].y) == [1, 1]
    assert ratio.layout.yaxis.range[1] > 2
    many = spread(*(layer(side(0.5), side(0.1), f"n{i}") for i in range(5)))
    assert list(separation_figure([("BN", "#000", many)]).layout.xaxis.ticktext) == list("12345")


def test_layers_are_read_with_their_intervals():
    assert spread_reading(layer(side(0.5), side(0.25))) == (
        "Before norm 1 the domains lie 0.50 (0.49 to 0.51) pixel deviations from their "
        "common mean, after it 0.25 (0.24 to 0.26): the norm takes away 50 % of it."
    )
    assert spread_reading(layer(side(0.5), side(0.505))).endswith(
        "the norm leaves the shift between them as it is."
    )
    assert spread_reading(layer(side(0.5), side(0.75))).endswith("the norm adds 50 % of it.")
    assert "still tells the domains apart" in spread_reading(layer(side(0.5), side(0.05)))
    assert "tells" not in spread_reading(layer(side(0.5), side(0.05, separation=0.1)))
    assert "draws them apart" in spread_reading(layer(side(0.0), side(0.5)))


def test_networks_are_read_side_by_side():
    deep = spread(layer(side(0.5), side(0.1)), layer(side(0.3), side(0.2), "n"))
    plain = spread(layer(side(0.4), side(0.4)), layer(side(0.2), side(0.2), "n"))
    assert separation_reading([("BN", "", plain), ("AFN", "", deep)]) == (
        "The domains' shift on average over 2 norm layers: AFN brings it from 0.40 to 0.15; BN "
        "leaves it at 0.30."
    )
    assert separation_reading([]) == "Nothing is measured yet."


def test_the_layers_table_has_both_sides():
    rows = spread_table([("AFN", "", spread(layer(side(0.5), side(0.1))))])
    assert [(each["side"], each["shift"]) for each in rows] == [("before", 0.5), ("after", 0.1)]
    assert rows[0]["images"] == 4
