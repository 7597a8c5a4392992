"""How much memory a step needs at its peak."""

from collections.abc import Callable
from itertools import accumulate

import torch
from torch.autograd.profiler import profile


def peak_bytes(step: Callable[[], object], device: str = "cpu") -> int:
    """The most that is allocated at once during a step, on top of what was before it.

    On the CPU it is exact for what torch's allocator hands out: the profiler notes every
    allocation and release, and their running sum has its maximum at the peak. Scratch space that
    a library (oneDNN, say) takes from the system by itself is not seen. On CUDA it is the
    allocator's own statistic.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        step()
        return torch.cuda.max_memory_allocated(device) - before
    with profile(profile_memory=True) as profiled:
        step()
    # `events()` would fold most of them into the operators that they happened in.
    events = [e for e in profiled.kineto_results.events() if e.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    return max(accumulate((event.nbytes() for event in events), initial=0))
