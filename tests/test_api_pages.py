"""``make docs``: a page for each public module, on it every public name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installed import ROOT
from tests.public import PUBLIC


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, made as the command does, which ends non-zero at a warning."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "docs/api.py", str(folder)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True)
    return folder


@pytest.mark.slow
def test_every_public_name_is_on_its_page(site: Path) -> None:
    for module, names in PUBLIC.items():
        page = (site / f"{module.replace('.', '/')}.html").read_text()
        assert set(names) <= set(re.findall(r'<section id="(\w+)"', page))
    assert (site / "index.html").exists()


@pytest.mark.slow
def test_what_a_layer_inherits_belongs_to_it(site: Path) -> None:
    page = (site / "afn.html").read_text()
    assert {"AFN2d.__init__", "AFN2d.trace", "AFN2d.lambdas"} <= set(
        re.findall(r'<div id="([\w.]+)" class="classattr"', page)
    )


@pytest.mark.slow
def test_a_formula_has_its_lines(site: Path) -> None:
    formula = re.search(r"\$\$\\begin\{aligned\}(.*?)\\end\{aligned\}\$\$",
                        (site / "afn.html").read_text(), re.DOTALL)  # fmt: skip
    assert formula
    assert formula[1].count("\\\\") >= 3
