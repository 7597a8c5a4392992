"""Paper: the published tables beside the measured ones, and the way from BN to AFN in steps."""

from afn.pretrained.asks import Reading
from afn.pretrained.ladder import LADDERS, ladder
from afn.pretrained.published import TABLES
from afn.pretrained.replication import figures

from ...kit import measured
from ...kit.take.code import program
from ...kit.take.program import Program, drawing, line

_DIGITS = 2
_UNTOUCHED = (
    "Nothing is trained or tested: the numbers are equal. What is measured grows with "
    "pretrained/results.csv."
)
_PYTHON = """\
rows = []
for each in published_and_measured("{reading}"):
    print(f"{{each.name}}  published  {{each.published:.2f}}")
    if each.here is not None:
        print(f"{{each.name}}  here, n = {{each.n}}  {{each.here:.2f}}")
    if each.verdict:
        print(f"{{each.name}}  {{each.verdict}}")
        rows.append((each.name, each.published, each.here))
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
rows = []
for name, step, rung in bn_to_afn():
    rows.append((name, step, rung.mean))
    print(f"{name}, n = {rung.n}  {step}  {rung.mean:.2f}")
"""


def programs_of(reading: Reading) -> list[Program]:
    """Reading our results: held against the published ones, and from BN to AFN step by step."""
    return [_tables(reading), _ladders()]


def _tables(reading: Reading) -> Program:
    return Program(
        title="Published and measured",
        about="Every published table of AFN beside the mean over seeds of what was measured "
        "here, with smaller networks and less training, from `pretrained/results.csv`; norms in "
        "the statistics modes in which they are published (AFN: test batch, BN: running). Verdicts "
        "are by the sign of the differences, with intervals over seeds and images.",
        python=program(_PYTHON.format(reading=reading)),
        commands=(("pretrained", "tables", "--column", reading),),
        expected=tuple(
            line(each.name, what, value, _DIGITS)
            for table in TABLES
            for each in figures(table.name, measured.rows(table, reading))
            for what, value in (("published", each.published), (f"here, n = {each.n}", each.here))
            if value is not None
        ),
        tolerance=_UNTOUCHED,
        plot=_PLOT,
    )  # fmt: skip


def _ladders() -> Program:
    found = {name: ladder(measured.results(), asks()) for name, asks in LADDERS.items()}
    return Program(
        title="From BN to AFN in steps",
        about="Where the gain comes from: BN with running averages, the same weights with the "
        "statistics of the test batch, AFN whose networks are frozen (or, where that was not "
        "asked, every λ forced to 0), and AFN as it is. Means over seeds that have all four, and "
        "over the tests, from `pretrained/results.csv`.",
        python=program(_LADDERS),
        no_command="`python -m afn pretrained tables` says the published rows alone; the Python "
        "reads the same table.",
        expected=tuple(
            line(f"{name}, n = {rung.n}", step, rung.mean, _DIGITS)
            for name, rungs in found.items()
            for step, rung in (rungs.rungs if rungs else ())
        ),
        tolerance=_UNTOUCHED,
        plot=drawing("accuracy, %"),
    )
