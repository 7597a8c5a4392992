"""What a model says of itself: its norms, whose statistics they take, its weights."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from afn.ask.classifiers import module_of
from afn.ask.models import AsTested
from afn.ask.protocol import ModelFacts, NormFacts
from afn.norms import Norm
from afn.settings.norms import NORM_ROWS

_TORCH_BATCH = nn.modules.batchnorm._BatchNorm
_TORCH_INSTANCE = nn.modules.instancenorm._InstanceNorm
_PER_IMAGE = (nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
_FROZEN = "FrozenBatchNorm2d"  # of torchvision and timm: of no class of torch's
_ROW_OF = {layer: row for row in NORM_ROWS.values() for layer in row.layers.values()}


def model_facts(
    model: Callable[..., Any],
    batch_size: int,
    *,
    name: str = "",
    statistics: str = "",
    warns: bool = False,
) -> ModelFacts:
    """What is to be told of a model with each of its answers, in the mode that it is in.

    Args:
        model: A module, what `as_tested` gives, or a function.
        batch_size: Of the test.
        name: What to call it; its class by default.
        statistics: Whose, in words, where it is known better than by looking.
        warns: Whether to warn of a model in training mode, which each answer changes.

    Example:
        >>> from torch import nn
        >>> from afn.ask.reading import model_facts
        >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
        >>> model_facts(model, 32).statistics, model_facts(model.eval(), 32).statistics
        ('test batch of 32', 'running')
    """
    module = module_of(model)
    kind = getattr(model, "__name__", type(model).__name__) if module is None else (
        type(module).__name__
    )  # fmt: skip
    if module is None:
        return ModelFacts(
            name=name or kind, kind=kind, mode="unknown", statistics=statistics or "unknown"
        )
    if warns and any(map(_differs, module.modules())):
        warnings.warn(
            f"{name or kind} is in training mode: dropout is on, and running averages change with "
            f"every batch; call model.eval() unless that is meant",
            stacklevel=2,
        )
    with model.set() if isinstance(model, AsTested) else nullcontext():
        counts = Counter((type(layer).__name__, said) for layer, said in _norms(module))
    norms = tuple(
        NormFacts(kind=kind, statistics=said, layers=count)
        for (kind, said), count in counts.items()
    )
    return ModelFacts(
        name=name or kind,
        kind=kind,
        mode="train" if module.training else "eval",
        networks=model.networks if isinstance(model, AsTested) else "on",
        statistics=statistics or _words(norms, batch_size),
        norms=norms,
        parameters=sum(each.numel() for each in module.parameters()),
        weights=weights_digest(module),
    )


def _norms(module: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """Its norm layers and their statistics; what ours are made of is no layer of its own."""
    if said := statistics_of(module):
        yield module, said
    if not isinstance(module, Norm):
        for child in module.children():
            yield from _norms(child)


def _differs(layer: nn.Module) -> bool:
    """Whether it does another thing because it is in training mode."""
    kinds = (Norm, _TORCH_BATCH, _TORCH_INSTANCE, nn.modules.dropout._DropoutNd)
    return layer.training and isinstance(layer, kinds)


def statistics_of(layer: nn.Module) -> str:
    """Whose statistics a norm layer takes in its mode; empty for any other layer."""
    if isinstance(layer, Norm):
        row = _ROW_OF.get(type(layer).__name__)
        if layer.training:
            return "test batch" if row is None or row.measures_batch else row.statistics
        said: str = layer.eval_stats or (row.statistics if row else "unknown")
        return "test batch" if said == "batch" else said
    has_averages = getattr(layer, "running_mean", None) is not None
    if isinstance(layer, _TORCH_INSTANCE):
        return "running" if has_averages and not layer.training else "per image"
    if isinstance(layer, _TORCH_BATCH):
        return "running" if has_averages and not layer.training else "test batch"
    if isinstance(layer, _PER_IMAGE):
        return "per image"
    return "running" if type(layer).__name__ == _FROZEN else ""


def _words(norms: tuple[NormFacts, ...], batch_size: int) -> str:
    counts: Counter[str] = Counter()
    for each in norms:
        is_batch = each.statistics == "test batch"
        counts[f"test batch of {batch_size}" if is_batch else each.statistics] += each.layers
    if len(counts) > 1:
        return ", ".join(f"{said} ({count} layers)" for said, count in counts.items())
    return next(iter(counts), "no norm layers")


def weights_digest(module: nn.Module) -> str:
    """SHA-256 over all tensors of a module's state by their names, wherever they are."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if not isinstance(tensor, Tensor):  # extra state of its own kind
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    return digest.hexdigest()
