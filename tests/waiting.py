"""Waiting for what other processes do."""

import time

PATIENCE = 120.0
"""Seconds; long, as the machines that test are busy ones."""


def wait_for(condition, what):
    """Ask until the answer is true, and return it; fails where it never is."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.02)
    return found
