"""The normalizations in a model, and what keeps one from being replaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils.parametrize import is_parametrized

from afn.norms._base import Norm
from afn.norms.registry import NORMS, OTHER_FORMS, row_of

_OURS = (*NORMS.values(), *chain.from_iterable(forms.values() for forms in OTHER_FORMS.values()))
_AXES: dict[Any, int | None] = {
    nn.BatchNorm1d: None, nn.BatchNorm2d: 2, nn.BatchNorm3d: 3,
    nn.InstanceNorm1d: 1, nn.InstanceNorm2d: 2, nn.InstanceNorm3d: 3,
    nn.GroupNorm: None, nn.LayerNorm: None,
}  # fmt: skip
"""Torch's layers that can be replaced, and how many axes they take behind N and C."""
_PER_IMAGE = (_InstanceNorm, nn.GroupNorm, nn.LayerNorm)
_REPLACEABLE = (*_OURS, *_AXES, nn.SyncBatchNorm)
_TORCH_NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
_AVERAGES = ("running_mean", "running_var")
_HARMLESS = {"extra_repr", "reset_parameters", "reset_running_stats"}
"""What a subclass may define without computing something else."""
_TELLING = {"__call__", "__getattr__", "__getattribute__", "__setattr__"}
"""Of Python's own methods, those that may make it compute something else."""
_NORM_ACTS = {
    "BatchNormAct2d", "SyncBatchNormAct", "GroupNormAct", "GroupNorm1Act",
    "LayerNormAct2d", "LayerNormAct2dFp32",
}  # fmt: skip
"""timm's normalizations that go on with ``act(drop(x))``."""
_AT_PLACES = {"LayerNorm2d", "LayerNorm2dFp32", "LayerNormAct2d", "LayerNormAct2dFp32"}
"""torchvision's and timm's over the channels at each place of images (N, C, H, W)."""
_AS_TORCHS = _AT_PLACES | {"GroupNorm", "GroupNorm1"}
"""Theirs whose own ``forward`` computes what torch's does."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FoundNorm:
    """A normalization of a model."""

    layer: nn.Module
    paths: tuple[str, ...]
    """Every place where it is used; "" is the root."""
    num_axes: int | None
    """Those behind N and C; None where that is not known."""
    obstacle: str = ""
    """What keeps it from being replaced; empty where nothing does."""


def find_norms(model: nn.Module) -> list[FoundNorm]:
    """Every normalization of the model, those in plain lists included, in order."""
    paths: dict[nn.Module, list[str]] = {}
    obstacles: dict[nn.Module, str] = {}
    for path, layer, parents in _norms_below(model, "", ()):
        paths.setdefault(layer, []).append(path)
        obstacles[layer] = obstacles.get(layer) or _obstacle(layer, parents)
    for path, layer in _norms_outside(model):
        if layer not in obstacles:
            paths.setdefault(layer, []).append(path)
    unseen = "is in a plain container, which hides it from the model: use nn.ModuleList"
    modules = list(model.modules())
    return [
        FoundNorm(
            layer=layer,
            paths=tuple(where),
            num_axes=_num_axes(layer, modules),
            obstacle=obstacles.get(layer, unseen),
        )
        for layer, where in paths.items()
    ]


def base_of(layer: nn.Module) -> type[nn.Module] | None:
    """The class that can be replaced which the layer is or extends."""
    return next((cls for cls in type(layer).__mro__ if cls in _REPLACEABLE), None)


def name_of(layer: nn.Module) -> str:
    """Its class, also of a compiled module."""
    return str(getattr(layer, "original_name", type(layer).__name__))


def is_norm_act(layer: nn.Module) -> bool:
    """Whether it is one of timm's, and has what these have."""
    return _computes_as(layer, _NORM_ACTS, ("timm.",)) and "act" in layer._modules


def is_at_places(layer: nn.Module) -> bool:
    """Whether it takes images (N, C, H, W), and normalizes the channels at each place."""
    return _computes_as(layer, _AT_PLACES, ("timm.", "torchvision."))


def is_per_image(layer: nn.Module) -> bool:
    """Whether each image is normalized by itself, in training too: torch's IN, GN and LN, ours."""
    if isinstance(layer, Norm):
        return base_of(layer) in _OURS and row_of(layer).statistics == "per image"
    return isinstance(layer, _PER_IMAGE)


def channels_of(layer: nn.Module) -> int:
    """Of one that can be replaced. Where channels were pruned, its tensors know how many are left.

    Raises:
        AttributeError: It is another.
    """
    for name in ("weight", "running_mean"):
        if (tensor := getattr(layer, name, None)) is not None:
            return len(tensor)
    if isinstance(layer, nn.LayerNorm):
        return int(layer.normalized_shape[0])
    return int(layer.num_channels if isinstance(layer, nn.GroupNorm) else layer.num_features)  # type: ignore[arg-type]


def _computes_as(layer: nn.Module, names: set[str], homes: tuple[str, ...]) -> bool:
    # Not a subclass whose forward does something else again.
    computes = next((cls for cls in type(layer).__mro__ if "forward" in vars(cls)), nn.Module)
    is_theirs = computes.__name__ in names and computes.__module__.startswith(homes)
    return is_theirs and "forward" not in vars(layer)


def plain_references(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Modules that the attributes of the model's modules hold without registering them."""
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if name not in ("_modules", "_parameters", "_buffers"):
                yield from _modules_in(value, f"{path}.{name}" if path else name)


def _modules_in(value: object, path: str) -> Iterator[tuple[str, nn.Module]]:
    if isinstance(value, nn.Module):
        yield path, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _modules_in(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _modules_in(item, f"{path}[{key!r}]")


def _norms_below(
    module: nn.Module, path: str, parents: tuple[nn.Module, ...]
) -> Iterator[tuple[str, nn.Module, tuple[nn.Module, ...]]]:
    if _is_norm(module):  # and what is in it belongs to it
        yield path, module, parents
        return
    for name, child in module._modules.items():
        if child is not None:
            below = f"{path}.{name}" if path else name
            yield from _norms_below(child, below, (*parents, module))


def _norms_outside(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    registered = set(model.modules())
    for path, module in plain_references(model):
        if module not in registered:
            for below, layer, _ in _norms_below(module, path, ()):
                yield below, layer


def _is_norm(module: nn.Module) -> bool:
    if isinstance(module, (Norm, *_TORCH_NORMS)):
        return True
    if _has_averages(module):
        return True
    name = name_of(module)
    return (
        "Norm" in name
        and "Normaliz" not in name
        and not type(module).__module__.startswith("torch.nn.utils")
        and next(module.children(), None) is None
    )


def _num_axes(layer: Any, modules: list[nn.Module]) -> int | None:
    base: Any = base_of(layer)
    if base in _OURS and len(base.axes) == 1:
        return int(base.axes[0]) - 2
    if is_at_places(layer):
        return 2
    if base is None or layer not in modules or _AXES.get(base):
        return _AXES.get(base)
    # It takes inputs of several kinds: the layer tells whose output it takes, or who takes its own.
    place, num = modules.index(layer), channels_of(layer)
    before = (_axes_by(it, "out", num) for it in reversed(modules[:place]))
    behind = (_axes_by(it, "in", num) for it in modules[place:])
    found = next((axes for axes in chain(before, behind) if axes is not None), None)
    if isinstance(layer, nn.LayerNorm) and found != len(layer.normalized_shape) - 1:
        return None
    return found


def _axes_by(module: nn.Module, side: str, num: int) -> int | None:
    """Axes behind N and C on that side of a linear layer or convolution with as many channels."""
    if isinstance(module, nn.Linear):
        return 0 if getattr(module, f"{side}_features") == num else None
    if isinstance(module, _ConvNd):
        return len(module.kernel_size) if getattr(module, f"{side}_channels") == num else None
    return None


def _obstacle(layer: nn.Module, parents: tuple[nn.Module, ...]) -> str:
    if isinstance(layer, torch.jit.ScriptModule):
        return "is compiled by torch.jit: convert before that"
    for parent in parents:
        if type(parent).__module__.startswith("torch.ao.nn"):
            return f"is part of a {type(parent).__name__}, which reads its parameters"
    if isinstance(layer, LazyModuleMixin):
        return "has no channels yet: run a batch first"
    base = base_of(layer)
    if base is None:
        return _foreign(layer)
    if is_parametrized(layer):
        return "has parametrized parameters"
    own = _own_methods(layer, base)
    knows = is_norm_act(layer) or _computes_as(layer, _AS_TORCHS, ("timm.", "torchvision."))
    if own and not (own == ["forward"] and knows):
        return f"has its own {', '.join(own)}, which might compute something else"
    is_of_tokens = isinstance(layer, nn.LayerNorm) and len(layer.normalized_shape) == 1
    if is_of_tokens and not is_at_places(layer):
        return "is over the last axis, token by token: no channel has statistics of its own"
    for name in ("weight", "bias", *_AVERAGES):
        is_registered = name in (layer._buffers if name in _AVERAGES else layer._parameters)
        if getattr(layer, name, None) is not None and not is_registered:
            return f"has a {name} that something else computes"
    return ""


def _foreign(layer: nn.Module) -> str:
    if name_of(layer).startswith("FrozenBatchNorm"):
        return "is a fixed scale and shift"
    if isinstance(layer, _BatchNorm):
        return "does not say which axes it takes"
    if _has_averages(layer):
        return "is a batch normalization of a kind that is not known"
    return "is of a kind that is not known"


def _has_averages(layer: nn.Module) -> bool:
    return {name for name, _ in layer.named_buffers(recurse=False)}.issuperset(_AVERAGES)


def _own_methods(layer: nn.Module, base: type[nn.Module]) -> list[str]:
    """What the layer or its class has, beside its state, that the base has not."""
    mro = type(layer).__mro__
    own = [
        name
        for cls in mro[: mro.index(base)]
        for name, value in vars(cls).items()
        if (callable(value) or hasattr(value, "__get__")) and name not in _HARMLESS
    ]
    own += [
        name
        for name in vars(layer)
        if callable(getattr(base, name, None)) and name not in _HARMLESS
    ]
    return sorted({name for name in own if not name.startswith("__") or name in _TELLING})
