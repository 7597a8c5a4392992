"""What runs are made with."""

import contextlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from afn import __version__

_PACKAGES = ("torch", "torchvision", "numpy", "safetensors")


@cache
def versions() -> dict[str, str]:
    """What a run is made with here: this package, and those that its numbers depend on."""
    found = {"afn": __version__}
    for package in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
