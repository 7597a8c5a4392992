"""What a layer hands on to the one in its place: the very same objects, not copies."""

import math
from collections.abc import Mapping
from functools import cache
from inspect import signature
from typing import Any, TypeGuard
from weakref import ref

import torch
from torch import Tensor, nn
from torch.nn.modules.instancenorm import _InstanceNorm

from afn.norms._adaptive import AdaptiveNorm
from afn.norms._averages import TracksAverages
from afn.norms._found import base_of
from afn.norms._joint import Processes
from afn.norms.instance import InstanceNorm2d

_TENSORS = {
    "weight": ("affine",),
    "bias": ("affine", "bias"),
    "running_mean": ("track_running_stats",),
    "running_var": ("track_running_stats",),
    "num_batches_tracked": ("track_running_stats",),
    "running_sigma": ("track_running_stats",),
}
"""What layers share, and the options that say whether it is there."""
_NOT_INHERITED = {"num_features", "affine", "track_running_stats", "bias"}
_HOOKS = (
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


def inherited_options(old: nn.Module, factory: Any) -> dict[str, Any]:
    """Of the factory's options, those that follow from the old layer."""
    accepted = signature(factory).parameters
    is_alike = base_of(old) is factory or (
        isinstance(old, AdaptiveNorm) and issubclass(factory, AdaptiveNorm)
    )
    names = set(accepted) if is_alike else {"eps", "momentum"}
    if isinstance(old, nn.GroupNorm):
        names.add("num_groups")
    options = {
        name: getattr(old, name)
        for name in names
        if name in accepted and name not in _NOT_INHERITED and hasattr(old, name)
    }
    if "affine" in accepted and "weight" in old._parameters:
        options["affine"] = any(old._parameters[name] is not None for name in ("weight", "bias"))
    if "track_running_stats" in accepted and _share_averages(old, factory):
        options["track_running_stats"] = old._buffers["running_mean"] is not None
    return options


def keep_tensors(old: nn.Module, new: nn.Module, given: Mapping[str, Any]) -> None:
    """Let the new layer have the old one's parameters and buffers, tied and hooked as they are.

    Where the old layer goes without γ, β or averages, so does the new one, unless the options
    `given` say otherwise.
    """
    known = {**old._parameters, **old._buffers}
    shares_averages = _share_averages(old, type(new))
    for name in {**new._parameters, **new._buffers}.keys() & _TENSORS.keys() & known.keys():
        wanted = {given.get(option) for option in _TENSORS[name]}
        if (name in new._buffers and not shares_averages) or False in wanted:
            continue
        values = known[name]
        if is_at_each_place(values):
            _take_means(getattr(new, name), values)
        elif values is not None or True not in wanted:
            setattr(new, name, values)
    if shares_averages and new._buffers.get("running_mean") is known["running_mean"] is not None:
        new.track_running_stats = old.track_running_stats
        sigma = new._buffers.get("running_sigma")
        if sigma is not None and "running_sigma" not in known:
            sigma.fill_(math.nan)  # the old layer did not measure it


def is_at_each_place(values: Tensor | None) -> TypeGuard[Tensor]:
    """Whether a γ or β has more than one value for each channel, as LN's over (C, H, W) has."""
    return values is not None and values.dim() > 1


@torch.no_grad()
def _take_means(new: Tensor, values: Tensor) -> None:
    new.copy_(values.flatten(1).mean(1)).requires_grad_(values.requires_grad)


def keep_processes(old: nn.Module, new: nn.Module) -> None:
    """Let the new layer measure its batch with the processes with which the old one did."""
    if isinstance(new, TracksAverages):
        if isinstance(old, nn.SyncBatchNorm):
            new._processes = Processes(old.process_group)
        elif isinstance(old, TracksAverages):
            new._processes = old._processes


def keep_extras(old: nn.Module, new: nn.Module) -> None:
    """Let the new module have what was put on the old one beside its class's own."""
    base: Any = base_of(old)
    usual = _usual_names(base)

    def is_extra(name: str) -> bool:
        return name not in usual and not hasattr(new, name)

    for name, value in vars(old).items():
        if is_extra(name):
            setattr(new, name, value)
    for name, parameter in old._parameters.items():
        if is_extra(name):
            new.register_parameter(name, parameter)
    for name, buffer in old._buffers.items():
        if is_extra(name):
            is_persistent = name not in old._non_persistent_buffers_set
            new.register_buffer(name, buffer, persistent=is_persistent)
    for name, module in old._modules.items():
        if is_extra(name):
            new.add_module(name, module)


def hand_on_hooks(old: nn.Module, new: nn.Module) -> None:
    """Let the old one's hooks fire on the new module; their handles still remove them."""
    for kind in _HOOKS:
        hooks = getattr(old, kind)
        hooks.update(getattr(new, kind))
        setattr(new, kind, hooks)  # the same dictionary: a handle knows no other
        for hook in hooks.values():
            if getattr(hook, "with_module", False):
                hook.module = ref(new)
    new._is_full_backward_hook = old._is_full_backward_hook


def point_to_new(value: Any, new: Mapping[nn.Module, nn.Module]) -> Any:
    """The value with new modules for old; lists and dictionaries are changed in place."""
    if isinstance(value, nn.Module):
        return new.get(value, value)
    if isinstance(value, list | tuple):
        items = [point_to_new(item, new) for item in value]
        if all(item is old for item, old in zip(items, value, strict=True)):
            return value
        if isinstance(value, list):
            value[:] = items
            return value
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        for key, old in value.items():
            item = point_to_new(old, new)
            if item is not old:
                value[key] = item
    return value


def _share_averages(old: nn.Module, factory: type[nn.Module]) -> bool:
    """Whether both have running averages, of a batch or, as instance norm has them, of images."""
    of_images = isinstance(old, InstanceNorm2d | _InstanceNorm)
    return of_images == issubclass(factory, InstanceNorm2d) and "running_mean" in old._buffers


@cache
def _usual_names(base: Any) -> frozenset[str]:
    sizes = (1, 1) if base is nn.GroupNorm else (1,)
    layer = base(*sizes, device="meta")  # where nothing is drawn
    return frozenset({*vars(layer), *layer._parameters, *layer._buffers, *layer._modules})
