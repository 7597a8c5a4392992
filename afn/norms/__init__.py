"""Normalization layers that can show their steps. Needs torch alone."""

from afn.norms._adaptive import AdaptiveNorm
from afn.norms._base import EvalStats, Norm, norm_layers
from afn.norms.affine import ChannelAffine2d
from afn.norms.afn import AFN1d, AFN2d, AFN3d
from afn.norms.asrnorm import ASRNorm1d, ASRNorm2d, ASRNorm3d
from afn.norms.batch import BatchNorm1d, BatchNorm2d, BatchNorm3d
from afn.norms.batch_instance import BatchInstanceNorm2d
from afn.norms.conversion import Conversion, LayerConversion, conversion_report
from afn.norms.convert import convert_norm
from afn.norms.evonorm import EvoNormB0, EvoNormS0
from afn.norms.fold import fold_norms
from afn.norms.frn import FilterResponseNorm2d
from afn.norms.ghost import GhostBatchNorm2d
from afn.norms.group import GroupNorm2d
from afn.norms.instance import InstanceNorm2d
from afn.norms.layer import LayerNorm2d
from afn.norms.none import NoNorm2d
from afn.norms.norm_act import NormAct
from afn.norms.published import load_published
from afn.norms.recalibrate import recalibrate
from afn.norms.registry import NORMS, NormFactory, make_norm
from afn.norms.renorm import BatchRenorm2d
from afn.norms.switch import SwitchNorm2d
from afn.norms.switches import freeze_networks, override_lambdas, set_eval_stats
from afn.norms.synchronize import synchronize_norms
from afn.norms.tanh import DynamicTanh2d
from afn.norms.trace import Trace
from afn.norms.weight_standardization import WSGroupNorm2d, standardize_weights

__all__ = [
    "NORMS",
    "AFN1d",
    "AFN2d",
    "AFN3d",
    "ASRNorm1d",
    "ASRNorm2d",
    "ASRNorm3d",
    "AdaptiveNorm",
    "BatchInstanceNorm2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "BatchRenorm2d",
    "ChannelAffine2d",
    "Conversion",
    "DynamicTanh2d",
    "EvalStats",
    "EvoNormB0",
    "EvoNormS0",
    "FilterResponseNorm2d",
    "GhostBatchNorm2d",
    "GroupNorm2d",
    "InstanceNorm2d",
    "LayerConversion",
    "LayerNorm2d",
    "NoNorm2d",
    "Norm",
    "NormAct",
    "NormFactory",
    "SwitchNorm2d",
    "Trace",
    "WSGroupNorm2d",
    "conversion_report",
    "convert_norm",
    "fold_norms",
    "freeze_networks",
    "load_published",
    "make_norm",
    "norm_layers",
    "override_lambdas",
    "recalibrate",
    "set_eval_stats",
    "standardize_weights",
    "synchronize_norms",
]
