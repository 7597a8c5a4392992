"""What importing the package costs and does, and who may import whom."""

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import afn

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "afn").rglob("*.py"))
OF_EXTRAS = ("afn.recording.lightning", "afn.recording.transformers")
"""Modules that are a part of another library's training, and need it."""
EVERY_MODULE = (
    "import afn, importlib, pkgutil\n"
    "for module in pkgutil.walk_packages(afn.__path__, 'afn.'):\n"
    f"    if module.name not in ('afn.__main__', *{OF_EXTRAS}):\n"
    "        importlib.import_module(module.name)\n"
)


def in_a_fresh_interpreter(code, folder=ROOT):
    """What the code prints, one word a line; a warning is an error there too."""
    answer = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.stderr == ""
    return answer.stdout.split()


def loaded_by(code):
    """Names of the packages that the code loads."""
    return set(
        in_a_fresh_interpreter(
            f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
        )
    )


def test_what_is_tested_is_this_checkout():
    here = str(ROOT / "afn" / "__init__.py")
    assert afn.__file__ == here  # and not what is installed from elsewhere
    answer = [sys.executable, "-c", "import afn; print(afn.__file__)"]
    assert subprocess.check_output(answer, cwd=ROOT, text=True).strip() == here


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    [
        "afn",
        "afn.runs.store",
        "afn.work.runner",
        "afn.runs.history",
        "afn.runs.fork",
        "afn.runs.compare",
        "afn.cost.records",
        "afn.cli.main",
        "afn.data",
        "afn.settings.config",
        "afn.pretrained.cards",
        "afn.cli.pretrained",
        "app.kit.comparison",
        "app.kit.measuring",
    ],
)
def test_programs_that_only_read_load_no_torch(module):
    assert loaded_by(f"import {module}").isdisjoint({"torch", "torchvision", "streamlit"})


@pytest.mark.slow
@pytest.mark.parametrize("page", ["playground", "cost", "lessons", "dynamics"])
def test_the_server_loads_no_torch_for_pages_that_compute_nothing(page):
    quiet = "import logging; logging.disable()"  # Streamlit says that it has no runtime
    loaded = loaded_by(f"{quiet}\nimport app.page.{page}.page")
    assert loaded.isdisjoint({"torch", "torchvision"})


@pytest.mark.slow
def test_the_layers_and_the_whole_library_need_no_screen():
    assert {"afn", "torch"} <= (loaded := loaded_by(EVERY_MODULE))
    assert loaded.isdisjoint({"streamlit", "plotly", "pandas", "app"})


@pytest.mark.slow
def test_the_library_can_be_imported_without_its_extras():
    extras = ("mlxtend", "sklearn", "matplotlib", "scipy", "pandas", "distributed", "dask")
    absent = f"import sys\nsys.modules.update(dict.fromkeys({extras}))\n"
    code = "from afn.data import catalogue\nprint(len(catalogue()))\n"
    assert in_a_fresh_interpreter(absent + EVERY_MODULE + code)


@pytest.mark.slow
def test_importing_prints_starts_seeds_and_writes_nothing(tmp_path):
    code = (
        "import random, threading, numpy, torch\n"
        "def world():\n"
        "    return (threading.active_count(), random.getstate(), torch.get_rng_state().tolist(),\n"
        "            numpy.random.get_state()[1].tolist(), torch.get_default_dtype())\n"
        "before = world()\n"
        f"{EVERY_MODULE}"
        "assert world() == before\n"
    )
    assert in_a_fresh_interpreter(code, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


# -- who imports whom ----------------------------------------------------------------------------


def imported_by(path):
    """Full names of the modules that a source names in its imports, wherever they stand.

    Of what type checkers alone read, the library's own.
    """
    found = set()
    tree = ast.parse(path.read_text())
    unread = {
        each
        for block in tree.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for each in block.body
        if not (isinstance(each, ast.ImportFrom) and str(each.module).startswith("afn"))
    }
    for node in ast.walk(tree):
        if node in unread:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; these tests cannot follow that"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def parts_imported_by(part):
    """What a part of the library (``norms``, ``runs``, ...) imports of the others."""
    home = ROOT / "afn"
    sources = [p for p in SOURCES if p.relative_to(home).with_suffix("").parts[0] == part]
    assert sources, f"there is no afn.{part}"
    modules = set().union(*map(imported_by, sources))
    return {name.split(".")[1] for name in modules if name.startswith("afn.")} - {part}


def test_the_library_knows_neither_app_nor_screen():
    for path in SOURCES:
        packages = {name.partition(".")[0] for name in imported_by(path)}
        assert packages.isdisjoint({"app", "streamlit", "plotly", "pandas"}), path


def test_norms_import_nothing_else_of_the_library():
    assert parts_imported_by("norms") == {"settings"}


@pytest.mark.parametrize(
    ("part", "forbidden"),
    [
        ("backbones", {"data", "corruptions", "engine", "runs", "ask"}),
        ("data", {"norms", "backbones", "engine", "ask"}),
        ("corruptions", {"norms", "backbones", "engine", "ask"}),
        ("stats", {"norms", "backbones", "engine"}),
        ("engine", {"cli", "sweep"}),
        ("runs", {"cli", "sweep"}),
    ],
)
def test_imports_point_one_way(part, forbidden):
    assert parts_imported_by(part).isdisjoint(forbidden)


# -- the public face -----------------------------------------------------------------------------


def test_every_public_name_is_there_and_explained():
    star = {}
    exec("from afn import *", star)
    assert set(afn.__all__) == star.keys() - {"__builtins__"}
    for name in afn.__all__:
        found = star[name]
        if inspect.isclass(found) or inspect.isfunction(found):
            assert (found.__doc__ or "").strip(), f"{name} has no docstring"
            assert not found.__doc__.startswith(f"{name}("), f"{name}'s docstring is a dataclass's"


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(AttributeError, match=r"no attribute 'AFN4d'; it has AFN1d, AFN2d"):
        _ = afn.AFN4d
    assert set(afn.__all__) <= set(dir(afn))
