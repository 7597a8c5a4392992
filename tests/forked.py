"""A Python of its own for what programs do, as a new one, but with torch and Streamlit loaded.

A process that has loaded them, and nothing of ours, forks one for each program: that takes some
hundredths of a second, and a new interpreter takes seconds.
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

from tests.waiting import PATIENCE

_LOADED = ("torch", "torchvision", "numpy", "pandas", "plotly", "streamlit.web.cli")
_HOME = Path(__file__).parents[1]
_NOT_OURS = [path for path in sys.path if path and Path(path).resolve() != _HOME]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(_LOADED))


def started(
    *arguments: str, env: Mapping[str, str], cwd: Path, output: Path, errors: Path | None = None
) -> BaseProcess:
    """As `python *arguments` starts it (``-c``, ``-m`` or a file; ``-W error`` before it).

    What it prints goes into files, of which the second is the first where none is named.
    """
    return _start(
        _CONTEXT.Process(target=_become, args=(arguments, dict(env), cwd, output, errors or output))
    )


def started_anew(*arguments: str, env: Mapping[str, str], cwd: Path, output: Path) -> BaseProcess:
    """The same as a new interpreter."""
    command = [sys.executable, *arguments]
    return _start(_CONTEXT.Process(target=_replace, args=(command, dict(env), cwd, output)))


def _start(process: BaseProcess) -> BaseProcess:
    """Start it without what is the main program here, which the new process would run first.

    Once a page was tested that is the page's script.
    """
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = main
    return process


def printed(*arguments: str, env: Mapping[str, str], cwd: Path) -> str:
    """What a program prints that must end well."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        process = started(*arguments, env=env, cwd=cwd, output=output, errors=errors)
        process.join(PATIENCE * 3)
        code = process.exitcode
        process.kill()
        process.join()
        assert code == 0, errors.read_text()[-2000:] or f"it ended with {code}"
        return output.read_text()


def printed_anew(*arguments: str, env: Mapping[str, str], cwd: Path) -> str:
    """The same by a new interpreter: for a few, since it takes seconds."""
    done = subprocess.run(
        [sys.executable, *arguments], env=env, cwd=cwd, capture_output=True, text=True,
        timeout=PATIENCE * 3,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _become(
    arguments: Sequence[str], env: Mapping[str, str], cwd: Path, output: Path, errors: Path
) -> None:
    _move(cwd, output, errors)
    os.environ.clear()
    os.environ.update(env)
    sys.path[:] = [str(cwd), *filter(None, env.get("PYTHONPATH", "").split(":")), *_NOT_OURS]
    warnings.resetwarnings()
    if arguments[:2] == ("-W", "error"):
        warnings.simplefilter("error")
        arguments = arguments[2:]
    try:
        _run(*arguments)
    finally:
        atexit._run_exitfuncs()  # which a process of multiprocessing leaves out


def _replace(command: Sequence[str], env: Mapping[str, str], cwd: Path, output: Path) -> None:
    _move(cwd, output, output)
    os.execve(command[0], command, env)


def _move(cwd: Path, output: Path, errors: Path) -> None:
    for number, path in (1, output), (2, errors):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.chdir(cwd)


def _run(how: str, *words: str) -> None:
    what, *rest = words if how[0] == "-" else (how, *words)
    sys.argv = [what, *rest]
    if how == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    elif how == "-c":
        sys.modules["__main__"] = main = ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), main.__dict__)
    else:
        runpy.run_path(what, run_name="__main__")
