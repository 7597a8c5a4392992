"""Corruptions of images at five severities, as in CIFAR-10-C.

Resolved on first use, so that the names in :mod:`afn.corruptions.severities` cost no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afn.corruptions.registry import CORRUPTIONS, corrupt
    from afn.corruptions.sets import CorruptedTestSet, corrupted_test_set

__all__ = ["CORRUPTIONS", "CorruptedTestSet", "corrupt", "corrupted_test_set"]

_HOMES = {
    "CORRUPTIONS": "registry",
    "CorruptedTestSet": "sets",
    "corrupt": "registry",
    "corrupted_test_set": "sets",
}


if not TYPE_CHECKING:  # a type checker would take any name, also a misspelt one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
