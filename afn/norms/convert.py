"""Another norm in the place of a model's own."""

from inspect import signature
from itertools import chain
from typing import Any

from torch import nn

from afn.norms._base import Norm2d
from afn.norms.registry import NORMS, make_norm

_KEPT = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def convert_norm(model: nn.Module, name: str, **options: Any) -> nn.Module:
    """Replace every batch normalization, and every layer of `NORMS`, by the norm of that name.

    Of what both layers have, γ, β, the running averages, eps, momentum, training mode, device,
    dtype and whether γ and β are frozen are kept; `options` win. A layer used in several places
    stays one layer. λ and networks start anew.

    Args:
        model: Changed in place, unless it is itself such a layer.
        name: One of `NORMS`.
        **options: For the factory, such as ``lambda_init``.

    Returns:
        The model, or the new layer where the model is itself such a layer.

    Raises:
        ValueError: The name is unknown, or an option or inherited value is out of range.
        TypeError: The norm has no such option.

    Example:
        >>> import torch
        >>> from afn import convert_norm
        >>> model = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.BatchNorm2d(8))
        >>> type(convert_norm(model, "afn")[1]).__name__
        'AFN2d'
    """
    make_norm(name)
    found = [
        (path, layer)
        for path, layer in model.named_modules(remove_duplicate=False)
        if isinstance(layer, nn.BatchNorm2d | Norm2d)
    ]
    converted: dict[nn.Module, Norm2d] = {
        layer: _converted(layer, model, name, options) for _, layer in found
    }
    for path, layer in found:
        if path:
            model.set_submodule(path, converted[layer])
    return converted.get(model, model)


def _converted(layer: nn.Module, model: nn.Module, name: str, options: dict[str, Any]) -> Norm2d:
    inherited = {
        option: getattr(layer, option)
        for option in ("eps", "momentum")
        if hasattr(layer, option) and option in signature(NORMS[name]).parameters
    }
    new = NORMS[name](layer.num_features, **{**inherited, **options})
    new.train(layer.training)
    tensor = next(chain(layer.parameters(), layer.buffers(), model.parameters()), None)
    if tensor is not None:
        new.to(tensor.device, tensor.dtype)
    state, known = new.state_dict(), layer.state_dict()
    kept = {key: known[key] for key in _KEPT if key in known and key in state}
    new.load_state_dict({**state, **kept})
    for key, parameter in new.named_parameters():
        if key in kept:
            parameter.requires_grad_(layer.get_parameter(key).requires_grad)
    return new
