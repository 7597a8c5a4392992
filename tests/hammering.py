"""Many threads at once on one thing, switched far more often than they otherwise would be."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def hastily():
    """Have threads take turns a thousand times as often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def hammer(act, num_threads=8):
    """Call ``act(number)`` in so many threads at the same time; their answers in order."""
    barrier = threading.Barrier(num_threads)

    def begin(number):
        barrier.wait()
        return act(number)

    with hastily(), ThreadPoolExecutor(num_threads) as pool:
        return list(pool.map(begin, range(num_threads)))
