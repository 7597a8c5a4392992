"""Programs handed out earlier import by names that modules had then."""

import subprocess
import sys
from importlib import import_module

import pytest

import afn
from afn._moved import MOVED


@pytest.mark.parametrize("old", MOVED)
def test_a_module_is_one_by_both_its_names(old: str) -> None:
    assert import_module(old) is import_module(MOVED[old])


def test_what_lay_in_a_package_is_found_by_its_old_name() -> None:
    from afn.grids.subjects import Subject as old  # type: ignore[import-not-found]

    from afn.ask.network import Network

    assert old is Network


def test_an_unknown_module_is_refused_as_ever() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"afn\.nothing"):
        import_module("afn.nothing")


def test_an_old_name_is_found_first_thing() -> None:
    program = "from afn.runs import RunStore; import afn.grids.records; print(RunStore.__module__)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "afn.runs.store\n"
    assert afn.__version__
