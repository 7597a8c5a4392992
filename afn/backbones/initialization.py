"""The same start for every contender."""

import hashlib

import torch
from torch import nn


@torch.no_grad()
def initialize(model: nn.Module, seed: int) -> nn.Module:
    """Draw the weights of all convolutions and linear layers anew; returns the model.

    Each parameter has a generator of its own, seeded by `seed` and the parameter's name. So what
    two models have in common starts alike, whatever else they hold (norms with networks of their
    own above all), and torch's global generator is left alone. The draws are made on the CPU, so
    that the start is the same on every device.

    Convolution weights are Kaiming normal (fan out, ReLU); linear weights and all biases are
    uniform in ±1/√fan_in, as in torch. Other parameters keep the constants they were built with.

    Example:
        >>> import torch
        >>> from afn import AFN2d, BatchNorm2d
        >>> from afn.backbones import ConvNet, initialize
        >>> a, b = (initialize(ConvNet(1, 10, (8, 8), norm), 0) for norm in (AFN2d, BatchNorm2d))
        >>> torch.equal(a.blocks[0].conv.weight, b.blocks[0].conv.weight)
        True
    """
    for name, module in model.named_modules():
        if not isinstance(module, nn.Conv2d | nn.Linear):
            continue
        for key, parameter in module.named_parameters(prefix=name, recurse=False):
            start = torch.empty(parameter.shape, dtype=parameter.dtype)
            generator = _generator(seed, key)
            if isinstance(module, nn.Conv2d) and parameter is module.weight:
                nn.init.kaiming_normal_(
                    start, mode="fan_out", nonlinearity="relu", generator=generator
                )
            else:
                bound = module.weight[0].numel() ** -0.5
                start.uniform_(-bound, bound, generator=generator)
            parameter.copy_(start)
    return model


def _generator(seed: int, name: str) -> torch.Generator:
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big"))
