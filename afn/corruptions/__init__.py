"""Corruptions of images at five severities, as in CIFAR-10-C.

Resolved on first use, so that the names in :mod:`afn.corruptions.severities` cost no torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afn.corruptions.registry import CORRUPTIONS, corrupt

__all__ = ["CORRUPTIONS", "corrupt"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from afn.corruptions import registry

    return getattr(registry, name)
