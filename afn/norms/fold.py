"""Norms with running statistics merged into the convolutions before them."""

import copy
import warnings
from collections import Counter
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.conv import _ConvNd

from afn.norms._base import Norm
from afn.norms.affine import ChannelAffine2d
from afn.norms.batch import batch_norm_affine
from afn.norms.none import NoNorm2d

_CONVS = (
    nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d
)  # fmt: skip
_TORCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
Affine = tuple[Tensor, Tensor]
"""Scale and shift, each (C,), in float64 on the CPU."""


@torch.no_grad()
def fold_norms(model: nn.Module) -> nn.Module:
    r"""A copy of the model for deployment, without norm layers.

    With running statistics AFN, batch normalization and no normalization are one affine map per
    channel, and a convolution followed by it is a convolution:

    .. math::
        scale \cdot (W * x + b) + shift = (scale \cdot W) * x + (scale \cdot b + shift)

    So where a norm alone reads the output of a convolution of torch's, transposed or not, over one
    to three axes, and both are used once, the norm is merged into the convolution and an `Identity`
    takes its place. Any other such norm (before its convolution, after a pooling or a linear layer,
    used twice) becomes a `ChannelAffine2d`. Torch's own batch normalizations are treated alike; all
    other modules are kept, subclasses with a forward of their own among them.

    What is folded is the function of evaluation mode with running statistics, whatever mode and
    ``eval_stats`` the model is in, with the λ overrides in force. A layer that takes the test
    batch's statistics answers otherwise than its folded form, so that a model with such layers is
    folded with a warning: ``set_eval_stats(model, "running")`` first, and compare. Dtype, device,
    memory format and what learns are kept; the arithmetic is done in float64.

    Convolutions are found by tracing ``forward`` with symbols. Where that is impossible, since
    ``forward`` branches on its input, every norm becomes a `ChannelAffine2d`: still equal and
    exportable, only not as fast, so that this is a warning and not an error.

    Args:
        model: Left untouched.

    Returns:
        The copy, in evaluation mode.

    Raises:
        ValueError: A norm takes statistics of each input (ASRNorm, instance, group, layer and
            batch-instance normalization, `BatchNorm2d` without running statistics), or has
            hooks, which would be lost.

    Warns:
        UserWarning: The model cannot be traced, and nothing was merged; or a layer is set to the
            test batch's statistics.

    Example:
        >>> import torch
        >>> from afn import fold_norms, load_pretrained, set_eval_stats
        >>> model = set_eval_stats(load_pretrained("mnist5k-afn"), "running")
        >>> images, folded = torch.rand(4, 1, 28, 28), fold_norms(model)
        >>> torch.allclose(folded(images), model(images), atol=1e-4)
        True
    """
    folded = copy.deepcopy(model).eval()
    found: list[tuple[str, Any]] = [
        (path, layer)
        for path, layer in folded.named_modules(remove_duplicate=False)
        if _is_known(layer)
    ]
    affines: dict[nn.Module, Affine] = {
        layer: _running_affine(layer, path) for path, layer in found
    }
    _warn_of_batch_statistics([path for path, layer in found if _takes_the_batchs(layer)])
    has_inner_norms = bool(affines.keys() - {folded})
    convs = _convs_before(affines, folded) if has_inner_norms else {}
    replacements = {
        layer: _replacement(layer, affine, convs.get(layer)) for layer, affine in affines.items()
    }
    for path, layer in found:
        if path:
            folded.set_submodule(path, replacements[layer])
    return replacements.get(folded, folded).eval()  # the new modules too


def _is_known(layer: nn.Module) -> bool:
    """Whether all that a layer does is to normalize: a subclass may do more."""
    if isinstance(layer, Norm):
        return type(layer).forward is Norm.forward
    return type(layer) in _TORCH_NORMS


def _takes_the_batchs(layer: nn.Module) -> bool:
    return getattr(layer, "eval_stats", None) == "batch"


def _warn_of_batch_statistics(paths: list[str]) -> None:
    if paths:
        warnings.warn(
            f"folded are running statistics, but {paths[0] or 'the model'}"
            f"{f' and {len(paths) - 1} more' if paths[1:] else ''} are set to those of the test "
            f'batch, so that answers change: set_eval_stats(model, "running") and compare first',
            stacklevel=4,  # past the decorator
        )


def _running_affine(layer: nn.Module, path: str) -> Affine:
    if layer._forward_hooks or layer._forward_pre_hooks:
        raise ValueError(
            f"cannot fold {path or 'the model'}: its hooks would be lost; remove them first"
        )
    precise: Any = copy.deepcopy(layer).to("cpu", torch.float64)
    try:
        return precise.running_affine() if isinstance(layer, Norm) else batch_norm_affine(precise)
    except ValueError as error:
        raise ValueError(f"cannot fold {path or 'the model'}: {error}") from None


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, Norm) or super().is_leaf_module(m, module_qualified_name)


def _convs_before(norms: dict[nn.Module, Affine], model: nn.Module) -> dict[nn.Module, nn.Module]:
    """For each norm that can be merged, the convolution to merge it into."""
    try:
        graph = _Tracer().trace(model)
    except Exception as error:  # a forward that meets symbols can fail in any way
        reason = str(error).strip().partition("\n")[0]
        warnings.warn(
            f"norms became affine layers, but none was merged into a convolution: tracing "
            f"{type(model).__name__} failed ({type(error).__name__}: {reason}); "
            f"fold a module whose forward does not branch on its input",
            stacklevel=4,
        )
        return {}
    modules = dict(model.named_modules())
    # Parameters that a forward reads itself, past their module, count as a use of it.
    uses = Counter(
        str(node.target) if node.op == "call_module" else str(node.target).rpartition(".")[0]
        for node in graph.nodes
        if node.op in ("call_module", "get_attr")
    )
    convs = {}
    for node in graph.nodes:
        if node.op != "call_module" or modules[node.target] not in norms:
            continue
        (source,) = node.all_input_nodes
        if (
            source.op == "call_module"
            and _can_take_affine(modules[source.target])
            and list(source.users) == [node]
            and uses[source.target] == uses[node.target] == 1
        ):
            convs[modules[node.target]] = modules[source.target]
    return convs


def _can_take_affine(module: nn.Module) -> bool:
    # Subclasses and hooks (a weight norm, say) may compute the weight anew or look at the output.
    is_plain = not (module._forward_pre_hooks or module._forward_hooks)
    return type(module) in _CONVS and is_plain


def _replacement(layer: Any, affine: Affine, conv: Any) -> nn.Module:
    if isinstance(layer, NoNorm2d):
        return nn.Identity()
    if conv is not None:
        _merge(conv, *affine)
        return nn.Identity()
    learns = any(parameter.requires_grad for parameter in layer.parameters())
    scale, shift = (values.to(layer.running_mean) for values in affine)
    return ChannelAffine2d(scale, shift).requires_grad_(learns)


def _merge(conv: _ConvNd, scale: Tensor, shift: Tensor) -> None:
    weight, bias = conv.weight, conv.bias
    factors = scale[:, None]  # weight (out, in / groups, ...)
    if conv.transposed:  # weight (in, out / groups, ...)
        by_group = scale.view(conv.groups, -1)
        factors = by_group.repeat_interleave(conv.in_channels // conv.groups, dim=0)
    if bias is not None:
        shift = shift + scale * bias.to(scale)
    scaled = weight.to(scale) * factors[(..., *[None] * (weight.dim() - 2))]
    # New parameters: the old ones may be shared with another convolution.
    learns = weight.requires_grad
    conv.weight = nn.Parameter(scaled.to(weight), requires_grad=learns)
    conv.bias = nn.Parameter(shift.to(weight), requires_grad=learns)
