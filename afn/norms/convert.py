"""Another norm in the place of a model's own."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any

from torch import nn

from afn.norms._base import Norm
from afn.norms._carried import (
    hand_on_hooks,
    inherited_options,
    keep_extras,
    keep_processes,
    keep_tensors,
    point_to_new,
)
from afn.norms._found import FoundNorm, channels_of, find_norms, is_norm_act, name_of
from afn.norms._selection import Selection, chosen_from
from afn.norms.norm_act import NormAct
from afn.norms.registry import NORMS, OTHER_FORMS, make_norm

_SHAPES = {0: "(N, C)", 1: "(N, C, L)", 3: "(N, C, D, H, W)"}
_WRAPPERS = {"DistributedDataParallel", "FullyShardedDataParallel", "FSDPModule"}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Replacement:
    """What became of a normalization."""

    found: FoundNorm
    new: nn.Module | None
    """In its place; None where it was kept."""
    reason: str = ""
    """Why it was kept."""
    is_wanted: bool = True
    """False where it was kept as asked."""


def convert_norm(
    model: nn.Module,
    name: str,
    *,
    skip: Selection = (),
    only: Selection | None = None,
    **options: Any,
) -> nn.Module:
    """Replace torch's BN, IN, GN and LN, and every layer of `NORMS`, by the norm of that name.

    Those over vectors, sequences and volumes become `AFN1d`, `AFN3d` and the like; a
    `SyncBatchNorm` becomes a layer that measures its batch with the same processes.

    The parameters and buffers are the same objects as before, so that γ and β stay tied, frozen
    and known to an optimizer; eps, momentum, training mode, device, dtype, hooks and what else was
    put on a layer are kept, and a layer without γ and β, or without running averages, stays so;
    `options` win. A layer used in several places stays one layer. λ and networks are new, and
    learn whatever was frozen; an optimizer built before does not train them.

    What normalized each image by itself (IN, GN, LN) is another function afterwards: γ, β and eps
    are kept, its groups are not, and running averages start anew, since it had none of a batch's;
    `recalibrate` measures them. With every λ at 0 ASRNorm is IN, and so is AFN for one image. γ
    and β of a `LayerNorm` over (C, H, W), which has them at each place, become their means over
    the places, as new parameters; one over the channels at each place, torchvision's and timm's
    ``LayerNorm2d``, keeps its own. One over the last axis of tokens has no channels with
    statistics of their own, and stays.

    A layer that might compute something else is left as it is, and a warning says which and why:
    a subclass with methods of its own, a ``forward`` replaced on the layer, parametrized or
    computed parameters, compiled and quantized modules, layers that have no channels yet, and
    inputs for which that norm has no form. timm's ``BatchNormAct2d`` and its like become a
    `NormAct`.
    `conversion_report` lists all, and measures that nothing else has changed.

    Args:
        model: Changed in place, unless it is itself such a layer.
        name: One of `NORMS`.
        skip: Layers to leave as they are.
        only: The only layers to replace; all by default.
        **options: For the factory, such as ``lambda_init``.

    Returns:
        The model, or the new layer where the model is itself such a layer.

    Raises:
        ValueError: The name is unknown; an option or inherited value is out of range; nothing was
            converted; a pattern matches nothing; the model is wrapped for several processes.
        TypeError: The norm has no such option.

    Warns:
        UserWarning: Normalizations were left as they are, unasked.

    Deviation: the paper puts AFN in the place of batch normalization alone.

    Example:
        >>> import torch
        >>> from afn import convert_norm
        >>> model = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.BatchNorm2d(8))
        >>> type(convert_norm(model, "afn")[1]).__name__
        'AFN2d'
    """
    converted, replacements = replace_norms(model, name, skip, only, options)
    left = [it for it in replacements if it.new is None and it.is_wanted]
    if left:
        warnings.warn(
            f"not converted: {described(left)}; conversion_report(...) lists all", stacklevel=2
        )
    return converted


def replace_norms(
    model: nn.Module,
    name: str,
    skip: Selection,
    only: Selection | None,
    options: dict[str, Any],
) -> tuple[nn.Module, list[Replacement]]:
    """The model, changed in place, or the layer in its place; and what became of each.

    Raises:
        ValueError: As `convert_norm` does; then nothing has changed.
        TypeError: As `convert_norm` does; then nothing has changed.
    """
    make_norm(name)
    _check_unwrapped(model)
    found = find_norms(model)
    skipped = chosen_from(found, skip, "skip")
    chosen = None if only is None else chosen_from(found, only, "only")
    replacements = [
        _replacement(it, model, name, options, it in skipped, chosen is None or it in chosen)
        for it in found
    ]
    new = {it.found.layer: it.new for it in replacements if it.new is not None}
    if not new:
        why = f": {described(replacements)}" if found else ", which has no normalization layer"
        raise ValueError(f"nothing to convert in this {name_of(model)}{why}")
    for module in list(model.modules()):
        for key, child in module._modules.items():
            if child in new:
                module._modules[key] = new[child]
        for key, value in vars(module).items():
            if key != "_modules":
                vars(module)[key] = point_to_new(value, new)
    for old, layer in new.items():
        hand_on_hooks(old, layer)
    return new.get(model, model), replacements


def described(kept: Sequence[Replacement]) -> str:
    """In one line which layers were kept, and why."""

    def key(it: Replacement) -> tuple[str, str]:
        return name_of(it.found.layer), it.reason

    groups = []
    for (kind, reason), alike in groupby(sorted(kept, key=key), key=key):
        paths = [it.found.paths[0] or "the model" for it in alike]
        rest = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        groups.append(f"{kind} {reason} ({', '.join(paths[:3])}{rest})")
    return "; ".join(groups)


def _replacement(
    found: FoundNorm,
    model: nn.Module,
    name: str,
    options: dict[str, Any],
    is_skipped: bool,
    is_chosen: bool,
) -> Replacement:
    if is_skipped or not is_chosen:
        reason = "is among skip" if is_skipped else "is not among only"
        return Replacement(found=found, new=None, reason=reason, is_wanted=False)
    if found.obstacle:
        return Replacement(found=found, new=None, reason=found.obstacle)
    factory, reason = _form(name, found)
    if factory is None:
        return Replacement(found=found, new=None, reason=reason)
    try:
        return Replacement(found=found, new=_made(found.layer, model, factory, options))
    except ValueError as error:
        raise ValueError(f"{found.paths[0] or 'the model'}: {error}") from None


def _form(name: str, found: FoundNorm) -> tuple[Callable[..., Norm] | None, str]:
    """The norm for inputs with as many axes as the layer's, or why there is none."""
    num_axes = found.num_axes
    if num_axes is None and isinstance(found.layer, nn.LayerNorm):
        shape = tuple(found.layer.normalized_shape)
        return None, f"is over {shape}, and no layer beside it tells that the first are channels"
    if num_axes is None and isinstance(found.layer, nn.SyncBatchNorm | nn.GroupNorm):
        return None, "takes inputs of any number of axes, and no layer beside it tells theirs"
    if num_axes is None:  # BatchNorm1d, without a layer that tells: most have one form for both
        num_axes = 1
    if num_axes == 2:
        return NORMS[name], ""
    reason = f"is over {_SHAPES[num_axes]}, where there is no {name}"
    return OTHER_FORMS[name].get(num_axes), reason


def _made(
    old: nn.Module, model: nn.Module, factory: Callable[..., Norm], options: dict[str, Any]
) -> nn.Module:
    new = factory(channels_of(old), **{**inherited_options(old, factory), **options})
    like = next(chain(old.parameters(), old.buffers(), model.parameters()), None)
    if like is not None:
        new.to(device=like.device, dtype=like.dtype if like.is_floating_point() else None)
    new.train(old.training)
    keep_tensors(old, new, options)
    keep_processes(old, new)
    whole: nn.Module = new
    if is_norm_act(old):
        whole = NormAct(new, old.get_submodule("act"), old._modules.get("drop"))
        whole.training = old.training
    keep_extras(old, whole)
    return whole


def _check_unwrapped(model: nn.Module) -> None:
    for module in model.modules():
        if found := _WRAPPERS & {cls.__name__ for cls in type(module).__mro__}:
            raise ValueError(
                f"new parameters would not be synchronized: convert before {found.pop()} wraps "
                f"the model"
            )
