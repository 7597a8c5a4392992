"""Who wrote a run, and whether that process is still there."""

import os
import socket
from pathlib import Path
from typing import Any


def _proc_stat(pid: int) -> tuple[str, str] | None:
    """State letter and start time of a process, from Linux's /proc; None where there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    values = text[text.rfind(")") + 2 :].split()
    return values[0], values[19]


def identity() -> dict[str, Any]:
    """This process, so that `is_alive` can tell it from a later one with the same number."""
    stat = _proc_stat(os.getpid())
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": stat[1] if stat else None,
    }


def is_alive(process: dict[str, Any]) -> bool:
    """Whether the process still runs; True for another host's, which cannot be seen from here."""
    if process.get("host") != socket.gethostname():
        return True
    pid, started = process.get("pid"), process.get("started")
    if not isinstance(pid, int):
        return False
    if stat := _proc_stat(pid):
        return stat[0] not in "ZX" and started in (None, stat[1])
    if Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
