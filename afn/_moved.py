"""Where modules are found that programs handed out earlier import by another name.

Installed by the package itself; what is new imports from ``afn`` or by the new name.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "afn.ask.subjects": "afn.ask.network",
    "afn.comparing": "afn.runs.compare",
    "afn.course": "afn.runs.course",
    "afn.decay": "afn.stats.decay",
    "afn.engine.config": "afn.settings.config",
    "afn.fork": "afn.runs.fork",
    "afn.grids": "afn.ask",
    "afn.inside": "afn.ask.inside",
    "afn.intervals": "afn.stats.intervals",
    "afn.lambda_init": "afn.settings.lambda_init",
    "afn.over_seeds": "afn.stats.over_seeds",
    "afn.runner": "afn.work.runner",
    "afn.sources": "afn.ask.sources",
    "afn.train_options": "afn.cli.options",
}
"""Old names to new ones; of a package, all that is in it."""


class _Alias(Loader):
    """Gives the module by its new name, so that both names are one and the same module."""

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(_new_name(module.__name__) or "")


class Finder(MetaPathFinder):
    """Finds modules by their old names."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        new = _new_name(name)
        return ModuleSpec(name, _Alias()) if new else None


def _new_name(name: str) -> str | None:
    if not name.startswith("afn."):
        return None
    for old, new in MOVED.items():
        if name == old or name.startswith(f"{old}."):
            return new + name.removeprefix(old)
    return None
