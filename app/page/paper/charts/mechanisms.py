"""The evidence for the paper's mechanisms, drawn and read."""

from collections.abc import Sequence
from statistics import fmean, median

from afn.settings.lambda_init import GREEK, LAMBDAS
from afn.wording import count_words, enumerate_words

from ....kit.draw.axes import LINE, LOG, Figure, axis, kept, laid_out, new_figure, row_axis, span
from ....kit.draw.chart import Rows
from ....kit.draw.estimates import gain_words
from ....kit.draw.legend import DASHES, Entry, Stroke
from ....kit.draw.palette import GREY, NORM_COLORS, run_colors
from ....kit.draw.traces import whiskers
from ....kit.letters import lettered_html
from ..mechanisms import STARTS, VARIANTS, Effect, TrainingCourse

_NORMS = [name.partition("-")[0] for name in VARIANTS]
COLORS = dict(zip(VARIANTS, run_colors(_NORMS), strict=True)) | {"afn-open": "#9C5A2B"}
"""The norm's own, lighter, and darker: a third lighter one would be too pale on white."""
_LOOKS: dict[str, Stroke] = {"afn-reference": "dashed", "afn-open": "thin"}
SHORT = {"afn": "paper", "afn-reference": "reference", "afn-open": "open"}
_SYMBOLS = {"afn": "circle", "afn-reference": "diamond", "afn-open": "square"}


# -- 1: do the networks learn ----------------------------------------------------------------------


@kept
def effects_figure(effects: Sequence[Effect]) -> Figure:
    """A row per test: what the networks add, with its interval."""
    figure = new_figure()
    gains = [effect.gain for effect in effects]
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    figure.add_scatter(
        x=[100 * gain.value for gain in gains],
        y=list(range(len(effects))),
        error_x=whiskers(
            [gain.points for gain in gains], thickness=2, width=4, color=NORM_COLORS["afn"]
        ),
        mode="markers",
        marker={
            "color": NORM_COLORS["afn"], "size": 9,
            "symbol": ["diamond" if effect.is_shifted else "circle" for effect in effects],
            "opacity": [1.0 if gain.is_clear else 0.55 for gain in gains],
        },
        customdata=[
            [
                each.test, gain_words(each.gain), f"{100 * each.without:.1f} %",
                count_words(each.n, "image"), count_words(each.tests, "test"),
            ]
            for each in effects
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]} over %{customdata[2]}<br>"
        "%{customdata[3]} × %{customdata[4]}<extra></extra>",
    )  # fmt: skip
    across = axis("points gained by the networks", nticks=6)
    up = row_axis([effect.test for effect in effects])
    return laid_out(figure, 64 + 26 * len(effects), across, up, top=4)


def effects_reading(effects: Sequence[Effect], course: TrainingCourse | None) -> str:
    """Whether the networks change what is measured, and what is answered."""
    parts = []
    if effects:
        own = next((each for each in effects if not each.is_shifted), None)
        shifted = [each for each in effects if each.is_shifted]
        up = sum(each.gain.low > 0 for each in shifted)
        down = sum(each.gain.high < 0 for each in shifted)
        if own:
            parts.append(f"On its own clean images the networks change {gain_words(own.gain)}")
        if shifted:
            most = max(shifted, key=lambda each: abs(each.gain.value))
            parts.append(
                f"of {count_words(len(shifted), 'shifted test')} they clearly help in {up} and "
                f"clearly harm in {down}; the largest change, in “{most.test}”, is "
                f"{gain_words(most.gain)}"
            )
    said = "; ".join(parts) + "." if parts else ""
    return f"{said} {moves_words(course)}".strip()


def moves_words(course: TrainingCourse | None) -> str:
    """How far the networks move the statistics, beside what networks that say 0 would do."""
    if course is None or not course.last_moves:
        return "How far they move the statistics was not recorded in this training."
    last, first = course.last_moves, course.first_moves
    mean, spread = fmean(m.mean for m in last), fmean(m.spread for m in last)
    silent = fmean(1 - each[1] for each in course.end)
    before = f" (at the first step {fmean(m.mean for m in first):.3f})" if first else ""
    return (
        f"In training batches μ̂ lies {mean:.3f} σ from μ{before}, and σ̂ is {spread:.3f} of σ; "
        f"networks that answered 0 would leave {silent:.3f}, the share 1 − λ_σ."
    )


def effects_table(effects: Sequence[Effect]) -> Rows:
    """A row per test."""
    return [
        {
            "test": each.test, "tests": each.tests, "n": each.n,
            f"networks {each.control}": each.without,
            "gain": each.gain.value, "low95": each.gain.low, "high95": each.gain.high,
        }
        for each in effects
    ]  # fmt: skip


# -- 2: do λ grow ----------------------------------------------------------------------------------


@kept
def lambdas_figure(courses: Sequence[TrainingCourse]) -> Figure:
    """A panel per λ: how far each layer's went from its start, a row per start."""
    from plotly.subplots import make_subplots

    shown = [each for each in courses if each.variant in STARTS]
    figure = make_subplots(
        rows=2, cols=2, subplot_titles=[lettered_html(each) for each in GREEK.values()],
        horizontal_spacing=0.12, vertical_spacing=0.28, shared_yaxes=True,
    )  # fmt: skip
    for i in range(len(LAMBDAS)):
        place = {"row": i // 2 + 1, "col": i % 2 + 1}
        panel: list[list[float]] = []
        for row, each in enumerate(shown):
            changes = [end[i] - start[i] for start, end in zip(each.start, each.end, strict=True)]
            panel.append(changes)
            figure.add_scatter(
                x=changes,
                y=[row + 0.3 * (k % 3 - 1) for k in range(len(changes))],
                mode="markers",
                marker={
                    "color": COLORS[each.variant], "size": 8, "opacity": 0.8,
                    "symbol": _SYMBOLS[each.variant],
                },
                customdata=[
                    [layer, start[i], end[i]]
                    for layer, start, end in zip(each.layers, each.start, each.end, strict=True)
                ],
                hovertemplate=f"{each.label}, %{{customdata[0]}}<br>%{{customdata[1]:,.4~r}} → "
                "%{customdata[2]:,.4~r}<extra></extra>",
                **place,
            )  # fmt: skip
        figure.add_vline(x=0, line={"color": GREY, "width": 1}, **place)
        figure.update_xaxes(range=span([0, *(x for trace in panel for x in trace)]), **place)
    laid_out(figure, 150 + 90 * max(2, len(shown)), {}, {}, top=26)
    figure.update_xaxes(**axis(nticks=4, exponentformat="power"))
    figure.update_xaxes(title={"text": "change from start to end", "standoff": 4}, row=2)
    figure.update_yaxes(**row_axis([SHORT[each.variant] for each in shown]))
    return figure


def lambdas_reading(courses: Sequence[TrainingCourse]) -> str:
    """From where to where λ went, from each start."""
    parts = []
    for each in courses:
        if each.variant not in STARTS:
            continue
        ways = []
        for i in (0, 1):
            start, end = fmean(row[i] for row in each.start), fmean(row[i] for row in each.end)
            grown = sum(b[i] > a[i] for a, b in zip(each.start, each.end, strict=True))
            symbol = GREEK[LAMBDAS[i]]
            ways.append(f"{symbol} {start:.3f} → {end:.3f} (up in {grown} of {len(each.end)})")
        parts.append(f"{each.label}: {enumerate_words(ways)}")
    if not parts:
        return "No AFN network is there to say."
    return f"Means over layers. {'. '.join(parts)}."


def lambdas_table(courses: Sequence[TrainingCourse]) -> Rows:
    """A row per start and layer."""
    return [
        {"training": each.label, "layer": layer}
        | {f"lambda_{name} start": start[i] for i, name in enumerate(LAMBDAS)}
        | {f"lambda_{name} end": end[i] for i, name in enumerate(LAMBDAS)}
        for each in courses
        for layer, start, end in zip(each.layers, each.start, each.end, strict=True)
    ]


# -- 3: does a small λ keep gradients tame ---------------------------------------------------------


def gradient_entries(courses: Sequence[TrainingCourse]) -> list[Entry]:
    """The legend of the gradients."""
    return [
        Entry(each.label, COLORS[each.variant], _LOOKS.get(each.variant, "line"))
        for each in courses
    ]


@kept
def gradients_figure(courses: Sequence[TrainingCourse]) -> Figure:
    """The gradient's norm over the steps, both logarithmic; a line per training."""
    figure = new_figure()
    for each in courses:
        figure.add_scatter(
            x=each.steps, y=each.gradients, mode="lines", name=each.label,
            line={
                "color": COLORS[each.variant], "width": LINE,
                "dash": DASHES[_LOOKS.get(each.variant, "line")],
            },
            opacity=0.85,
            hovertemplate=f"{each.label}<br>step %{{x}}: %{{y:,.3~r}}<extra></extra>",
        )  # fmt: skip
    up = axis(
        "norm of the gradient", type="log", nticks=6, minor={"showgrid": False},
        exponentformat="none",
    )  # fmt: skip
    return laid_out(figure, 330, axis("step", **LOG), up, top=4)


def gradients_reading(courses: Sequence[TrainingCourse]) -> str:
    """How large gradients are at first and at most, wide open beside the paper's start."""
    if not courses:
        return "No training is there to say."
    said = [
        f"{each.label} {each.gradients[0]:.1f} and {max(each.gradients):.1f}" for each in courses
    ]
    text = f"Norm of the gradient at the first step and at most: {'; '.join(said)}."
    known = {each.variant: each for each in courses}
    if {"afn", "afn-open"} <= known.keys():
        small, wide = known["afn"].gradients, known["afn-open"].gradients
        text += (
            f" With λ wide open the first is {wide[0] / small[0]:.1f} times that of the paper's "
            f"start, the largest {max(wide) / max(small):.1f} times."
        )
    ended = [each.label for each in courses if not each.is_over]
    text += f" {enumerate_words(ended)} did not reach the end." if ended else " None diverged."
    told = [
        f"{each.label} {f'{step:,}' if (step := each.better_than_guessing) else 'never'}"
        for each in courses
    ]
    return (
        f"{text} The first step with a loss clearly below that of guessing "
        f"({courses[0].guessing:.2f}): {'; '.join(told)}."
    )


def gradients_table(courses: Sequence[TrainingCourse]) -> Rows:
    """A row per training."""
    return [
        {
            "training": each.label, "first step": each.gradients[0], "largest": max(each.gradients),
            "median": median(each.gradients), "recorded": len(each.steps),
            "last loss": each.last_loss,
            "first loss clearly below guessing": each.better_than_guessing,
            "reached the end": each.is_over,
        }
        for each in courses
    ]  # fmt: skip
