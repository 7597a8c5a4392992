"""Cost: measuring the norms on screen again."""

from collections.abc import Sequence
from dataclasses import fields

from afn.cost.plan import Plan
from afn.cost.records import Measurement
from afn.wording import enumerate_words

from ...kit.markdown import plain
from ...kit.take.code import call, literal, program
from ...kit.take.program import Program, drawing, line
from .view import CostView, title_of

_LOOP = """\
rows = []
for each in {call}:
    rows.append((each.norm, f"{{each.case}}", each.train_ratio))
    print(f"{{each.norm}}, {{each.case}}  parameters  {{each.parameters}}")
    print(f"{{each.norm}}, {{each.case}}  multiply-accumulates  {{each.macs}}")
    print(f"{{each.norm}}, {{each.case}}  training step, ms  {{each.train_step_ms:.4f}}")
    print(f"{{each.norm}}, {{each.case}}  training step / BN  {{each.train_ratio:.4f}}")
    print(f"{{each.norm}}, {{each.case}}  inference / BN  {{each.inference_ratio:.4f}}")
    print(f"{{each.norm}}, {{each.case}}  peak, MB  {{each.peak_bytes / 1e6:.4f}}")
"""


def programs_of(view: CostView, chosen: Sequence[Measurement]) -> list[Program]:
    """Measuring what is on screen."""
    title = ", ".join([view.title(), *view.fixed_words()])
    return [measuring(view.plan, chosen, title=title)]


def measuring(plan: Plan, chosen: Sequence[Measurement], *, title: str) -> Program:
    """Measuring what a plan says, beside what is on screen."""
    given = [
        f"{field.name}={literal(value)}"
        for field in fields(Plan)
        if (value := getattr(plan, field.name)) != field.default
    ]
    return Program(
        title=title[0].upper() + title[1:],
        about=plain(
            f"{enumerate_words([title_of(norm) for norm in plan.contenders])}: {title}. Time "
            "and memory of a training step and of inference, medians of alternating steps on "
            "one thread, parameters and multiply-accumulates."
        ),
        python=program(_LOOP.format(call=call("measure_costs", given))),
        commands=(("bench", *plan.arguments()),),
        expected=tuple(
            line(f"{each.norm}, {each.case}", what, value, 0)
            for each in chosen
            for what, value in (
                ("parameters", each.parameters),
                ("multiply-accumulates", each.macs),
            )
        ),
        tolerance="Parameters and multiply-accumulates are equal everywhere. Times are those "
        "of the machine that measures, and differ by some percent each time; ratios to BN "
        "differ least.",
        plot=drawing("training step, ratio to BN"),
    )
