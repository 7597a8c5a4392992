"""What the library offers: every module that names its public names."""

import ast
from importlib import import_module
from pathlib import Path

import afn

_HOME = Path(afn.__file__).parent


def _names_its_names(path):
    """Whether a module has ``__all__``."""
    return any(
        isinstance(node, ast.Assign)
        and any(isinstance(each, ast.Name) and each.id == "__all__" for each in node.targets)
        for node in ast.parse(path.read_text()).body
    )


def _module_of(path):
    parts = path.relative_to(_HOME.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PUBLIC = {
    module: import_module(module).__all__
    for module in sorted(_module_of(p) for p in _HOME.rglob("*.py") if _names_its_names(p))
}
"""Public names by module."""
