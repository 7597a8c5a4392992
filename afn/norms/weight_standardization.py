"""Weight standardization, and group normalization that asks for it."""

import torch
from torch import Tensor, nn

from afn.norms.group import GroupNorm2d

_EPS = 1e-5


class StandardizedConv2d(nn.Conv2d):
    r"""A convolution whose kernels are standardized before each use.

    .. math::
        \hat{W} = (W - mean(W)) / (std(W) + 10^{-5})

    per output channel, with the unbiased deviation; a kernel of a single number stays as it is.
    What is learned and kept is W.

    Source: arXiv 1903.10520, equations 2 to 5, with the published code's deviation and eps.

    Example:
        >>> from afn.norms.weight_standardization import StandardizedConv2d
        >>> weight = StandardizedConv2d(3, 8, 3).standardized()
        >>> bool(weight.mean((1, 2, 3)).abs().max() < 1e-6)
        True
    """

    def standardized(self) -> Tensor:
        """The kernels as they are used, of the shape of `weight`."""
        weight = self.weight
        if weight[0].numel() == 1:
            return weight
        std, mean = torch.std_mean(weight, (1, 2, 3), keepdim=True)
        return (weight - mean) / (std + _EPS)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.standardized(), self.bias)


class WSGroupNorm2d(GroupNorm2d):
    r"""Group normalization that wants the convolutions of its network weight-standardized.

    The layer itself is `GroupNorm2d`, with its arguments and errors; a network built with it by
    `afn.backbones.build_model` has its convolutions standardized, as `standardize_weights` does it.

    Shape: (N, C, H, W) to (N, C, H, W).

    Source: arXiv 1903.10520.

    Example:
        >>> from afn.backbones import build_model
        >>> from afn.norms import WSGroupNorm2d
        >>> model = build_model(
        ...     "convnet", "wsgn", in_channels=1, num_classes=10, image_size=(28, 28),
        ...     mean=(0.13,), std=(0.31,),
        ... )
        >>> block = model.backbone.blocks[0]
        >>> isinstance(block.norm, WSGroupNorm2d), type(block.conv).__name__
        (True, 'StandardizedConv2d')
    """

    standardizes_weights = True


def standardize_weights(model: nn.Module) -> nn.Module:
    """Standardize the kernels of the model's 2-D convolutions from now on; returns the model.

    Parameters stay the same ones, with their names.

    Example:
        >>> from torch import nn
        >>> from afn.norms.weight_standardization import standardize_weights
        >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
        >>> type(standardize_weights(model)[0]).__name__
        'StandardizedConv2d'
    """
    for module in model.modules():
        if type(module) is nn.Conv2d:
            module.__class__ = StandardizedConv2d
    return model
