"""A lesson: the norm of each training's first gradient."""

from dataclasses import replace

from afn.sweep.plan import words

from ...kit.take import sweeps
from ...kit.take.code import program
from ...kit.take.program import Program, drawing, line
from .experiments.trainings import Trained, Trainings

_WHAT = "first gradient"
_DIGITS = 1
"""What comes along is rounded to five digits in all."""
_LOOP = """\
rows = []
for (where, seed), run in run_sweep(spec).runs().items():
    history = history_of(find(run))
    rows.append((f"{where}, seed {seed}", "first gradient", history.columns["grad_norm"][0]))
    print(f"{where}, seed {seed}  first gradient  {rows[-1][2]:.1f}")
"""


def programs_of(trial: Trainings, data: Trained, about: str) -> list[Program]:
    """Training anew, one step or more, and telling the norm of the gradient at the first.

    Args:
        trial: The trainings.
        data: What came out of them.
        about: What it is, in Markdown.
    """
    [sweep] = sweeps.programs_of(trial.plan, None, metric="clean")
    return [
        replace(
            sweep,
            about=about,
            python=program(f"spec = {sweeps.spec_code(trial.plan.spec)}\n", _LOOP),
            expected=tuple(
                line(
                    f"{words(run.point)}, seed {run.config.seed}", _WHAT,
                    data.gradients[run.run_id][0], _DIGITS,
                )
                for run in trial.plan.runs
            ),
            note=f"{sweep.note} The table that the command writes is of accuracies.",
            plot=drawing("norm of the first gradient"),
        )
    ]  # fmt: skip
