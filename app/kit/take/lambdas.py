"""λ dynamics: what λ of every layer was at the first and the last step, and the course between."""

from collections.abc import Sequence

from afn.runs.course import Quantity, track
from afn.settings.lambda_init import GREEK, LAMBDAS
from afn.settings.norms import ADAPTIVE_NORMS
from afn.wording import enumerate_words

from ..draw.chart import Shown
from .code import Origin, literal, program_of, seeds_of, table
from .program import Program, drawing, line

_DIGITS = 6
_MOVES = ("|μ̂ − μ| / σ", "σ̂ / σ")
_TOLD = {
    "lambda": "λ as it acts",
    "logit": "the logit of λ, which is what is learned",
    "change": "λ less its start",
    "gradient": "the gradient of the loss by λ's logit, root mean square over stretches of the run",
    "move": "how far the networks move the statistics, mean over channels",
}
_LOOP = """\
names = {names}
rows = []
for name, source in sources.items():
    layers, course = course_of(source, "{quantity}")
    for layer, values in zip(layers, course.values):
        for which, numbers in zip(names, values):
            curve = f"{{name}}, {{layer}}, {{which}}"
            rows += [(curve, step, value) for step, value in zip(course.steps, numbers)]
            for at in (0, -1):
                print(f"{{curve}}  step {{course.steps[at]:.0f}}  {{numbers[at]:.6f}}")
"""


def programs_of(shown: Sequence[Shown], quantity: Quantity) -> list[Program]:
    """Reading the course once more, from what runs and pretrained models with λ recorded."""
    adaptive = [each for each in shown if each.config.norm in ADAPTIVE_NORMS]
    if not adaptive:
        return []
    origins = {each.label: Origin.of(each.history.run.id) for each in adaptive}
    names = list(_MOVES if quantity == "move" else [GREEK[name] for name in LAMBDAS])
    pretrained = any(origin.is_pretrained for origin in origins.values())
    return [
        program_of(
            origins,
            table("sources", {label: origin.source() for label, origin in origins.items()}),
            _LOOP.format(names=literal(names), quantity=quantity),
            title="λ of every layer" if quantity == "lambda" else f"{quantity} of λ".capitalize(),
            about=f"{enumerate_words(list(origins))} (seed {seeds_of(origins)}): "
            f"{_TOLD[quantity]}, layer by layer, at the first and the last step; statistics of "
            "training batches."
            + (" Pretrained models tell about 400 of their steps." if pretrained else ""),
            commands=tuple(
                ("course", origin.id, *(() if quantity == "lambda" else ("--of", quantity)))
                for origin in origins.values()
            ),
            expected=tuple(
                text
                for each in adaptive
                if origins[each.label].is_over
                for text in _ends(each, quantity, names)
            ),
            plot=drawing(_TOLD[quantity].partition(",")[0], "step"),
        )
    ]


def _ends(each: Shown, quantity: Quantity, names: Sequence[str]) -> list[str]:
    course = track(each.history, each.setup, quantity)
    if not len(course.steps):
        return []
    return [
        line(
            f"{each.label}, {layer}, {which}", f"step {course.steps[at]:.0f}", numbers[at], _DIGITS
        )
        for layer, values in zip(each.history.adaptive_layers, course.values, strict=True)
        for which, numbers in zip(names, values, strict=True)
        for at in (0, -1)
    ]
