"""How far the outputs of two models lie apart, neither of which is changed."""

import copy
import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputDifference:
    """The largest difference of two models' outputs for one batch."""

    mode: str
    """"train": as the model is; or "eval"."""
    dtype: str
    """What was computed in."""
    absolute: float
    """Infinite where the outputs have other shapes or kinds."""
    relative: float
    """To the largest value of the same output tensor."""
    num_values: int
    """How many were compared; 0 proves nothing."""


class AnsweringCopy:
    """A copy of a model that answers one batch in several modes, each time with the same draws."""

    def __init__(self, model: nn.Module, batch: Any, dtype: torch.dtype | None) -> None:
        self.model = copy.deepcopy(model)
        if dtype:
            self.model.to(dtype)
        self.batch = _moved(batch, dtype)

    @torch.no_grad()
    def __call__(self, mode: str) -> list[Tensor]:
        """Its output tensors: in "train" as the model is, in "eval" all in evaluation mode."""
        if mode == "eval":
            self.model.eval()
        with same_draws(self.model):
            batch = copy.deepcopy(self.batch)  # a model may write into its input
            if isinstance(batch, Mapping):
                output = self.model(**batch)
            elif isinstance(batch, tuple):
                output = self.model(*batch)
            else:
                output = self.model(batch)
        return list(_tensors_in(output))


def same_draws(model: nn.Module) -> AbstractContextManager[None]:
    """What is drawn within is drawn again behind."""
    tensors = [*model.parameters(), *model.buffers()]
    gpus = sorted({tensor.device.index for tensor in tensors if tensor.is_cuda})
    return torch.random.fork_rng(devices=gpus)


def difference(mode: str, before: list[Tensor], after: list[Tensor]) -> OutputDifference:
    """The largest over all output tensors."""
    dtype = before[0].dtype if before else torch.get_default_dtype()
    absolute = relative = 0.0 if len(before) == len(after) else math.inf
    for old, new in zip(before, after, strict=False):
        gap = _gap(old, new)
        absolute = max(absolute, gap)
        size = _largest(old)
        relative = max(relative, gap / size if size else gap)
    return OutputDifference(
        mode=mode,
        dtype=str(dtype).removeprefix("torch."),
        absolute=absolute,
        relative=relative,
        num_values=sum(old.numel() for old in before),
    )


def _gap(old: Tensor, new: Tensor) -> float:
    if old.shape != new.shape:
        return math.inf
    same = (old == new) | (old.isnan() & new.isnan())
    gap = (_precise(old) - _precise(new)).abs().masked_fill(same, 0.0)
    return _largest(gap.nan_to_num(nan=math.inf, posinf=math.inf))


def _largest(values: Tensor) -> float:
    return float(_precise(values).abs().max()) if values.numel() else 0.0


def _precise(values: Tensor) -> Tensor:
    return values.cpu() if values.is_complex() else values.cpu().double()


def _tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
        return
    if isinstance(value, Mapping):
        items: Any = value.values()
    elif isinstance(value, list | tuple):
        items = value
    elif is_dataclass(value):
        items = [getattr(value, field.name) for field in fields(value)]
    else:
        return
    for item in items:
        yield from _tensors_in(item)


def _moved(batch: Any, dtype: torch.dtype | None) -> Any:
    if isinstance(batch, Tensor):
        return batch.to(dtype) if dtype and batch.is_floating_point() else batch
    if isinstance(batch, Mapping):
        return {key: _moved(value, dtype) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        moved = [_moved(value, dtype) for value in batch]
        return moved if isinstance(batch, list) else tuple(moved)
    return batch
