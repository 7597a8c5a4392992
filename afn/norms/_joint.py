"""Statistics of a batch that is spread over processes, as `DistributedDataParallel` spreads it."""

from typing import Any

import torch
from torch import Tensor, distributed

from afn.norms._moments import Moments, widened


class Processes:
    """A process group, or all processes, in a form that copies of a layer share.

    Args:
        group: None is all processes.
    """

    def __init__(self, group: Any = None) -> None:
        self.group = group

    def __deepcopy__(self, memo: object) -> "Processes":
        return self

    @property
    def are_several(self) -> bool:
        """Whether there is anybody to measure with."""
        known = distributed.is_available() and distributed.is_initialized()
        return known and distributed.get_world_size(self.group) > 1

    def sum(self, values: Tensor) -> Tensor:
        """Over the processes; each has to ask. Its gradient is summed likewise."""
        from torch.distributed.nn.functional import all_reduce  # not every build of torch has it

        total: Tensor = all_reduce(values, group=self.group or distributed.group.WORLD)
        return total


def joint_moments(x: Tensor, processes: Processes) -> Moments:
    """Per channel, (C,), over the batches of all processes, which may differ in size or be empty.

    Two passes over the data, as for one process: exact where the mean is far from zero.
    """
    x = widened(x)
    own = x.new_full((1,), x.numel() // x.shape[1])
    totals = processes.sum(torch.cat((x.sum((0, 2, 3)), own)))
    count = totals[-1].detach()
    mean = totals[:-1] / count
    centered = x - mean[:, None, None]
    var = processes.sum((centered * centered).sum((0, 2, 3))) / count
    return Moments(mean, var, count)
