"""What the library offers: every module that names its public names."""

import ast
import re
from importlib import import_module

from tests.installed import ROOT


def _module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def assigned(node):
    """The name that a plain assignment is to; None for any other statement."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else None


_TEXTS = {_module_of(path): path.read_text() for path in sorted((ROOT / "afn").rglob("*.py"))}
SOURCES = {module: ast.parse(text).body for module, text in _TEXTS.items()}
"""The statements of every module of the library."""
PUBLIC = {
    module: import_module(module).__all__
    for module, text in _TEXTS.items()
    if re.search(r"^ *__all__ =", text, re.MULTILINE)
}
"""Public names by module."""
