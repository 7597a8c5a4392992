"""Which hidden units of the small networks something wakes: the others are dead."""

from typing import get_args

import torch
from torch import Tensor
from torch.nn.functional import relu

from afn.ask.movement import Part
from afn.norms import AdaptiveNorm, Trace
from afn.norms._networks import bounded


def awake(layer: AdaptiveNorm, trace: Trace) -> dict[Part, Tensor]:
    """Of each network, (2, hidden): whether a unit is above 0, for any row, fed with μ and with σ.

    Args:
        layer: Has networks.
        trace: Of its input.
    """
    averages = layer._averages_given()  # by networks that were trained frozen
    statistics = (trace.mu, trace.sigma) if averages is None else averages
    fed = [bounded(each.to(layer.lambda_mu_logit.dtype)) for each in statistics]
    found = {}
    for part in get_args(Part):
        units = torch.stack([relu(getattr(layer, part).encoder(each)) for each in fed])
        found[part] = (units > 0).reshape(2, -1, units.shape[-1]).any(1).cpu()
    return found
