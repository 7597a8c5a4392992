"""Figures of a stream: courses, what each answers, the batch that is looked at, and the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean

from afn.adapt.plan import StreamPlan
from afn.adapt.records import (
    StreamStep,
    accuracy_of,
    collapse_of,
    entropy_of,
    pull_of,
    window,
)
from afn.adapt.task import SHOWN

from ...kit.draw.axes import LINE, Figure, axis, drawn
from ...kit.draw.chart import Rows
from ...kit.draw.legend import DASHES, Entry, translucent
from ...kit.draw.palette import GREY
from ...kit.draw.table import dot, table, tag, td, th, tr
from ...kit.draw.ways import WAY_LOOKS
from ...kit.letters import lettered_html

_STRIP, _GAP = 50, 0.8
"""Pixels of a strip, and rows between two."""
OfBatches = Callable[[Sequence[StreamStep]], float]
"""Of the batches of a window."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Living:
    """A contender, and how it lived on the stream so far."""

    way: str
    title: str
    steps: Sequence[StreamStep]

    @property
    def color(self) -> str:
        """In every figure."""
        return WAY_LOOKS[self.way][0]

    @property
    def entry(self) -> Entry:
        """Its line in a legend."""
        return Entry(self.title, *WAY_LOOKS[self.way])


QUANTITIES: dict[str, tuple[str, OfBatches]] = {
    "entropy": ("entropy, nats", entropy_of),
    "pull": ("wrongly one class, %", lambda steps: 100 * pull_of(steps)[1]),
    "moved": ("means moved, σ", lambda steps: steps[-1].moved),
    "rescaled": ("γ and β moved", lambda steps: steps[-1].rescaled),
}


def accuracy_figure(all_living: Sequence[Living], plan: StreamPlan, at: int) -> Figure:
    """Accuracy over the stream; `at` is the batch that is looked at, from 1."""
    up = axis(ticksuffix=" %", range=[-2, 102], nticks=6)
    return _course(all_living, plan, at, lambda steps: 100 * accuracy_of(steps), up, 250)


def quantity_figure(
    all_living: Sequence[Living], plan: StreamPlan, at: int, quantity: str
) -> Figure:
    """One of `QUANTITIES` over the stream."""
    title, value = QUANTITIES[quantity]
    return _course(all_living, plan, at, value, axis(title, rangemode="tozero", nticks=4), 190)


def _course(
    all_living: Sequence[Living], plan: StreamPlan, at: int, value: OfBatches, up: dict, height: int
) -> Figure:
    traces = []
    for each in all_living:
        y = [value(window(each.steps, i)) for i in range(len(each.steps))]
        traces.append({
            "type": "scatter", "mode": "lines", "name": each.title,
            "x": list(range(1, len(y) + 1)), "y": y,
            "line": {"color": each.color, "width": LINE, "dash": DASHES[WAY_LOOKS[each.way][1]]},
            "hovertemplate": f"{each.title}, batch %{{x}}: %{{y:.3~g}}<extra></extra>",
        })  # fmt: skip
    return drawn(
        traces, height, _batches(plan), up, left=52, shapes=[*_severities(plan), *_marks(plan, at)]
    )


def _batches(plan: StreamPlan, title: str = "batch") -> dict:
    return axis(title, range=[0.5, plan.num_batches + 0.5], showgrid=False, nticks=8)


def _severities(plan: StreamPlan) -> list[dict]:
    """A shade for each stretch of one severity; none where it is the same throughout."""
    found: list[dict] = []
    if len({plan.place(batch) for batch in range(plan.num_batches)}) == 1:
        return found
    for batch in range(plan.num_batches):
        shade = translucent(GREY, 0.035 * plan.place(batch)[1])
        if found and found[-1]["fillcolor"] == shade:
            found[-1]["x1"] = batch + 1.5
            continue
        found.append({
            "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": batch + 0.5,
            "x1": batch + 1.5, "fillcolor": shade, "line": {"width": 0}, "layer": "below",
        })  # fmt: skip
    return found


def _marks(plan: StreamPlan, at: int) -> list[dict]:
    """Where networks were put back, and the batch that is looked at."""
    lines = [(batch + 0.5, "dash", 1.5) for batch in plan.resets]
    lines += [(at, "solid", 1.0)] if at else []
    return [
        {
            "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x,
            "line": {"color": GREY, "width": width, "dash": dash},
        }
        for x, dash, width in lines
    ]  # fmt: skip


def answers_figure(
    all_living: Sequence[Living], plan: StreamPlan, at: int, classes: Sequence[str]
) -> Figure:
    """A strip for the truth and one for each contender: which classes are told in each batch."""
    longest = max(all_living, key=lambda each: len(each.steps)).steps
    strips = [("truth", GREY, [step.labels for step in longest])]
    strips += [
        (each.title, each.color, [step.answers for step in each.steps]) for each in all_living
    ]
    traces, middles, rows = [], [], len(classes) + _GAP * len(classes) / 10
    for place, (title, color, told) in enumerate(strips):
        base = place * rows
        middles.append(base + (len(classes) - 1) / 2)
        traces.append({
            "type": "heatmap", "x": list(range(1, len(told) + 1)),
            "y": [base + number for number in range(len(classes))],
            "z": [
                [each.count(number) / len(each) for each in told] for number in range(len(classes))
            ],
            "customdata": [[name] * len(told) for name in classes],
            "zmin": 0, "zmax": 1, "showscale": False,
            "colorscale": [[0, translucent(color, 0.07)], [1, color]],
            "hovertemplate": f"{title}, batch %{{x}}: %{{z:.0%}} told “%{{customdata}}”"
            "<extra></extra>",
        })  # fmt: skip
    up = axis(
        tickvals=middles, ticktext=[lettered_html(title) for title, *_ in strips], showgrid=False,
        range=[len(strips) * rows - 0.5, -0.5],
    )  # fmt: skip
    return drawn(
        traces, 40 + _STRIP * len(strips), _batches(plan), up, left=120, shapes=_marks(plan, at)
    )


def _latest(steps: Sequence[StreamStep]) -> Sequence[StreamStep]:
    """The last batches that are known."""
    return window(steps, len(steps) - 1)


def fall_words(all_living: Sequence[Living], classes: Sequence[str]) -> str:
    """Who has collapsed, when, and to what; and how all did, in Markdown without names of theirs.

    Of a stream that still flows it is said as far as it is known.
    """
    fallen = []
    for each in all_living:
        if (at := collapse_of(each.steps)) is not None:
            answer, _ = pull_of(window(each.steps, at))
            fallen.append(
                f"{each.title} collapses at batch {at + 1}: it calls nearly everything "
                f"“{classes[answer]}”"
            )
    return f"{'; '.join(fallen)}." if fallen else "Nobody has collapsed so far."


def accuracy_reading(all_living: Sequence[Living]) -> str:
    """The figure in words."""
    told = [
        f"{each.title} {100 * accuracy_of(each.steps):.1f} % of all, "
        f"{100 * accuracy_of(_latest(each.steps)):.0f} % in the last batches"
        for each in all_living
        if each.steps
    ]
    return f"{'; '.join(told)}."


def answers_reading(all_living: Sequence[Living], classes: Sequence[str]) -> str:
    """The commonest answer of each."""
    told = []
    for each in all_living:
        answers = [answer for step in each.steps for answer in step.answers]
        if answers:
            common = max(set(answers), key=lambda one: (answers.count(one), -one))
            share = answers.count(common) / len(answers)
            told.append(f"{each.title} “{classes[common]}” {100 * share:.0f} %")
    return f"Commonest answer: {', '.join(told)}."


def quantity_reading(all_living: Sequence[Living], quantity: str) -> str:
    """Where each has come to."""
    title, value = QUANTITIES[quantity]
    told = [f"{each.title} {value(_latest(each.steps)):.3g}" for each in all_living if each.steps]
    return f"{title}, in the last batches: {', '.join(told)}."


def batch_html(
    all_living: Sequence[Living], at: int, sheet: str, classes: Sequence[str], side: int
) -> str:
    """The first images of a batch, and what each contender answers to them."""
    living = [each for each in all_living if len(each.steps) >= at]
    if not living:
        return ""
    labels = living[0].steps[at - 1].labels[:SHOWN]
    pictures = "".join(
        tag("i", style=f"--at:{place}", role="img", aria_label=classes[label])
        for place, label in enumerate(labels)
    )
    rows = [
        tag("span", "image") + tag("div", pictures),
        tag("span", "truth") + tag("div", "".join(tag("b", classes[each][:4]) for each in labels)),
    ]
    for each in living:
        step = each.steps[at - 1]
        told = "".join(
            tag(
                "b", escape(classes[answer][:4]), css="" if right else "wrong",
                title=f"{each.title}: {classes[answer]}, {100 * confidence:.0f} % sure"
                + ("" if right else f"; it is {classes[label]}"),
            )
            for answer, label, right, confidence in zip(
                step.answers[:SHOWN], labels, step.hits[:SHOWN], step.confidences[:SHOWN],
                strict=True,
            )
        )  # fmt: skip
        rows.append(tag("span", dot(each.color) + escape(each.title)) + tag("div", told))
    return tag(
        "div", "".join(tag("section", row) for row in rows), css="afn-stream",
        style=f"--sheet:url({sheet});--count:{len(labels)}", data_side=side,
        role="region", tabindex="0", aria_label=f"Images of batch {at} and what is answered",
    )  # fmt: skip


def living_table(all_living: Sequence[Living]) -> str:
    """All numbers, a row a contender."""
    heads = tr(
        th("contender"), *(
            th(each, "number")
            for each in ("accuracy", "last batches", "confidence", "entropy", "means moved",
                         "γ, β moved", "collapsed")
        ),
    )  # fmt: skip
    rows = []
    for each in all_living:
        if not each.steps:
            continue
        at = collapse_of(each.steps)
        cells = (
            f"{100 * accuracy_of(each.steps):.1f} %",
            f"{100 * accuracy_of(_latest(each.steps)):.0f} %",
            f"{100 * fmean(c for step in each.steps for c in step.confidences):.0f} %",
            f"{entropy_of(each.steps):.2f}",
            f"{fmean(step.moved for step in each.steps):.3f} σ",
            f"{each.steps[-1].rescaled:.3f}",
            "" if at is None else f"batch {at + 1}",
        )
        name = th(f"{dot(each.color)} {escape(each.title)}", scope="row")
        rows.append(tr(name, *(td(cell, "number") for cell in cells)))
    return table("afn-ways", [heads], rows, label="All contenders")


def lambda_words(all_living: Sequence[Living]) -> str:
    """AFN's λ, which no test changes; empty without AFN."""
    for each in all_living:
        if each.steps and (found := each.steps[-1].lambdas):
            names = {"mu": "μ", "sigma": "σ", "gamma": "γ", "beta": "β"}
            told = ", ".join(f"λ_{names[name]} {value:.3f}" for name, value in found.items())
            return f"AFN's λ stay as learned: {told} (means over its layers)."
    return ""


def stream_table(all_living: Sequence[Living]) -> Rows:
    """A row a batch and contender."""
    return [
        {
            "contender": each.title, "batch": step.batch + 1, "corruption": step.corruption,
            "severity": step.severity, "n": len(step.labels), "accuracy": step.accuracy,
            "confidence": step.confidence, "entropy_nats": step.entropy,
            "commonest_answer": step.common[0], "its_share": step.common[1],
            "means_moved_sigma": step.moved, "gamma_beta_moved": step.rescaled,
            **{f"lambda_{name}": value for name, value in step.lambdas.items()},
        }
        for each in all_living
        for step in each.steps
    ]  # fmt: skip
