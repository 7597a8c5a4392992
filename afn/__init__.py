"""AFN, ASRNorm and batch normalization: layers, live training and evaluation.

Names are resolved on first use, so that programs which only read runs or
configurations (the app's server process, the CLI's listings) never load torch.
"""

import ast
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afn._moved import Finder

if TYPE_CHECKING:  # the one list of public names: a type checker reads it, and `_HOMES` below
    from afn.adapt.adapter import Adapter as Adapter
    from afn.adapt.following import follow_stream as follow_stream
    from afn.adapt.following import image_stream as image_stream
    from afn.adapt.plan import StreamPlan as StreamPlan
    from afn.adapt.records import StreamStep as StreamStep
    from afn.advice.asking import Advice as Advice
    from afn.advice.asking import advise as advise
    from afn.advice.findings import AdvicePlan as AdvicePlan
    from afn.ask.answers import answers as answers
    from afn.ask.corrupted_files import write_corrupted as write_corrupted
    from afn.ask.domains import Row as Row
    from afn.ask.domains import domain_matrix as domain_matrix
    from afn.ask.image_sets import ImageSet as ImageSet
    from afn.ask.image_sets import image_set as image_set
    from afn.ask.inside.looking import look_inside as look_inside
    from afn.ask.lambda_maps import LambdaMap as LambdaMap
    from afn.ask.mapping import lambda_map as lambda_map
    from afn.ask.measure import corruption_grid as corruption_grid
    from afn.ask.models import as_tested as as_tested
    from afn.ask.movement_statistics import movement_of as movement_of
    from afn.ask.protocol import ProtocolCard as ProtocolCard
    from afn.ask.records import Cell as Cell
    from afn.ask.rescaling_statistics import rescaling_under as rescaling_under
    from afn.ask.sources import find as find
    from afn.ask.sources import load as load
    from afn.ask.sources import trained as trained
    from afn.ask.verifying import verify as verify
    from afn.corruptions import CORRUPTIONS as CORRUPTIONS
    from afn.corruptions import corrupt as corrupt
    from afn.cost.measure import measure_costs as measure_costs
    from afn.data import load_dataset as load_dataset
    from afn.data.cifar10c import read_corrupted as read_corrupted
    from afn.engine.execution import train as train
    from afn.engine.execution import train_fork as train_fork
    from afn.metrics.as_runs import import_runs as import_runs
    from afn.metrics.over_methods import Metrics as Metrics
    from afn.metrics.reading import import_metrics as import_metrics
    from afn.norms import NORMS as NORMS
    from afn.norms import AFN1d as AFN1d
    from afn.norms import AFN2d as AFN2d
    from afn.norms import AFN3d as AFN3d
    from afn.norms import ASRNorm1d as ASRNorm1d
    from afn.norms import ASRNorm2d as ASRNorm2d
    from afn.norms import ASRNorm3d as ASRNorm3d
    from afn.norms import BatchNorm1d as BatchNorm1d
    from afn.norms import BatchNorm2d as BatchNorm2d
    from afn.norms import BatchNorm3d as BatchNorm3d
    from afn.norms import Conversion as Conversion
    from afn.norms import Trace as Trace
    from afn.norms import conversion_report as conversion_report
    from afn.norms import convert_norm as convert_norm
    from afn.norms import fold_norms as fold_norms
    from afn.norms import freeze_networks as freeze_networks
    from afn.norms import load_published as load_published
    from afn.norms import override_lambdas as override_lambdas
    from afn.norms import recalibrate as recalibrate
    from afn.norms import set_eval_stats as set_eval_stats
    from afn.norms import synchronize_norms as synchronize_norms
    from afn.own.building import OwnModel as OwnModel
    from afn.own.building import own_model as own_model
    from afn.pretrained.ladder import bn_to_afn as bn_to_afn
    from afn.pretrained.load import load_pretrained as load_pretrained
    from afn.pretrained.replication import published_and_measured as published_and_measured
    from afn.recording.starting import record as record
    from afn.runs.compare import compare as compare
    from afn.runs.course import course_of as course_of
    from afn.runs.course import history_of as history_of
    from afn.runs.course import rescaling_of as rescaling_of
    from afn.settings.config import TrainConfig as TrainConfig
    from afn.settings.lambda_init import LambdaInit as LambdaInit
    from afn.stats.decay import decay_alone as decay_alone
    from afn.sweep.here import run_sweep as run_sweep

_HOMES = {
    each.name: str(line.module)
    for block in ast.parse(Path(__file__).read_text(encoding="utf-8")).body
    if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
    for line in block.body
    if isinstance(line, ast.ImportFrom)
    for each in line.names
}
"""Where each public name is defined."""
__version__ = "0.1.0"

sys.meta_path.insert(0, Finder())


if not TYPE_CHECKING:  # a type checker would take any name, also a misspelt one
    __all__ = sorted(_HOMES)

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(
                f"module 'afn' has no attribute {name!r}; it has {', '.join(__all__)}"
            )
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
