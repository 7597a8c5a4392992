"""The devices that layers are tested on; a test without its device says that it is skipped."""

import pytest
import torch

_IS_HERE = {
    "cpu": lambda: True,
    "cuda": torch.cuda.is_available,
    "mps": torch.backends.mps.is_available,
}
REASON = "there is no {} device here: what layers do on one is not checked"


def _param(name):
    lacks = pytest.mark.skipif(not _IS_HERE[name](), reason=REASON.format(name.upper()))
    return pytest.param(name, marks=[lacks] if name != "cpu" else [])


DEVICES = pytest.mark.parametrize("device", [_param(name) for name in _IS_HERE])
