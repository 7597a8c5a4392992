"""A sweep's figures against one another: accuracy against cost, against λ, against loss."""

from collections.abc import Sequence
from dataclasses import dataclass

from afn.stats.over_seeds import OverSeeds
from afn.sweep.plan import Point
from afn.sweep.table import Metric
from afn.wording import count_words, enumerate_words

from ...kit.draw.axes import Figure, axis, laid_out, new_figure
from ...kit.draw.palette import GREY
from ...kit.draw.traces import Ends, whiskers
from ...kit.results import SweepResults
from .drawn import figure_words, point_color, point_words

COSTS = ("train_seconds", "step_ms", "seconds")
"""Metrics of which less is cheaper."""


@dataclass(frozen=True, slots=True)
class PlotPlace:
    """A setting, by two of its figures."""

    point: Point
    x: OverSeeds
    y: OverSeeds
    at_chance: int
    """So many of its networks do no better than one who guesses."""
    is_front: bool
    """Whether it has learned, and no cheaper one is better."""


def places(results: SweepResults, across: Metric, up: Metric) -> list[PlotPlace]:
    """Every setting that has both figures."""
    xs, ys = results.figures(across), results.figures(up)
    known = [point for point in results.points if point in xs and point in ys]
    lost = {point: results.at_chance(point) for point in known}
    learned = [point for point in known if not lost[point]]
    sign = 1 if up.more_is_better else -1

    def is_beaten(point: Point) -> bool:
        cost, figure = xs[point].mean, sign * ys[point].mean
        return any(
            xs[other].mean <= cost and sign * ys[other].mean >= figure
            and (xs[other].mean, sign * ys[other].mean) != (cost, figure)
            for other in learned
        )  # fmt: skip

    return [
        PlotPlace(
            point, xs[point], ys[point], lost[point],
            across.name in COSTS and not lost[point] and not is_beaten(point),
        )
        for point in known
    ]  # fmt: skip


def against_figure(results: SweepResults, across: Metric, up: Metric) -> Figure:
    """One figure against another, with intervals and seeds; over cost, the front is joined.

    A cross is a setting whose networks do no better than one who guesses.
    """
    found = places(results, across, up)
    figure = new_figure()
    front = sorted((each.x.mean, each.y.mean) for each in found if each.is_front)
    figure.add_scatter(
        x=[x for x, _ in front], y=[y for _, y in front], mode="lines", hoverinfo="skip",
        line={"color": GREY, "width": 2, "dash": "dot", "shape": "hv"}, showlegend=False,
    )  # fmt: skip
    within = (0.0, 100.0) if up.unit == "%" else (float("-inf"), float("inf"))
    for each in found:
        color = point_color(each.point)
        xs, ys = dict(each.x.values), dict(each.y.values)
        both = [seed for seed in xs if seed in ys] if each.y.n > 1 else []
        figure.add_scatter(
            x=[xs[seed] for seed in both], y=[ys[seed] for seed in both], mode="markers",
            marker={"size": 5, "color": color, "opacity": 0.45}, hoverinfo="skip",
        )  # fmt: skip
        told = [figure_words(each.y, up.unit), figure_words(each.x, across.unit)]
        told += [f"{each.at_chance} at chance"] if each.at_chance else []
        figure.add_scatter(
            x=[each.x.mean], y=[each.y.mean], mode="markers", name=point_words(each.point),
            marker={
                "color": color, "size": 13 if each.is_front else 10,
                "symbol": "x-thin" if each.at_chance else "circle",
                "line": {"width": 2.5 if each.at_chance else 0, "color": color},
            },
            error_x=whiskers([_ends(each.x)], thickness=1, width=0, color=color),
            error_y=whiskers([_ends(each.y)], within=within, thickness=1, width=0, color=color),
            customdata=[
                [point_words(each.point), ", ".join(told), results.points.index(each.point)]
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
        )  # fmt: skip
    axes = (axis(f"{each.title}, {each.unit}".rstrip(", "), nticks=6) for each in (across, up))
    return laid_out(figure, 380, *axes, left=52, right=8)


def _ends(each: OverSeeds) -> Ends:
    half = each.half_width if each.n > 1 else 0.0
    return each.mean, each.mean - half, each.mean + half


def against_reading(results: SweepResults, across: Metric, up: Metric) -> str:
    """What nothing cheaper beats, and what is left out of that."""
    found = places(results, across, up)
    if not found:
        return "No run has both figures yet."
    lost = [point_words(each.point) for each in found if each.at_chance]
    told = []
    if front := sorted((each.x.mean, each.point) for each in found if each.is_front):
        best = enumerate_words([point_words(point) for _, point in front[:4]])
        more = f" and {len(front) - 4} more" if len(front) > 4 else ""
        told.append(f"Nothing cheaper is better than {best}{more}.")
    elif across.name not in COSTS:
        told.append(_trend_words(found, across, up))
    if lost:
        told.append(f"Crosses are at chance: {chance_words(lost)}.")
    return " ".join(told)


def _trend_words(found: Sequence[PlotPlace], across: Metric, up: Metric) -> str:
    top = max(found, key=lambda each: each.y.mean if up.more_is_better else -each.y.mean)
    return (
        f"{count_words(len(found), 'setting')}; best is {point_words(top.point)}: "
        f"{figure_words(top.y, up.unit)} at {across.title} {figure_words(top.x, across.unit)}."
    )


def chance_words(names: Sequence[str]) -> str:
    """Who does no better than one who guesses; many are counted."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}" if more else enumerate_words(names)
