"""One experiment in its three forms. Needs no Streamlit."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SAME = (
    "On the machine that made them the numbers are equal, digit for digit. With other versions or "
    "another processor an answer or two may differ, and after a training somewhat more."
)
OLDER_RULE = (
    "Some corrupted images on screen were made under an older rule of corruptions. The program "
    "makes them under today's, so those numbers are not among the expected ones."
)
DIGITS = 4
_DRAWING = """\
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(9, 4))
for name in dict.fromkeys(row[0] for row in rows):
    mine = [row for row in rows if row[0] == name]
    axes.{how}([where for _, where, _ in mine], [value for _, _, value in mine], {mark}label=name)
axes.set_ylabel({ylabel!r})
{across}
axes.legend()
plt.show()
"""
_PLACES = 'axes.tick_params(axis="x", rotation=90)'


def drawing(ylabel: str, xlabel: str = "", *, how: str = "plot") -> str:
    """Draws ``rows``: a curve for each name, over the places or over numbers, which are named."""
    across = f"axes.set_xlabel({json.dumps(xlabel)})" if xlabel else _PLACES
    mark = "" if xlabel else '"o-", '
    return _DRAWING.format(how=how, ylabel=ylabel, across=across, mark=mark)


def line(name: str, where: str, value: float, digits: int = DIGITS) -> str:
    """What a snippet prints of one number."""
    return f"{name}  {where}  {value:.{digits}f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What is on screen, to be done again elsewhere.

    The Python and the notebook run from the project's folder, or wherever ``afn`` is installed.
    """

    title: str
    """A few words, such as "BN and AFN under contrast"."""
    about: str
    """What the screen shows: data, seeds, statistics mode, settings. Markdown, one paragraph."""
    python: str
    """A short program that prints the screen's numbers and leaves them in ``rows``."""
    commands: tuple[tuple[str, ...], ...] = ()
    """Arguments behind ``python -m afn``, a tuple for each line."""
    no_command: str = ""
    """Why there is no command, in a sentence."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Text by file name: what the commands read, and configurations."""
    expected: tuple[str, ...] = ()
    """Lines among those that the program prints, with the numbers that are on screen now."""
    tolerance: str = SAME
    """How near the numbers will come."""
    note: str = ""
    """What else is to be known, such as what the program cannot do."""
    plot: str = drawing("accuracy")
    """Another cell of the notebook, that draws."""

    def __post_init__(self) -> None:
        if bool(self.commands) == bool(self.no_command):
            raise ValueError("an experiment has commands, or says why it has none")

    @property
    def command(self) -> str:
        """The command lines."""
        return "\n".join(
            shlex.join(["python", "-m", "afn", *arguments]) for arguments in self.commands
        )

    def notebook(self, link: str, versions: Mapping[str, str]) -> str:
        """The experiment as a Jupyter notebook, format 4.5; the link of the screen may be empty."""
        made = ", ".join(f"{name} {version}" for name, version in versions.items())
        parts = [f"# {self.title}", self.about, self.note]
        if link:
            parts.append(f"The screen that this was taken from: <{link}>")
        if self.expected:
            parts += ["**Expected**, as on that screen:", _fenced("\n".join(self.expected))]
        parts.append(f"{self.tolerance} Made with {made}.")
        if self.commands:
            parts += ["The same on the command line:", _fenced(self.command, "sh")]
        for name, text in self.files.items():
            parts += [f"`{name}`:", _fenced(text)]
        cells = [
            _cell("about", "markdown", "\n\n".join(part for part in parts if part)),
            _cell("experiment", "code", self.python),
            _cell("drawing", "code", self.plot),
        ]
        return json.dumps(
            {
                "cells": [cell for cell in cells if cell["source"]],
                "metadata": {
                    "kernelspec": {
                        "display_name": "Python 3", "language": "python", "name": "python3",
                    },
                    "language_info": {"name": "python"},
                },
                "nbformat": 4,
                "nbformat_minor": 5,
            },
            indent=1, ensure_ascii=False,
        )  # fmt: skip


def _cell(name: str, kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"id": name, "cell_type": kind, "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source.rstrip("\n").splitlines(keepends=True)}


def _fenced(text: str, language: str = "") -> str:
    return f"```{language}\n{text.rstrip()}\n```"
