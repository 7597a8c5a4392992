"""Running what pages offer to take along: the program, the command, the notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from app.kit.take import Program

ROOT = Path(__file__).parents[4]


_COMMANDS = """\
import json, sys
from afn.cli.main import main

for arguments in json.loads(sys.argv[1]):
    main(arguments)
"""
"""As ``python -m afn`` does, but torch is loaded once for all lines."""


def environment(runs: Path) -> dict[str, str]:
    """That of somebody who has this package, an empty data folder and no screen."""
    return os.environ | {
        "PYTHONPATH": str(ROOT), "AFN_RUNS_DIR": str(runs), "MPLBACKEND": "Agg",
        "AFN_DATA_DIR": str(runs.parent / "no-data"), "OMP_NUM_THREADS": "1",
    }  # fmt: skip


def printed(experiment: Program, runs: Path, folder: Path | None = None) -> list[str]:
    """The lines that the Python prints, a warning being an error."""
    command = [sys.executable, "-W", "error", "-c", experiment.python]
    return _run(command, runs, folder).splitlines()


def said(experiment: Program, runs: Path, folder: Path) -> list[dict]:
    """The records that the command lines say, its files lying where they are run."""
    for name, text in experiment.files.items():
        (folder / name).write_text(text)
    commands = [[*arguments, "--json"] for arguments in experiment.commands]
    lines = _run([sys.executable, "-c", _COMMANDS, json.dumps(commands)], runs, folder)
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


def _run(command: list[str], runs: Path, folder: Path | None = None) -> str:
    done = subprocess.run(
        command, env=environment(runs), cwd=folder or runs.parent, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
