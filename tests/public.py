"""What the library offers: every module that names its public names."""

import ast
from importlib import import_module

from tests.installed import ROOT


def _module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def assigned(node):
    """The name that a plain assignment is to; None for any other statement."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else None


SOURCES = {
    _module_of(path): ast.parse(path.read_text()).body
    for path in sorted((ROOT / "afn").rglob("*.py"))
}
"""The statements of every module of the library."""
PUBLIC = {
    module: import_module(module).__all__
    for module, body in SOURCES.items()
    if any(assigned(node) == "__all__" for each in body for node in ast.walk(each))
}
"""Public names by module."""
