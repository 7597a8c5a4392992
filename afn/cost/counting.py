r"""Counting parameters and multiply-accumulates.

Multiply-accumulates (MACs) are those of one image at inference. A convolution has
:math:`H_{out} W_{out} C_{out} \cdot C_{in} k^2 / groups`, a linear layer in × out. Of a norm that
looks at an image of C × H × W,

==========================================  ====================================================
the affine, one per value                   C·H·W
statistics of its own, a sum and a sum of   2·C·H·W, none with running statistics
squares
small networks, where they see each image   4·C·(stan_width + rescale_width): each encoder for
(ASRNorm)                                   μ and σ, and two decoders
==========================================  ====================================================

With running statistics AFN's networks see the same input for every image; they count as none.
Left out, as usual: biases, poolings, ReLUs, residual sums, the constant input normalization, and
what is done once per channel.
"""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from afn.norms import AdaptiveNorm, Norm, norm_layers
from afn.norms.registry import row_of
from afn.settings.norms import Statistics

_TORCH_NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)


def count_parameters(model: nn.Module) -> int:
    """All parameters, frozen ones too."""
    return sum(parameter.numel() for parameter in model.parameters())


@torch.inference_mode()
def count_macs(model: nn.Module, image: Tensor) -> int:
    """Multiply-accumulates of the model, in evaluation mode, for one `image` (1, C, H, W)."""
    inside_norms = {
        id(part) for layer in norm_layers(model).values() for part in layer.modules()
        if part is not layer
    }  # fmt: skip
    total = 0

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, Norm):
            total += norm_macs(module, inputs[0].shape[2:].numel(), 1)
        elif isinstance(module, _ConvNd | nn.Linear):
            total += output.numel() * module.weight[0].numel()
        elif isinstance(module, _TORCH_NORMS):
            has_own = getattr(module, "running_mean", None) is None
            total += output.numel() * (3 if has_own else 1)

    hooks = [
        module.register_forward_hook(count)
        for module in model.modules()
        if id(module) not in inside_norms
    ]
    try:
        model(image)
    finally:
        for hook in hooks:
            hook.remove()
    return total


def norm_macs(layer: Norm, height: int, width: int) -> int:
    """Multiply-accumulates of one norm layer for one image."""
    row, values = row_of(layer), layer.num_features * height * width
    if inference_statistics(layer) in ("running", "none"):
        return min(row.macs, 1) * values
    networks = 0
    if isinstance(layer, AdaptiveNorm) and layer.is_per_image and layer.adaptive:
        width_sum = layer.standardize.encoder.out_features + layer.rescale.encoder.out_features
        networks = 4 * layer.num_features * width_sum
    return row.macs * values + networks


_WORDS: dict[Statistics, str] = {
    "batch": "the test batch's",
    "running": "running",
    "per image": "the image's own",
    "running and per image": "running and the image's own",
    "none": "none",
}


def inference_statistics(layer: Norm) -> str:
    """Whose statistics the layer uses in evaluation mode, in few words."""
    row = row_of(layer)
    return _WORDS[(row.is_switchable and layer.eval_stats) or row.statistics]
