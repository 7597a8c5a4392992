"""AFN, ASRNorm and batch normalization: layers, live training and evaluation.

Names are resolved on first use, so that programs which only read runs or
configurations (the app's server process, the CLI's listings) never load torch.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from afn._moved import Finder

if TYPE_CHECKING:
    from afn.ask.domains import domain_matrix
    from afn.ask.measure import corruption_grid
    from afn.ask.models import as_tested
    from afn.ask.sources import find, load, trained
    from afn.corruptions import CORRUPTIONS, corrupt
    from afn.engine.execution import train
    from afn.norms import (
        NORMS,
        AFN1d,
        AFN2d,
        AFN3d,
        ASRNorm1d,
        ASRNorm2d,
        ASRNorm3d,
        BatchNorm1d,
        BatchNorm2d,
        BatchNorm3d,
        Conversion,
        Trace,
        conversion_report,
        convert_norm,
        fold_norms,
        freeze_networks,
        load_published,
        override_lambdas,
        recalibrate,
        set_eval_stats,
        synchronize_norms,
    )
    from afn.pretrained.load import load_pretrained
    from afn.settings.config import TrainConfig
    from afn.settings.lambda_init import LambdaInit

_HOMES = {
    "AFN1d": "afn.norms",
    "AFN2d": "afn.norms",
    "AFN3d": "afn.norms",
    "ASRNorm1d": "afn.norms",
    "ASRNorm2d": "afn.norms",
    "ASRNorm3d": "afn.norms",
    "BatchNorm1d": "afn.norms",
    "BatchNorm2d": "afn.norms",
    "BatchNorm3d": "afn.norms",
    "CORRUPTIONS": "afn.corruptions",
    "Conversion": "afn.norms",
    "LambdaInit": "afn.settings.lambda_init",
    "NORMS": "afn.norms",
    "Trace": "afn.norms",
    "TrainConfig": "afn.settings.config",
    "as_tested": "afn.ask.models",
    "conversion_report": "afn.norms",
    "convert_norm": "afn.norms",
    "corrupt": "afn.corruptions",
    "corruption_grid": "afn.ask.measure",
    "domain_matrix": "afn.ask.domains",
    "find": "afn.ask.sources",
    "fold_norms": "afn.norms",
    "freeze_networks": "afn.norms",
    "load": "afn.ask.sources",
    "load_pretrained": "afn.pretrained.load",
    "load_published": "afn.norms",
    "override_lambdas": "afn.norms",
    "recalibrate": "afn.norms",
    "set_eval_stats": "afn.norms",
    "synchronize_norms": "afn.norms",
    "train": "afn.engine.execution",
    "trained": "afn.ask.sources",
}

__all__ = [
    "CORRUPTIONS",
    "NORMS",
    "AFN1d",
    "AFN2d",
    "AFN3d",
    "ASRNorm1d",
    "ASRNorm2d",
    "ASRNorm3d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Conversion",
    "LambdaInit",
    "Trace",
    "TrainConfig",
    "as_tested",
    "conversion_report",
    "convert_norm",
    "corrupt",
    "corruption_grid",
    "domain_matrix",
    "find",
    "fold_norms",
    "freeze_networks",
    "load",
    "load_pretrained",
    "load_published",
    "override_lambdas",
    "recalibrate",
    "set_eval_stats",
    "synchronize_norms",
    "train",
    "trained",
]
__version__ = "0.1.0"

sys.meta_path.insert(0, Finder())


if not TYPE_CHECKING:  # a type checker would take any name, also a misspelt one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(
                f"module 'afn' has no attribute {name!r}; it has {', '.join(_HOMES)}"
            )
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
