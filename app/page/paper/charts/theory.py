"""What theory says of gains and first gradients, beside what was measured: drawn and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from statistics import fmean

from afn.stats.gain import gain_limit, logit_slope, stacked_limit
from afn.wording import count_words, number_words

from ....kit.draw.axes import LOG, Figure, axis, kept, laid_out, new_figure, row_axis
from ....kit.draw.chart import Rows
from ....kit.draw.legend import translucent
from ....kit.draw.palette import GREY
from ..mechanisms import STARTS, TrainingCourse
from .mechanisms import COLORS, SHORT


@dataclass(frozen=True, slots=True)
class FirstStep:
    """A start of λ: the limits, and the first training step."""

    variant: str
    label: str
    lambda_sigma: float
    """Mean over layers, before the first step."""
    gains: tuple[float, ...]
    """By layer: how much louder than BN it is in the first batch, σ / σ̂ over channels."""
    limit: float
    """Of one layer's gain."""
    stacked: float
    """The product of the limits of all layers."""
    gradient: float
    """Norm of the first gradient, in that of BN's."""
    logit_gradient: float
    """Norm of the first gradient of all layers' logits of λ_σ; 0 where it was not recorded."""

    @property
    def stacked_gains(self) -> float:
        """The product of the gains as they were measured."""
        return prod(self.gains)

    @property
    def slope(self) -> float:
        """How far λ_σ moves with its logit."""
        return logit_slope(self.lambda_sigma)


def first_steps(courses: Sequence[TrainingCourse]) -> list[FirstStep]:
    """The starts of λ that are there, beside BN; none without it."""
    known = {course.variant: course for course in courses if course.gradients}
    bn = known.get("bn")
    if bn is None:
        return []
    found = []
    for variant in STARTS:
        if (course := known.get(variant)) and course.start and course.first_moves:
            sigmas = [start[1] for start in course.start]
            found.append(
                FirstStep(
                    variant=variant,
                    label=course.label,
                    lambda_sigma=fmean(sigmas),
                    gains=tuple(1 / moves.spread for moves in course.first_moves),
                    limit=max(map(gain_limit, sigmas)),
                    stacked=stacked_limit(sigmas),
                    gradient=course.gradients[0] / bn.gradients[0],
                    logit_gradient=course.logit_gradient,
                )
            )
    return found


_HEIGHT = 300


@kept
def gain_figure(steps: Sequence[FirstStep]) -> Figure:
    """The limit of one layer's gain over λ_σ, and the gains of the layers of each start."""
    figure = new_figure()
    at = [each / 100 for each in range(97)]
    figure.add_scatter(
        x=at, y=[gain_limit(each) for each in at], mode="lines",
        line={"color": GREY, "width": 2.5},
        hovertemplate="λ_σ %{x:.2f}: at most %{y:,.3~r}<extra></extra>",
    )  # fmt: skip
    figure.add_annotation(
        x=0.72, y=0.72, text="1 / (1 − λ<sub>σ</sub>)", showarrow=False, xanchor="right",
        font={"color": GREY},
    )  # fmt: skip
    for each in steps:
        figure.add_scatter(
            x=[each.lambda_sigma] * len(each.gains), y=list(each.gains), mode="markers",
            marker={"color": translucent(COLORS[each.variant], 0.7), "size": 8}, name=each.label,
            hovertemplate=f"{each.label}<br>λ_σ %{{x:.3f}}: %{{y:.3f}} times BN<extra></extra>",
        )  # fmt: skip
    across = axis("λ<sub>σ</sub>", range=[-0.02, 1], nticks=6)
    return laid_out(figure, _HEIGHT, across, axis(type="log", tickvals=[1, 2, 5, 10, 20]))


@kept
def gradient_figure(steps: Sequence[FirstStep]) -> Figure:
    """A row per start: first gradient (dot), one layer's limit (tick), product of all (bar)."""
    figure = new_figure()
    for row, each in enumerate(steps):
        color = COLORS[each.variant]
        figure.add_scatter(
            x=[1, each.stacked], y=[row, row], mode="lines",
            line={"color": translucent(color, 0.25), "width": 16},
            hovertemplate=f"{each.label}<br>product of {len(each.gains)} limits: "
            f"{number_words(each.stacked)}<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=[each.limit], y=[row], mode="markers",
            marker={
                "symbol": "line-ns", "size": 22, "color": color,
                "line": {"color": color, "width": 3},
            },
            hovertemplate=f"{each.label}<br>one layer's limit: {number_words(each.limit)}"
            "<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=[each.gradient], y=[row], mode="markers", name=each.label,
            marker={"color": color, "size": 13},
            hovertemplate=f"{each.label}<br>measured: {number_words(each.gradient)} times BN"
            "<extra></extra>",
        )  # fmt: skip
    up = row_axis([SHORT[each.variant] for each in steps])
    return laid_out(figure, _HEIGHT, axis("first gradient, in BN's", **LOG), up)


def gain_reading(steps: Sequence[FirstStep]) -> str:
    """Whether any layer passes the limit."""
    told = [
        f"{each.label} {min(each.gains):.2f} to {max(each.gains):.2f} of at most {each.limit:.2f}"
        for each in steps
    ]
    passing = sum(gain > each.limit * 1.001 for each in steps for gain in each.gains)
    head = f"{count_words(passing, 'layer')} above the limit" if passing else "All below the limit"
    return f"{head}: {'; '.join(told)}."


def gradient_reading(steps: Sequence[FirstStep]) -> str:
    """How far the measured gradients are from one layer's limit and from the product."""
    told = [
        f"{each.label} {each.gradient:.2f} (one layer's limit {each.limit:.2f}, that of "
        f"{len(each.gains)} {number_words(each.stacked)})"
        for each in steps
    ]
    return f"First gradient, in BN's: {'; '.join(told)}."


def failing(steps: Sequence[FirstStep]) -> str:
    """Where the theory fails, in figures; Markdown."""
    worst = max(steps, key=lambda each: each.stacked / each.gradient)
    above = max(steps, key=lambda each: each.gradient / each.limit)
    if worst.stacked < 1.5 * worst.gradient:
        return "With so small a λ nothing here tells the product from one layer's limit."
    times = number_words(worst.stacked / worst.gradient)
    said = (
        f"The **product fails**: {times} times what is measured ({worst.label}); the "
        f"gains as measured multiply to {number_words(worst.stacked_gains)}. The next layer "
        "divides by what the one before has magnified, so that **one** gain counts, whatever the "
        "depth."
    )
    if above.gradient > 1.1 * above.limit:
        said += (
            f" The gradient passes it up to {above.gradient / above.limit:.1f} times "
            f"({above.label}): it is about λ_σ alone, not about λ_μ."
        )
    return said


def logits_reading(steps: Sequence[FirstStep]) -> str:
    """How the gradients of the logits grow with the start of λ, and how much of it λ(1−λ) is."""
    known = {each.variant: each for each in steps if each.logit_gradient}
    if not {"afn", "afn-open"} <= known.keys():
        return ""
    small, wide = known["afn"], known["afn-open"]
    ratio, slope = wide.logit_gradient / small.logit_gradient, wide.slope / small.slope
    return (
        f"The logits of λ_σ get {ratio:.0f} times the gradient with λ wide open: λ(1 − λ) makes "
        f"{slope:.1f} times of it, what reaches σ̂ the other {ratio / slope:.1f}."
    )


def theory_table(steps: Sequence[FirstStep]) -> Rows:
    """A row per start."""
    return [
        {
            "training": each.label, "lambda_sigma": each.lambda_sigma, "layers": len(each.gains),
            "first gradient / BN's": each.gradient, "one layer's limit": each.limit,
            "product of limits": each.stacked, "smallest gain": min(each.gains),
            "largest gain": max(each.gains), "product of gains": each.stacked_gains,
            "lambda (1 - lambda)": each.slope, "first gradient of logits": each.logit_gradient,
        }
        for each in steps
    ]  # fmt: skip
