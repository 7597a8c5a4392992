"""Ablations: a sweep as a file, a command, and a program that trains what is lacking."""

import json

from afn.settings.corruptions import CORRUPTION_NAMES, KINDS
from afn.sweep.plan import SweepPlan, words
from afn.sweep.spec import SweepSpec
from afn.wording import count_words

from ..markdown import plain
from ..results import SweepResults
from .code import program
from .program import OLDER_RULE, Program, line

_DIGITS = 2
_CORRUPTED = {"corrupted", *KINDS, *CORRUPTION_NAMES}
"""Metrics of tests on corrupted images."""
_LOOP = """\
swept = run_sweep(spec)
title = swept.title({metric})
rows = []
for where, figures in swept.figures({metric}).items():
    rows.append((title, where, figures.mean))
    print(f"{{title}}  {{where}}  {{figures.mean:.2f}}")
"""
_PLOT = """\
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(9, 0.4 * len(rows) + 1))
axes.barh([where for _, where, _ in rows], [value for _, _, value in rows])
axes.invert_yaxis()
axes.set_xlabel(rows[0][0])
plt.show()
"""


def programs_of(
    planned: SweepPlan, results: SweepResults | None, *, metric: str, toml: str = ""
) -> list[Program]:
    """Running a sweep, from its file as people wrote it or one made of its plan."""
    spec = planned.spec
    known = results.metrics if results else {}
    metric = metric if metric in known or not known else "clean"
    expected = []
    is_older = bool(results and results.older and metric in _CORRUPTED)
    if results and metric in known and not (is_older or known[metric].unit.startswith(("ms", "s"))):
        found = results.figures(known[metric])
        expected = [
            line(known[metric].title, words(point), found[point].mean, _DIGITS) for point in found
        ]
    name = _file_name(spec.name)
    seeds = len(spec.seeds)
    return [
        Program(
            title=spec.name,
            about=plain(
                f"A sweep: {count_words(len(planned.points), 'setting')} × {seeds} "
                f"{'seed' if seeds == 1 else 'seeds'} on {spec.base.dataset} "
                f"({spec.base.backbone}), {count_words(len(planned.runs), 'run')}; what is on "
                "screen is their "
                f"{known[metric].title if metric in known else 'accuracy'}, mean over seeds."
            ),
            python=program(f"spec = {spec_code(spec)}\n", _LOOP.format(metric=json.dumps(metric))),
            commands=(("sweep", name, "--output", f"{name.removesuffix('.toml')}.csv"),),
            files={name: toml or spec.to_toml()},
            expected=tuple(expected),
            note="The command uses all cores, the program one after the other; both take what the "
            "run store below AFN_RUNS_DIR has already." + (f" {OLDER_RULE}" if is_older else ""),
            plot=_PLOT,
        )
    ]


def spec_code(spec: SweepSpec) -> str:
    """A specification as Python."""
    record = {k: v for k, v in spec.to_json().items() if k != "version"}
    text = json.dumps(record, indent=4, ensure_ascii=False)
    for plain_word, python_word in (("true", "True"), ("false", "False"), ("null", "None")):
        text = text.replace(f": {plain_word}", f": {python_word}")
    return text


def _file_name(name: str) -> str:
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    return f"{'-'.join(part for part in letters.split('-') if part) or 'sweep'}.toml"
