"""The order of a network's parameters in the optimizer, by which checkpoints number them."""

from typing import Any

from torch import nn

from afn.engine.config import TrainConfig
from afn.lambda_init import LAMBDAS
from afn.norms import AdaptiveNorm2d, norm_layers


def parameter_groups(model: nn.Module, config: TrainConfig) -> list[dict[str, Any]]:
    """The optimizer's groups: with weight decay, without, and the λ."""
    lambdas = [
        getattr(layer, f"lambda_{name}_logit")
        for layer in norm_layers(model).values()
        if isinstance(layer, AdaptiveNorm2d)
        for name in LAMBDAS
    ]
    chosen = {id(parameter) for parameter in lambdas}
    rest = [parameter for parameter in model.parameters() if id(parameter) not in chosen]
    # None apart without a decay: checkpoints number the parameters in this order.
    decaying = [p for p in rest if p.dim() > 1 and config.weight_decay > 0]
    lasting = rest if not decaying else [p for p in rest if p.dim() <= 1]
    return [
        {"params": decaying, "weight_decay": config.weight_decay},
        {"params": lasting},
        {"params": lambdas},
    ]


def numbered_names(model: nn.Module, config: TrainConfig) -> list[str]:
    """The parameters' names in the state dict, in the order of the optimizer."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = parameter_groups(model, config)
    return [names[id(parameter)] for group in groups for parameter in group["params"]]
