"""Garbage is collected at times of our own.

Streamlit would collect all of it after every rerun, which with several viewers took most of the
server's time: ``runner.postScriptGC`` is off for that. Python by itself would every few seconds,
since sessions leave many cycles. Either holds up everybody, so it is done in the background, as
rarely as memory allows; ``python -m benchmarks.viewers`` measures both.
"""

import gc
import threading
import time

EVERY_SECONDS = 20.0
"""So often everything is collected, while somebody is there."""
_NEVER = 1_000_000
_begun: list[threading.Thread] = []
_beginning = threading.Lock()


def begin() -> threading.Thread:
    """Collect from now on; called often, it begins once for the process, whatever caches forget.

    The modules that are loaded by then are left out for good: they never are garbage.
    """
    with _beginning:
        if not _begun:
            _begun.append(_begin())
        return _begun[0]


def _begin() -> threading.Thread:
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)  # what is young goes on being collected by itself
    thread = threading.Thread(target=_collect_always, name="garbage", daemon=True)
    thread.start()
    return thread


def _collect_always() -> None:
    while True:
        before = _activity()
        time.sleep(EVERY_SECONDS)
        if _activity() != before:
            gc.collect()


def _activity() -> int:
    """Grows while reruns make objects."""
    collections: int = gc.get_stats()[1]["collections"]
    return collections
