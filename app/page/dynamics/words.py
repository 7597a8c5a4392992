"""What the course of λ says, in words."""

from collections.abc import Sequence

import numpy as np

from afn.runs.course import Quantity
from afn.settings.lambda_init import GREEK, LAMBDAS
from afn.wording import enumerate_words, number_words

from ...kit.draw.legend import short_layer
from ...kit.draw.tracks import Course
from ...kit.words import EQUATIONS
from .charts import Panel

HELP = {
    "runs": "Runs, newest first, and pretrained models. Those that differ by their seed alone are "
    "drawn together.",
    "quantity": "λ as it acts; the logit, which is learned; how far λ is from its start; the size "
    "of the loss's gradient on the logit; or what λ does to the statistics.",
    "by": "Layers as shades, light at the input and dark at the output; or a panel for each.",
    "which": "λ_μ and λ_σ mix into the statistics that standardize, λ_γ and λ_β weigh what is "
    "added to scale and shift.",
    "axis": "Logarithmic steps give the first few room.",
    "map": "Whose accuracy is measured with λ_μ and λ_σ forced in every layer.",
    "corruption": "The first 512 test images of the network's data set, corrupted.",
    "seeds": "A band from lowest to highest with the mean, or a thin line for each.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "equations": r"""
**The equations**
"""
    + EQUATIONS
    + r"""
Each $\lambda = \mathrm{sigmoid}(\text{logit})$, one of each a layer. All at 0: AFN is batch norm,
ASRNorm instance norm. The learned parameter is the logit, and what moves it is

$$
\frac{\partial L}{\partial\,\text{logit}} = \lambda(1-\lambda)\,\frac{\partial L}{\partial\lambda}.
$$

With the published code's *linear gate* λ_γ and λ_β have no sigmoid: the parameter is λ itself.
""",
    "look": r"""
**What to look for**

1. **Do λ grow?** Then more of what the small networks say lowers the loss; it may be a constant,
   as *Did the networks learn?* shows. From a start near 0 the factor $\lambda(1-\lambda)$ is
   0.045 for λ_μ, λ_σ and 0.0067 for λ_γ, λ_β: a λ that stays may be *held* rather than *content*.
   Compare a start at 0.5, or a larger learning rate for λ.
2. **Is the gradient tame?** That is the reason given for the small start. See whether it is largest
   in the first steps and falls.
3. **What comes of it?** $|\hat\mu-\mu|/\sigma$ says how far the mean is moved, in standard
   deviations, and $\hat\sigma/\sigma$ what becomes of the spread. Near 0 and 1 the layer is almost
   plain batch norm, whatever its name.
""",
    "map": r"""
Each point sets $\lambda_\mu$ and $\lambda_\sigma$ of **all layers** to one value and counts right
answers; $\lambda_\gamma$, $\lambda_\beta$ and all weights stay as they were learned. First 4 × 4
points are measured, then more where the accuracy changes (dots); between dots it is interpolated.
Where your point rests it is measured, with a 95 % interval.

The line is the way of training: $\lambda_\mu$ and $\lambda_\sigma$ as means over layers; small dots
are where each layer ended.

**What this does not show.** Training did not walk on this landscape: its weights moved along, and
it saw clean training images. As trained, each layer has λ of its own, so that its accuracy need not
be that of the line's end. The best of some 90 points on the same images is flattered by chance.
""",
    "depth": """
Hollow: where a λ began; filled: where it ended. In a deep network one end may move and the other
not.
""",
}
"""Of figures and sections, beside their headings."""
_STAYS = 0.02
"""A λ that changes by less than this share of its start stays where it is."""


def dynamics_reading(courses: Sequence[Course], quantity: Quantity) -> str:
    """What the figures show, in one to three sentences; logit and change are read off λ itself."""
    if not courses:
        return "There is nothing to see yet: the first step comes in a moment."
    if quantity == "gradient":
        return " ".join(_tamed(course) for course in courses)
    if quantity == "move":
        return " ".join(_moved(course) for course in courses)
    return _travelled(courses)


def _travelled(courses: Sequence[Course]) -> str:
    """Which λ moved most, and how far λ moved on average in each series."""
    best: tuple[float, str, float, float] | None = None
    means, most = [], 0.0
    for course in courses:
        start, end = course.all.mean[:, :, 0], course.all.mean[:, :, -1]
        moves = np.abs(end - start)
        if not np.isfinite(moves).any():
            continue
        means.append(f"{course.series.label} {number_words(float(np.nanmean(moves)), 2)}")
        k, i = np.unravel_index(int(np.nanargmax(moves)), moves.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = moves / np.abs(start)
        most = max(most, float(np.nanmax(np.where(np.isfinite(shares), shares, 0.0))))
        if best is None or moves[k, i] > best[0]:
            where = f"{GREEK[LAMBDAS[i]]} of {course.series.label} in "
            where += short_layer(course.series.layers[k])
            best = float(moves[k, i]), where, float(start[k, i]), float(end[k, i])
    if best is None:
        return "λ is no finite number any more: the network diverged."
    size, where, start_value, end_value = best
    if size == 0:
        return "λ stays exactly where it started: none has moved."
    text = f"{where} moved most: {number_words(start_value, 4)} → {number_words(end_value, 4)}"
    if start_value > 0 and 0 < end_value < 10 * start_value:  # else shares say nothing
        change = 100 * (end_value / start_value - 1)
        text += f" ({'+' if change >= 0 else ''}{number_words(change, 2)} %)"
    text = f"{text[0].upper()}{text[1:]}." if text[0].isascii() else f"{text}."
    if most < _STAYS:
        text = (
            f"λ stays about where it started: none moved by more than "
            f"{number_words(100 * most, 2)} % of its start. {text}"
        )
    if len(means) > 1:
        text += f" Mean change over layers and λ: {enumerate_words(means)}."
    return text


def _tamed(course: Course) -> str:
    """How the gradient of the last tenth compares with that of the first."""
    if not np.isfinite(course.all.mean).all():
        return f"{course.series.label}: the gradient on λ is not finite; the network diverged."
    size = np.sqrt(np.mean(course.all.mean**2, axis=(0, 1)))  # over layers and λ
    tenth = max(1, len(size) // 10)
    first, last = float(size[:tenth].mean()), float(size[-tenth:].mean())
    whole = np.sqrt(np.mean(course.all.mean**2, axis=2))
    k, i = np.unravel_index(int(whole.argmax()), whole.shape)
    where = f"{GREEK[LAMBDAS[i]]} in {short_layer(course.series.layers[k])}"
    if not first or not last:
        return f"{course.series.label}: no gradient reaches λ (it is frozen or without networks)."
    ratio = last / first
    how = (
        f"stays about as large as it began ({number_words(first, 2)} → {number_words(last, 2)})"
        if 0.67 < ratio < 1.5
        else f"ends {_times(ratio)} ({number_words(first, 2)} → {number_words(last, 2)})"
    )
    return f"{course.series.label}: the gradient on λ {how}; it is largest on {where}."


def _times(ratio: float) -> str:
    return (
        f"{number_words(ratio, 2)} × as large"
        if ratio > 1
        else f"{number_words(1 / ratio, 2)} × smaller"
    )


def _moved(course: Course) -> str:
    """What λ makes of the statistics at the end."""
    shift, ratio = course.all.mean[:, 0, -1], course.all.mean[:, 1, -1]
    if not np.isfinite(shift).any():
        return f"{course.series.label}: its statistics are not finite."
    k = int(np.nanargmax(shift))
    text = (
        f"{course.series.label} at step {course.all.steps[-1]:.0f}: λ moves the mean by "
        f"{number_words(float(np.nanmean(shift)), 2)} σ on average and makes the spread "
        f"{np.nanmean(ratio):.2f} × σ"
    )
    if len(shift) > 1:
        most = number_words(float(shift[k]), 2)
        text += f"; the mean most in {short_layer(course.series.layers[k])}, {most} σ"
    return f"{text}."


def panel_reading(panel: Panel, courses: Sequence[Course], quantity: Quantity) -> str:
    """Where each series begins and ends in a panel, in one sentence."""
    which = LAMBDAS.index(panel.which)
    parts = []
    for course in courses:
        layers = course.series.layers
        rows = [k for k, name in enumerate(layers) if panel.layer in (None, name)]
        if not rows:
            continue
        first, last = course.all.mean[rows, which, 0], course.all.mean[rows, which, -1]
        digits = 2 if quantity in ("gradient", "change") else 4
        ends = " → ".join(_span(each, digits) for each in (first, last))
        parts.append(f"{course.series.label} {ends}")
    return f"{'; '.join(parts)}." if parts else "No series has this layer."


def _span(values: np.ndarray, digits: int) -> str:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "–"
    low, high = number_words(finite.min(), digits), number_words(finite.max(), digits)
    return low if low == high else f"{low} … {high}"
