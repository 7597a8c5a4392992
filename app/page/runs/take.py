"""Runs: two of them compared, setting by setting and step by step."""

from collections.abc import Sequence

from afn.runs.compare import parting

from ...kit.draw.chart import Shown
from ...kit.take.code import Origin, program_of, seeds_of, table
from ...kit.take.program import Program, line

_LOOP = """\
first, second = sources.values()
compared = compare(first, second)
for each in compared.differences:
    print(f"{each.setting}: {each.first} and {each.second}")
found = compared.parting
print(f"they part at step {found.step}, among {found.shared} that both recorded")
histories = {name: history_of(source) for name, source in sources.items()}
rows = []
for name, history in histories.items():
    for test in history.evaluations:
        if test["corruption"] is None:
            rows.append((name, test["step"], test["accuracy"]))
            print(f"{name}  step {test['step']}  {test['accuracy']:.4f}")
"""
_PLOT = """\
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(9, 4))
for name, history in histories.items():
    axes.plot(history.steps, history.columns["loss"], label=name)
axes.axvline(found.step or 0, color="grey", linewidth=0.5)
axes.set_xlabel("step")
axes.set_ylabel("training loss")
axes.legend()
plt.show()
"""


def programs_of(chosen: Sequence[Shown]) -> list[Program]:
    """Comparing two runs once more, the older one first."""
    origins = {each.label: Origin.of(each.id) for each in chosen}
    first, second = (each.history for each in chosen)
    modes = ", ".join(f"{each.label}: {each.statistics}" for each in chosen)
    sources = {label: origin.source(keeps_tests=True) for label, origin in origins.items()}
    found = parting(first, second)
    return [
        program_of(
            origins,
            table("sources", sources),
            _LOOP,
            title="Two runs compared",
            about=f"{' and '.join(origins)} (seed {seeds_of(origins)}): which settings differ, "
            "where their courses part, and the tests on clean images. Statistics at test time: "
            f"{modes}.",
            commands=(("compare", chosen[0].id, chosen[1].id),),
            expected=(
                f"they part at step {found.step}, among {found.shared} that both recorded",
                *(
                    line(each.label, f"step {test['step']}", test["accuracy"])
                    for each in chosen
                    for test in each.history.evaluations
                    if test["corruption"] is None
                ),
            )
            if all(origin.is_over for origin in origins.values())
            else (),
            plot=_PLOT,
        )
    ]
