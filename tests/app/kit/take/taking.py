"""Running what pages offer to take along: the program, the command, the notebook."""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from app.kit.take import Program
from tests import forked
from tests.installed import ROOT

Run = Callable[..., str]

_COMMANDS = """\
import json, sys
from afn.cli.main import main

for arguments in json.loads(sys.argv[1]):
    main(arguments)
"""
"""As ``python -m afn`` does, but in one process for all lines."""


def environment(runs: Path) -> dict[str, str]:
    """That of somebody who has this package, an empty data folder and no screen."""
    return os.environ | {
        "PYTHONPATH": str(ROOT), "AFN_RUNS_DIR": str(runs), "MPLBACKEND": "Agg",
        "AFN_DATA_DIR": str(runs.parent / "no-data"), "OMP_NUM_THREADS": "1",
    }  # fmt: skip


def printed(
    experiment: Program, runs: Path, folder: Path | None = None, *, run: Run = forked.printed
) -> list[str]:
    """The lines that the Python prints, a warning being an error."""
    words = ("-W", "error", "-c", experiment.python)
    return run(*words, env=environment(runs), cwd=folder or runs.parent).splitlines()


def said(experiment: Program, runs: Path, folder: Path) -> list[dict]:
    """The records that the command lines say, its files lying where they are run."""
    for name, text in experiment.files.items():
        (folder / name).write_text(text)
    commands = [[*arguments, "--json"] for arguments in experiment.commands]
    words = ("-c", _COMMANDS, json.dumps(commands))
    lines = forked.printed(*words, env=environment(runs), cwd=folder)
    return [json.loads(line) for line in lines.splitlines()]


def drawn_lines(experiment: Program) -> list[str]:
    """The notebook's cells one after the other, in this process; what they print."""
    cells = _notebook(experiment).cells
    assert [cell.cell_type for cell in cells] == ["markdown", "code", "code"]
    lines: list[str] = []
    names = {"print": lambda *words: lines.append(" ".join(map(str, words)))}
    for cell in cells[1:]:
        exec(compile(cell.source, cell.id, "exec"), names)
    return lines


def executed(experiment: Program, runs: Path, folder: Path) -> tuple[list[str], list[str]]:
    """The notebook in a kernel: what it prints, and the kinds of pictures that it draws."""
    notebook = _notebook(experiment)
    inside = environment(runs) | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute(env=inside)
    outputs = [output for cell in notebook.cells[1:] for output in cell.outputs]
    text = "".join(each.text for each in outputs if each.output_type == "stream")
    kinds = [kind for each in outputs if "data" in each for kind in each.data]
    return text.splitlines(), kinds


def _notebook(experiment: Program) -> nbformat.NotebookNode:
    text = experiment.notebook("http://localhost/page?a=b", {"torch": "2"})
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    head = notebook.cells[0].source
    for part in (experiment.about, "http://localhost/page?a=b", "torch 2", experiment.tolerance):
        assert part in head
    return notebook


def check(experiment: Program, lines: list[str], *, all_of_them: bool = True) -> None:
    """The program prints what is on screen, and nothing else that looks like a number of it."""
    assert experiment.expected
    assert set(experiment.expected) <= set(lines)
    if all_of_them:
        assert Counter(lines) == Counter(experiment.expected)
