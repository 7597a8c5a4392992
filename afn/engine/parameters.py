"""The order of a network's parameters in the optimizer, by which checkpoints number them."""

from typing import Any, Literal

from torch import nn

from afn.norms import AdaptiveNorm, norm_layers
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LAMBDAS

Role = Literal["weights", "networks", "lambdas"]
"""What a group of parameters is, by which its learning rate goes."""


def parameter_groups(model: nn.Module, config: TrainConfig) -> list[dict[str, Any]]:
    """The optimizer's groups, each with its role: weights with decay and without, and the λ.

    The small networks' weights stand among the others, unless they learn in a way of their own.
    """
    layers = [layer for layer in norm_layers(model).values() if isinstance(layer, AdaptiveNorm)]
    lambdas = [getattr(layer, f"lambda_{name}_logit") for layer in layers for name in LAMBDAS]
    networks: list[nn.Parameter] = []
    if (config.network_lr_factor, config.network_decay_factor) != (1, 1):
        networks = [
            parameter
            for layer in layers
            for network in layer.children()
            for parameter in network.parameters()
        ]
    apart = {id(parameter) for parameter in (*lambdas, *networks)}
    weights = [parameter for parameter in model.parameters() if id(parameter) not in apart]
    groups = _by_decay("weights", weights, config.weight_decay)
    if networks:
        decay = config.weight_decay * config.network_decay_factor
        groups += _by_decay("networks", networks, decay)
    return [*groups, {"params": lambdas, "role": "lambdas"}]


def _by_decay(role: Role, parameters: list[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    # None apart without a decay: checkpoints number the parameters in this order.
    decaying = [p for p in parameters if p.dim() > 1 and decay > 0]
    lasting = parameters if not decaying else [p for p in parameters if p.dim() <= 1]
    return [
        {"params": decaying, "weight_decay": decay, "role": role},
        {"params": lasting, "role": role},
    ]


def numbered_names(model: nn.Module, config: TrainConfig) -> list[str]:
    """The parameters' names in the state dict, in the order of the optimizer."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = parameter_groups(model, config)
    return [names[id(parameter)] for group in groups for parameter in group["params"]]
