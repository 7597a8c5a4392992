"""AFN, ASRNorm and batch normalization: layers, live training and evaluation.

Names are resolved on first use, so that programs which only read runs or
configurations (the app's server process, the CLI's listings) never load torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afn.corruptions import CORRUPTIONS, corrupt
    from afn.engine.config import TrainConfig
    from afn.engine.execution import train
    from afn.grids.domains import domain_matrix
    from afn.grids.measure import corruption_grid
    from afn.grids.models import as_tested
    from afn.lambda_init import LambdaInit
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
    from afn.sources import find, load, trained

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
    "LambdaInit": "afn.lambda_init",
    "NORMS": "afn.norms",
    "Trace": "afn.norms",
    "TrainConfig": "afn.engine.config",
    "as_tested": "afn.grids.models",
    "conversion_report": "afn.norms",
    "convert_norm": "afn.norms",
    "corrupt": "afn.corruptions",
    "corruption_grid": "afn.grids.measure",
    "domain_matrix": "afn.grids.domains",
    "find": "afn.sources",
    "fold_norms": "afn.norms",
    "freeze_networks": "afn.norms",
    "load": "afn.sources",
    "load_pretrained": "afn.pretrained.load",
    "load_published": "afn.norms",
    "override_lambdas": "afn.norms",
    "recalibrate": "afn.norms",
    "set_eval_stats": "afn.norms",
    "synchronize_norms": "afn.norms",
    "train": "afn.engine.execution",
    "trained": "afn.sources",
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


if not TYPE_CHECKING:  # a type checker would take any name, also a misspelt one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(
                f"module 'afn' has no attribute {name!r}; it has {', '.join(_HOMES)}"
            )
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
