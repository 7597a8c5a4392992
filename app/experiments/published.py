"""Paper: the published tables beside the measured ones, and λ of the trainings looked at."""

from collections.abc import Sequence

from afn.pretrained.published import TABLES
from afn.pretrained.replication import Reading, Replicated
from app import evidence
from app.experiments.experiment import Experiment, line

_DIGITS = 2
_PYTHON = """\
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.published import TABLES
from afn.pretrained.replication import Results, replicated

results = Results.read(pretrained_dir())  # pretrained/results.csv
rows = []
for table in TABLES:
    for row in replicated(results, table, {column}):
        for norm, published in row.row.accuracies.items():
            here, name = row.measured[norm], f"{{table.name}}, {{row.row.name}}, {{norm}}"
            print(f"{{name}}  published  {{published:.2f}}")
            if here:
                found = row.verdict(norm) if norm != "bn" else None
                print(f"{{name}}  {{here.n}} seeds here  {{here.mean:.2f}}")
                if found:
                    print(f"{{name}}  gain over BN: {{found}}")
                    rows.append((name, published - row.row.accuracies["bn"], row.gain(norm).mean))
"""
_PLOT = """\
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6, 6))
axes.axhline(0, color="grey", linewidth=0.5)
axes.axvline(0, color="grey", linewidth=0.5)
axes.plot([published for _, published, _ in rows], [here for _, _, here in rows], "o")
axes.set_xlabel("published gain over BN, points")
axes.set_ylabel("gain over BN here, points")
plt.show()
"""


def experiments_of(reading: Reading) -> list[Experiment]:
    """Reading our results, and holding them against the published ones.

    Args:
        reading: What a column of the first table of digits stands for.
    """
    tables = {table.name: evidence.rows(table, reading) for table in TABLES}
    return [
        Experiment(
            title="Published and measured",
            about="Every published table of AFN beside the mean over seeds of what was measured "
            "here with the same protocol, from `pretrained/results.csv`; norms in the statistics "
            "modes in which they are published (AFN: test batch, BN: running). The verdict is by "
            "the sign of the gain over BN.",
            python=_PYTHON.format(column=f'"{reading}"'),
            commands=(("pretrained", "tables", "--column", reading),),
            expected=tuple(
                text for name, rows in tables.items() for text in _lines(name, rows)
            ),
            tolerance="Nothing is trained or tested: the numbers are equal. What is measured grows "
            "with pretrained/results.csv.",
            plot=_PLOT,
        )
    ]  # fmt: skip


def _lines(table: str, rows: Sequence[Replicated]) -> list[str]:
    found = []
    for row in rows:
        for norm, published in row.row.accuracies.items():
            name, here = f"{table}, {row.row.name}, {norm}", row.measured[norm]
            found.append(line(name, "published", published, _DIGITS))
            if here:
                found.append(line(name, f"{here.n} seeds here", here.mean, _DIGITS))
    return found
