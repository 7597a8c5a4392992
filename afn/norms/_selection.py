"""Some of a model's layers, by name or otherwise."""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from torch import nn

from afn.norms._found import FoundNorm

Selection = str | Iterable[str] | Callable[[str, nn.Module], bool]
"""Layers by path, by pattern (``"layer4.*"``), by the path of a module that holds them, or by a
function of path and layer."""


def chosen_from(found: list[FoundNorm], selection: Selection, what: str) -> set[FoundNorm]:
    """Those of the layers found that the option of that name means.

    Raises:
        ValueError: A pattern matches none.
    """
    if callable(selection):
        return {it for it in found if any(selection(path, it.layer) for path in it.paths)}
    chosen = set()
    for pattern in [selection] if isinstance(selection, str) else selection:
        matched = {it for it in found if any(_matches(path, pattern) for path in it.paths)}
        if not matched:
            paths = [it.paths[0] for it in found]
            known = f"there are {', '.join(paths[:3])}" if paths else "there is none"
            more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
            raise ValueError(f"{what}={pattern!r} matches no normalization layer; {known}{more}")
        chosen |= matched
    return chosen


def _matches(path: str, pattern: str) -> bool:
    return fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}.*")
