"""The notebooks of examples/ run as they are, on what comes along, and carry no outputs."""

import ast
import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest

from tests.installed import ROOT
from tests.public import PUBLIC

pytestmark = pytest.mark.slow

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
EACH = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def programs(path: Path) -> list[str]:
    cells = json.loads(path.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_they_are_there() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {"convert", "record", "robustness", "train"}


@EACH
def test_a_notebook_is_one_without_outputs(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert [cell for cell in book.cells if cell.get("outputs") or cell.get("execution_count")] == []


@EACH
def test_a_notebook_takes_public_names_alone(path: Path) -> None:
    for program in programs(path):
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("afn"):
                assert node.module in PUBLIC
                assert {alias.name for alias in node.names} <= set(PUBLIC[node.module])


@EACH
def test_a_notebook_runs_from_its_first_cell_to_its_last(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("AFN_RUNS_DIR", "AFN_DATA_DIR", "AFN_PRETRAINED_DIR", "AFN_CLUSTER"):
        monkeypatch.delenv(variable, raising=False)
    with mpl.rc_context():
        mpl.use("Agg")
        names: dict[str, object] = {"__name__": "__main__"}
        for number, program in enumerate(programs(path)):
            exec(compile(program, f"{path.name}, cell {number}", "exec"), names)
        plt.close("all")
    assert capsys.readouterr().out
