"""Cost: measuring the norms on screen again."""

from collections.abc import Sequence
from dataclasses import fields

from afn.cost.plan import Plan
from afn.cost.records import Measurement
from afn.wording import enumerate_words

from ...kit.markdown import plain
from ...kit.take.code import call, literal, program
from ...kit.take.program import Program, line
from .view import CostView, title_of

_LOOP = """\
plan = {plan}
rows = []
for news in measure(plan, torch.Generator().manual_seed(0)):
    if isinstance(news, Measurement):
        rows.append((news.norm, f"{{news.case}}", news.train_ratio))
        print(f"{{news.norm}}, {{news.case}}  parameters  {{news.parameters}}")
        print(f"{{news.norm}}, {{news.case}}  multiply-accumulates  {{news.macs}}")
        print(f"{{news.norm}}, {{news.case}}  training step, ms  {{news.train_step_ms:.4f}}")
        print(f"{{news.norm}}, {{news.case}}  training step / BN  {{news.train_ratio:.4f}}")
        print(f"{{news.norm}}, {{news.case}}  inference / BN  {{news.inference_ratio:.4f}}")
        print(f"{{news.norm}}, {{news.case}}  peak, MB  {{news.peak_bytes / 1e6:.4f}}")
"""
_PLOT = """\
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(9, 4))
for name in dict.fromkeys(row[0] for row in rows):
    mine = [row for row in rows if row[0] == name]
    axes.plot([where for _, where, _ in mine], [ratio for _, _, ratio in mine], "o-", label=name)
axes.set_ylabel("training step, ratio to BN")
axes.tick_params(axis="x", rotation=30)
axes.legend()
plt.show()
"""


def experiments_of(view: CostView, chosen: Sequence[Measurement]) -> list[Program]:
    """Measuring what is on screen.

    Args:
        view: The page's settings.
        chosen: The measurements on screen.
    """
    title = ", ".join([view.title(), *view.fixed_words()])
    return [measuring(view.plan, chosen, title=title)]


def measuring(plan: Plan, chosen: Sequence[Measurement], *, title: str) -> Program:
    """Measuring what a plan says.

    Args:
        plan: What is measured.
        chosen: The measurements on screen.
        title: What they are about.
    """
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
        python=program(_LOOP.format(plan=call("Plan", given))),
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
        plot=_PLOT,
    )
