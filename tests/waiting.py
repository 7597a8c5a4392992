"""Waiting for what other processes, or coroutines, do."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

PATIENCE = 300.0
"""Seconds; long, as the machines that test are busy ones."""
IN_A_BROWSER = 1000 * PATIENCE
"""The same as Playwright counts, in milliseconds."""


def wait_for(condition, what):
    """Ask until the answer is true, and return it; fails where it never is."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.02)
    return found


def awaited(coroutine):
    """Its result, in a thread of its own: browser tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
