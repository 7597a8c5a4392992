"""Every public name shows an example in its docstring, and the examples hold."""

import ast
import doctest
import inspect
from importlib import import_module
from itertools import pairwise

import pytest

from tests.public import PUBLIC, SOURCES, assigned

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NOT_RUN = {
    "download('usps')": "needs a network",
    "runner.start()": "needs a cluster",
    "import_runs(Path('logs'))": "needs event files",
}
"""Lines of examples that are skipped, and why."""


def docstring(module, name):
    """What explains a public name; for data, the string below its assignment."""
    found = getattr(import_module(module), name)
    if inspect.isclass(found) or inspect.isfunction(found):
        return found.__doc__
    [text] = (
        ast.literal_eval(below.value)
        for home, body in SOURCES.items()
        for node, below in pairwise(body)
        if assigned(node) == name and getattr(import_module(home), name) is found
    )
    return text


def names():
    """Each public name once, at the first module that offers it."""
    seen = {}
    for module, offered in PUBLIC.items():
        for name in offered:
            seen.setdefault(name, module)
    return [(module, name) for name, module in seen.items()]


@pytest.mark.parametrize(("module", "name"), names(), ids=lambda value: value)
def test_an_example_holds(module, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for variable in ("AFN_RUNS_DIR", "AFN_DATA_DIR", "AFN_PRETRAINED_DIR", "AFN_CLUSTER"):
        monkeypatch.delenv(variable, raising=False)
    text = docstring(module, name)
    test = doctest.DocTestParser().get_doctest(text, {}, f"{module}.{name}", None, None)
    assert any(name in example.source for example in test.examples), f"{name} has no example"
    skipped = [e.source.partition("  #")[0] for e in test.examples if doctest.SKIP in e.options]
    assert {line.replace('"', "'") for line in skipped} <= NOT_RUN.keys()
    doctest.DocTestRunner(optionflags=FLAGS).run(test)
    said = capsys.readouterr().out
    assert "Failed example" not in said, said
    assert not test.globs  # cleared: each example stands for itself


def test_all_packages_that_name_their_names_are_found():
    assert {"afn", "afn.norms", "afn.corruptions", "afn.data", "afn.backbones"} <= PUBLIC.keys()
