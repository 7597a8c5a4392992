"""What norms cost, as small multiples over what varies, as sentences, and as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from afn.cost.plan import YARDSTICK
from afn.cost.records import Measurement
from afn.wording import enumerate_words, number_words

from ...kit.draw.axes import Figure, axis, laid_out, new_figure
from ...kit.draw.chart import Rows
from ...kit.draw.palette import NORM_COLORS
from ...kit.stage import StageNumber
from .view import VARIED_TITLES, CostView, title_of

_NAMED = 3
"""So many norms are named in a sentence; the others are in the table."""
RatioOf = Callable[[Measurement, Measurement], float]


@dataclass(frozen=True, slots=True)
class CostMetric:
    """One of the things that a norm costs."""

    title: str
    unit: str
    amount: Callable[[Measurement], float]
    ratio: RatioOf
    """Of a norm to batch norm."""


METRICS = {
    "train": CostMetric(
        "Training step", "ms", lambda m: m.train_step_ms, lambda m, bn: m.train_ratio
    ),
    "inference": CostMetric(
        "Inference", "ms", lambda m: m.inference_ms, lambda m, bn: m.inference_ratio
    ),
    "peak": CostMetric(
        "Peak memory of a training step",
        "MB",
        lambda m: m.peak_bytes / 1e6,
        lambda m, bn: m.peak_bytes / bn.peak_bytes,
    ),
}


def unit(view: CostView, metric: CostMetric) -> str:
    """What the figure's numbers are."""
    return "× BN" if view.scale == "ratio" else metric.unit


def by_norm(chosen: Sequence[Measurement]) -> dict[str, list[Measurement]]:
    """The measurements of each norm, in the order in which they came."""
    norms: dict[str, list[Measurement]] = {}
    for measurement in chosen:
        norms.setdefault(measurement.norm, []).append(measurement)
    return norms


def _yardsticks(chosen: Sequence[Measurement]) -> dict[Any, Measurement]:
    return {m.case: m for m in chosen if m.norm == YARDSTICK}


def cost_figure(chosen: Sequence[Measurement], view: CostView, metric: CostMetric) -> Figure:
    """One line per norm over what varies; batch norm's is at 1 where ratios are shown."""
    bn = _yardsticks(chosen)
    is_ratio = view.scale == "ratio"
    figure = new_figure()
    values: list[float] = []
    norms = by_norm(chosen)
    for behind, (norm, mine) in zip(reversed(range(len(norms))), norms.items(), strict=True):
        is_yardstick = norm == YARDSTICK
        y = [metric.ratio(m, bn[m.case]) if is_ratio else metric.amount(m) for m in mine]
        values += y
        # Lines often coincide: those below stick out.
        width = 3.0 if is_yardstick else 3 + 2.5 * behind / len(norms)
        figure.add_scatter(
            x=[view.place(m) for m in mine],
            y=y,
            name=title_of(norm),
            mode="lines" if is_ratio and is_yardstick else "lines+markers",
            line={
                "color": NORM_COLORS[norm],
                "width": width,
                "dash": "dash" if is_yardstick and is_ratio else "solid",
            },
            marker={"size": 5 + width},
            hovertemplate="%{y:,.3~r} ×" if is_ratio else f"%{{y:,.3~r}} {metric.unit}",
        )
    sizes = sorted({view.place(m) for m in chosen})
    varied = VARIED_TITLES[view.varied]
    across = axis(
        varied, type="log", tickvals=sizes, unifiedhovertitle={"text": f"{varied} %{{x}}"},
        ticktext=[f"{size}×{size}" if view.varied == "size" else f"{size}" for size in sizes],
        showgrid=False,
    )  # fmt: skip
    up = axis(range=[0, 1.08 * max([*values, 1.15])], nticks=6)
    if not is_ratio:
        up = axis(type="log", dtick="D2" if max(values) < 300 * min(values) else 1, tickformat="~g")
    return laid_out(figure, 260, across, up, hovermode="x unified")


def reading(chosen: Sequence[Measurement], view: CostView) -> str:
    """What the norms cost at the end of what varies, in one sentence."""
    norms = by_norm(chosen)
    bn = norms[YARDSTICK][-1]
    place = enumerate_words([view.words(view.place(bn)), *view.fixed_words()])
    parts: list[str] = []
    for norm, mine in norms.items():
        if norm == YARDSTICK or mine[-1].case != bn.case or len(parts) == _NAMED:
            continue
        step, test, peak = (times(metric.ratio(mine[-1], bn)) for metric in METRICS.values())
        if not parts:
            words = f"costs {step} BN's training step, {test} its inference and {peak} its memory"
        else:
            words = f"{step}, {test} and {peak}"
        parts.append(f"{title_of(norm)} {words}")
    if not parts:
        step, test, peak = (number_words(metric.amount(bn)) for metric in METRICS.values())
        parts = [f"BN's training step takes {step} ms and {peak} MB, its inference {test} ms"]
    return f"At {place}, {'; '.join(parts)}."


def metric_reading(chosen: Sequence[Measurement], view: CostView, metric: CostMetric) -> str:
    """How one metric moves from one end of what varies to the other."""
    bn = _yardsticks(chosen)
    parts: list[str] = []
    for norm, mine in by_norm(chosen).items():
        first, last = (times(metric.ratio(m, bn[m.case])) for m in (mine[0], mine[-1]))
        if norm == YARDSTICK or len(parts) == _NAMED:
            continue
        if first == last:
            parts.append(f"{title_of(norm)} {last} BN's throughout")
        else:
            parts.append(
                f"{title_of(norm)} {first} BN's at {view.words(view.place(mine[0]))}, "
                f"{last} at {view.words(view.place(mine[-1]))}"
            )
    return "; ".join(parts) + "." if parts else "Only BN is shown."


def large_numbers(chosen: Sequence[Measurement], view: CostView) -> list[StageNumber]:
    """What norms cost at the end of what varies, for the stage; BN itself where it is alone."""
    norms = by_norm(chosen)
    bn = norms[YARDSTICK][-1]
    place = view.words(view.place(bn))
    others = [
        (norm, mine[-1])
        for norm, mine in norms.items()
        if norm != YARDSTICK and mine[-1].case == bn.case
    ]
    if not others:
        color = NORM_COLORS[YARDSTICK]
        return [
            StageNumber(
                metric.title, f"{number_words(metric.amount(bn))} {metric.unit}", color, place
            )
            for metric in METRICS.values()
        ]
    return [
        StageNumber(
            title_of(norm), times(metric.ratio(last, bn)), NORM_COLORS[norm],
            f"BN's {metric.title.lower()}, {place}",
        )
        for metric in METRICS.values()
        for norm, last in others
    ]  # fmt: skip


def times(ratio: float) -> str:
    """A ratio in words."""
    return f"{ratio:.2f} ×" if ratio < 9.995 else f"{ratio:.1f} ×"


def table(chosen: Sequence[Measurement], view: CostView) -> Rows:
    """All numbers, in long form: by what varies, then batch norm and the others."""
    bn = _yardsticks(chosen)
    return [
        {
            VARIED_TITLES[view.varied]: view.place(m), "norm": title_of(m.norm),
            "training step, ms": m.train_step_ms, "step × BN": m.train_ratio,
            "inference, ms": m.inference_ms, "inference × BN": m.inference_ratio,
            "peak, MB": m.peak_bytes / 1e6, "peak × BN": m.peak_bytes / bn[m.case].peak_bytes,
            "parameters": m.parameters, "parameters × BN": m.parameters / bn[m.case].parameters,
            "MACs": m.macs, "MACs × BN": m.macs / bn[m.case].macs,
            "statistics at inference": m.statistics,
        }
        for m in chosen
    ]  # fmt: skip
