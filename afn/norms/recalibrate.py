"""Running averages measured anew, by a model as it is."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from afn.norms._averages import Averages, TracksAverages


@torch.no_grad()
def recalibrate(model: nn.Module, loader: Iterable[Any]) -> nn.Module:
    """Measure the running averages of every norm anew, ours and torch's.

    After weights were averaged or loaded without averages, after λ were changed, or for data from
    elsewhere. The averages become the plain mean over the batches; parameters do not change.

    Norms normalize by each batch meanwhile, as in training. Everything else is in evaluation mode,
    dropout of statistics is off, and no gradient is kept, so that the averages are those of what
    the layers see at test time. ``torch.optim.swa_utils.update_bn`` does the same for our layers
    with all of the model in training mode. Modes and momenta are as before at the end; where that
    is an exception, the averages too.

    Args:
        model: On any device; batches are brought there.
        loader: Batches: tensors, or tuples or lists whose first item is the input.

    Returns:
        The model.

    Raises:
        ValueError: No layer tracks running averages, or there is no batch.

    Example:
        >>> import torch
        >>> from afn import AFN2d, recalibrate
        >>> layer = recalibrate(AFN2d(3), [2 + torch.rand(8, 3, 4, 4) for _ in range(4)])
        >>> [round(mean, 1) for mean in layer.running_mean.tolist()]
        [2.5, 2.5, 2.5]
    """
    layers: list[Any] = [
        layer
        for layer in model.modules()
        if isinstance(layer, TracksAverages | _NormBase) and not isinstance(layer, Averages)
        if layer.track_running_stats
    ]
    if not layers:
        raise ValueError(
            "no layer of the model tracks running averages: build its norms with "
            "track_running_stats=True, or take AFN, ASRNorm, batch or batch-instance normalization"
        )
    tensor = next(chain(model.parameters(), model.buffers()))
    with _measuring(model, layers):
        num = 0
        for num, batch in enumerate(loader, 1):
            for layer in layers:
                # Torch's instance normalization does not count; where others do, 1/num is None.
                layer.momentum = 1 / num if isinstance(layer, _InstanceNorm) else None
            images: Tensor = batch[0] if isinstance(batch, tuple | list) else batch
            model(images.to(tensor.device))
        if num == 0:
            raise ValueError("expected at least one batch to measure, got an empty loader")
    return model


@contextmanager
def _measuring(model: nn.Module, layers: list[Any]) -> Iterator[None]:
    """Averages unset, norms in training mode, the rest in evaluation mode; put back at the end."""
    modes = {module: module.training for module in model.modules()}
    settings = [
        (layer, name, getattr(layer, name))
        for layer in layers
        for name in ("momentum", "stat_dropout")
        if hasattr(layer, name)
    ]
    averages = [
        (layer, {name: values.clone() for name, values in layer.named_buffers(recurse=False)})
        for layer in layers
    ]
    try:
        model.eval()
        for layer in layers:
            layer.training = True
            layer.reset_running_stats()
            if hasattr(layer, "stat_dropout"):
                layer.stat_dropout = 0.0
        yield
    except BaseException:
        for layer, before in averages:
            for name, values in before.items():
                layer.get_buffer(name).copy_(values)
        raise
    finally:
        for layer, name, value in settings:
            setattr(layer, name, value)
        for module, mode in modes.items():
            module.training = mode
