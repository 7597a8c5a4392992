"""One batch over several processes: statistics of the whole instead of each process's share."""

from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from afn.norms._averages import Averages, TracksAverages
from afn.norms._joint import Processes


def synchronize_norms(model: nn.Module, process_group: Any = None) -> nn.Module:
    """Let norms that measure their batch measure it over all processes that train together.

    For `DistributedDataParallel` and the like, whose processes have a share of the batch each; call
    it before wrapping. Without it every process normalizes by its own share, as torch's batch
    normalization does, and that works as well.

    In training, mean and variance are those of the joint batch, exactly: shares may differ in size,
    and be empty. AFN, batch normalization and batch-instance normalization are normalized by them;
    ASRNorm and instance normalization track them only. Tests measure in each process, as with
    torch's `SyncBatchNorm`. On the CPU it works too. All processes have to run every synchronized
    layer, and its `trace` in training mode, the same number of times.

    Torch's own ``SyncBatchNorm.convert_sync_batchnorm`` synchronizes AFN, ASRNorm, batch-instance
    and instance normalization likewise, but makes a plain `SyncBatchNorm` of our `BatchNorm2d`.

    Args:
        model: Its layers are switched in place.
        process_group: Processes among which to measure; all by default.

    Returns:
        The model.

    Raises:
        ValueError: Nothing to synchronize; or there is batch normalization of torch's own. Then no
            layer is changed.

    Example:
        >>> from torch import nn
        >>> from afn import AFN2d, synchronize_norms
        >>> model = synchronize_norms(nn.Sequential(nn.Conv2d(3, 8, 3), AFN2d(8)))
        >>> # ddp = nn.parallel.DistributedDataParallel(model)
    """
    layers = [layer for layer in model.modules() if isinstance(layer, TracksAverages)]
    foreign = [
        path
        for path, layer in model.named_modules()
        if isinstance(layer, _BatchNorm) and not isinstance(layer, TracksAverages | Averages)
        if not isinstance(layer, nn.SyncBatchNorm)
    ]
    if foreign:
        raise ValueError(
            f"{foreign[0] or 'the model'} is torch's own batch normalization, which would measure "
            f'alone: convert_norm(model, "bn") first, or take torch\'s convert_sync_batchnorm'
        )
    if not layers:
        raise ValueError(
            "expected AFN, ASRNorm, batch or batch-instance normalization to synchronize, got a "
            'model without any: use convert_norm(model, "afn")'
        )
    for layer in layers:
        layer._processes = Processes(process_group)
    return model
