"""The project as users install it: a wheel, and a folder that it was installed into."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def pip(*arguments, folder):
    """Run pip offline, with the setuptools that is here."""
    subprocess.run(
        [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation"],
        cwd=folder,
        check=True,
        timeout=300,
    )  # fmt: skip


def copy_of_project(folder):
    """What a build reads, so that nothing is built into the checkout."""
    for name in ("afn", "app", ".streamlit"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    (folder / "pretrained").symlink_to(ROOT / "pretrained")
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "Makefile"):
        shutil.copy(ROOT / name, folder)
    return folder


def wheel_of(source, folder):
    """A wheel of a tree or an sdist, put into a folder."""
    pip("wheel", "--wheel-dir", str(folder), str(source), folder=folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def environment(folder="", **variables):
    """An environment without this project's settings, nor those of the make that runs the tests.

    Python finds what is in the folder before any checkout.
    """
    ours = re.compile(r"AFN_|MAKE|MFLAGS|TORCH$|PIP_FLAGS$")
    kept = {key: value for key, value in os.environ.items() if not ours.match(key)}
    return kept | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", **variables}
