"""Commands, in process, on a store of their own: what they say, and of what they complain."""

import json
import shutil

import pytest

from afn.cli.main import main
from afn.engine.execution import execute
from afn.runs.store import RunStore
from tests.conftest import QUICK as QUICK_RUN


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    """The run store that the commands find in their environment, still empty."""
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "data"))
    return RunStore()


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """A run that is done, to be read only."""
    run = RunStore(tmp_path_factory.mktemp("original")).create(QUICK_RUN, name="mine")
    list(execute(run))
    return run


@pytest.fixture
def finished(store, original):
    """That run, in the store of the commands."""
    shutil.copytree(original.path, store.root / original.id)
    return store.open(original.id)


@pytest.fixture
def says(capsys):
    """Runs a command that must succeed; returns its lines."""

    def run(*arguments):
        main(arguments)
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out.splitlines()

    return run


@pytest.fixture
def records(says):
    """Runs a command with ``--json``; returns its lines parsed, strictly."""

    def no_json(constant):
        pytest.fail(f"{constant} is no JSON")

    def run(*arguments):
        lines = says(*arguments, "--json")
        return [json.loads(line, parse_constant=no_json) for line in lines]

    return run


@pytest.fixture
def complains(capsys):
    """Runs a command that must fail; returns its one line on standard error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        captured = capsys.readouterr()
        assert end.value.code not in (0, None)
        assert captured.err.count("\n") == 1
        assert captured.err.startswith("afn: ")
        return captured.err

    return run
