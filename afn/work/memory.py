"""Memory of a process that trains."""

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's malloc.h
_NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Have the C library keep what is freed, instead of asking the system for it at every step.

    A training step frees and takes the same tensors again and again. By default glibc hands
    blocks above some size back at once, and the system then clears every page of their successors:
    a fifth to a third of a small network's step on the CPU. Other C libraries are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_MAX, 0)
    mallopt(_TRIM_THRESHOLD, _NEVER)
