"""Who calls: something that wants to see every operation, or a network that wants its output."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

_NOTHING = nullcontext()


def wants_plain_operations(x: Tensor) -> bool:
    """Whether an input is traced, compiled, batched or differentiated forward, or holds no data.

    All these follow torch's own operations, but not an autograd function with side effects.
    """
    return (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or is_traced()
        or forward_ad._current_level >= 0
        or x.is_meta
        or type(x) not in (Tensor, nn.Parameter)
    )


def is_traced() -> bool:
    """Whether `torch.jit.trace` or an export records, so that to compare sizes is to fix them."""
    return torch._C._get_tracing_state() is not None


def is_batched(x: Tensor) -> bool:
    """Whether a tensor stands for many at once, as gradients do with ``is_grads_batched``."""
    of = torch._C._functorch
    return of.is_batchedtensor(x) or of.is_legacy_batchedtensor(x)


def without_autocast(x: Tensor) -> AbstractContextManager[Any]:
    """Autocast would take vectors to half precision; asking is cheaper than forbidding."""
    kind = x.device.type
    if not x.is_meta and torch.is_autocast_enabled(kind):
        return torch.autocast(kind, enabled=False)
    return _NOTHING
