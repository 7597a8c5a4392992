"""Paper: the published tables beside the measured ones, and the way from BN to AFN in steps."""

from collections.abc import Sequence

from afn.pretrained.asks import Reading
from afn.pretrained.ladder import ladder
from afn.pretrained.published import TABLES
from afn.pretrained.replication import COMPARISONS, Replicated

from ...kit import measured
from ...kit.take.code import literal, table
from ...kit.take.program import PLOT, Program, line
from .view import LADDERS

_DIGITS = 2
_UNTOUCHED = (
    "Nothing is trained or tested: the numbers are equal. What is measured grows with "
    "pretrained/results.csv."
)
_PYTHON = """\
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.measured import Results
from afn.pretrained.published import TABLES
from afn.pretrained.replication import COMPARISONS, replicated

results = Results.read(pretrained_dir())  # pretrained/results.csv
rows = []
for table in TABLES:
    for row in replicated(results, table, {column}):
        for norm, published in row.row.accuracies.items():
            here, name = row.measured[norm], f"{{table.name}}, {{row.row.name}}, {{norm}}"
            print(f"{{name}}  published  {{published:.2f}}")
            if here:
                print(f"{{name}}  here, n = {{here.n}}  {{here.mean:.2f}}")
        for each in COMPARISONS:
            published, gain = row.published(each.way, each.over), row.gain(each.way, each.over)
            if published and gain:
                name = f"{{table.name}}, {{row.row.name}}, {{each.title}}, {{each.how}}"
                print(f"{{name}}  published  {{published:.2f}}")
                print(f"{{name}}  here, n = {{gain.n}}  {{gain.mean:.2f}}")
                print(f"{{name}}  {{row.verdict(each.way, each.over)}}")
                rows.append((name, published, gain.mean))
"""
_PLOT = """\
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6, 6))
axes.axhline(0, color="grey", linewidth=0.5)
axes.axvline(0, color="grey", linewidth=0.5)
axes.plot([published for _, published, _ in rows], [here for _, _, here in rows], "o")
axes.set_xlabel("published difference, points")
axes.set_ylabel("difference here, points")
plt.show()
"""
_LADDERS = """\
from afn.pretrained.asks import {imported}
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.ladder import ladder
from afn.pretrained.measured import Results

results = Results.read(pretrained_dir())  # pretrained/results.csv
{tests}
rows = []
for name, asks in tests.items():
    for step, rung in ladder(results, asks).rungs:
        rows.append((name, step, rung.mean))
        print(f"{{name}}, n = {{rung.n}}  {{step}}  {{rung.mean:.2f}}")
"""


def experiments_of(reading: Reading) -> list[Program]:
    """Reading our results: held against the published ones, and from BN to AFN step by step.

    Args:
        reading: What a column of the first table of digits stands for.
    """
    return [_tables(reading), _ladders()]


def _tables(reading: Reading) -> Program:
    tables = {table.name: measured.rows(table, reading) for table in TABLES}
    return Program(
        title="Published and measured",
        about="Every published table of AFN beside the mean over seeds of what was measured "
        "here, with smaller networks and less training, from `pretrained/results.csv`; norms in "
        "the statistics modes in which they are published (AFN: test batch, BN: running). Verdicts "
        "are by the sign of the differences, with intervals over seeds and images.",
        python=_PYTHON.format(column=f'"{reading}"'),
        commands=(("pretrained", "tables", "--column", reading),),
        expected=tuple(
            text for name, rows in tables.items() for text in _lines(name, rows)
        ),
        tolerance=_UNTOUCHED,
        plot=_PLOT,
    )  # fmt: skip


def _ladders() -> Program:
    found = {name: ladder(measured.results(), ask()) for name, ask in LADDERS.items()}
    asked = {
        name: f"{ask.func.__name__}({', '.join(map(literal, ask.args))})"
        for name, ask in LADDERS.items()
        if found[name]
    }
    used = {LADDERS[name].func.__name__ for name in asked}
    return Program(
        title="From BN to AFN in steps",
        about="Where the gain comes from: BN with running averages, the same weights with the "
        "statistics of the test batch, AFN whose networks are frozen (or, where that was not "
        "asked, every λ forced to 0), and AFN as it is. Means over seeds that have all four, and "
        "over the tests, from `pretrained/results.csv`.",
        python=_LADDERS.format(
            imported=", ".join(sorted(used)),
            tests=table("tests", asked),
        ),
        no_command="`python -m afn pretrained tables` says the published rows alone; the Python "
        "reads the same table.",
        expected=tuple(
            line(f"{name}, n = {rung.n}", step, rung.mean, _DIGITS)
            for name, rungs in found.items()
            for step, rung in (rungs.rungs if rungs else ())
        ),
        tolerance=_UNTOUCHED,
        plot=PLOT.format(ylabel="accuracy, %"),
    )


def _lines(table: str, rows: Sequence[Replicated]) -> list[str]:
    found = []
    for row in rows:
        for norm, accuracy in row.row.accuracies.items():
            name, here = f"{table}, {row.row.name}, {norm}", row.measured[norm]
            found.append(line(name, "published", accuracy, _DIGITS))
            if here:
                found.append(line(name, f"here, n = {here.n}", here.mean, _DIGITS))
        for each in COMPARISONS:
            published, gain = row.published(each.way, each.over), row.gain(each.way, each.over)
            if published and gain:
                name = f"{table}, {row.row.name}, {each.title}, {each.how}"
                found.append(line(name, "published", published, _DIGITS))
                found.append(line(name, f"here, n = {gain.n}", gain.mean, _DIGITS))
    return found
